package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

const githubProvider = "token.actions.githubusercontent.com"

// federated adds the environment CI, which has no user pool, and the variables of GitHub Actions.
// There is no state directory.
func (m *machine) federated(t *testing.T) *machine {
	t.Helper()
	path := filepath.Join(m.dir, "ci.json")
	text := `{"CI": {"identity_pool_id": "` + cognitotest.ExampleIdentityPoolID +
		`", "bucket_name": "` + cognitotest.ExampleBucket +
		`", "role_arn": "` + cognitotest.ExampleRoleARN + `"}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m.settings["COGNITO_CONFIG"], m.settings["COGNITO_ENV"] = path, ""
	m.settings["COGNITO_STATE_DIR"], m.settings["XDG_STATE_HOME"] = "", "relative" // an error
	m.settings[actionsURL] = m.url + "/idtoken?api-version=2.0"
	m.settings[actionsBearer] = cognitotest.ExampleActionsToken
	return m
}

// tokenFile writes a file in the machine's directory and returns its path.
func (m *machine) tokenFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(m.dir, "token")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The command that exec runs has the user of COGNITO_USER only in that user's environment.
func TestFederationUser(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t).federated(t)
	path := m.tokenFile(t, m.server.IssueToken(githubProvider, nil))
	m.settings["COGNITO_USER"] = "bob"
	for _, test := range []struct{ env, want string }{
		{"CI", "CI bob"},
		{"DEV", "CI"},
	} {
		m.settings["COGNITO_ENV"] = test.env
		c := m.process(t, "exec", "-env", "CI", "-token-file", path, "--", "sh", "-c",
			"echo $COGNITO_ENV $COGNITO_USER")
		out, err := c.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != test.want {
			t.Errorf("exec with COGNITO_ENV=%s prints %q, %v, want %q", test.env, out, err,
				test.want)
		}
	}
}

// Each command accepts each kind of token without a sign-in, prints no token and stores nothing.
func TestFederation(t *testing.T) {
	t.Parallel()
	m := newMachine(t).federated(t)
	oidc := m.server.IssueToken(githubProvider, nil)
	saml := m.server.IssueToken(cognitotest.ExampleSAMLProvider, nil)
	utf16 := "\xff\xfe"
	for _, c := range oidc {
		utf16 += string(c) + "\x00"
	}
	bucket := "s3://" + cognitotest.ExampleBucket
	host := m.url + "/" + cognitotest.ExampleBucket + "?list-type=2"
	for _, test := range []struct {
		name, token, flags, want string
	}{
		{"OpenID Connect", oidc + "\n", "", ""},
		{"UTF-16", utf16 + "\r\x00\n\x00", "", ""},
		{"provider", oidc, "-provider " + githubProvider, ""},
		{"classic flow", oidc, "-duration 30m", ""},
		{"SAML", saml + "\n", "-provider " + cognitotest.ExampleSAMLProvider, ""},
		{"GitHub Actions", "", "-github-actions", ""},
		{"audience", "", "-github-actions=cognito-identity.amazonaws.com", ""},
	} {
		for _, command := range []struct{ line, want string }{
			{"credentials -format process", `{"Version":1,`},
			{"ls " + bucket, "hello.txt\n"},
			{"ls -own " + bucket, ""},
			{"curl -service s3 " + host, "<Key>hello.txt</Key>"},
			{"whoami", "role         arn:aws:sts::123456789012:assumed-role/example/"},
		} {
			name, rest, _ := strings.Cut(command.line, " ")
			args := strings.Fields(name + " " + test.flags)
			if test.token != "" {
				args = append(args, "-token-file", m.tokenFile(t, test.token))
			}
			args = append(args, strings.Fields(rest)...)
			code, stdout, stderr := m.run(t, "", args...)
			if code != 0 || !strings.Contains(stdout, command.want) {
				t.Errorf("%s: %s: exit %d, %q, %s, want %q", test.name, command.line, code, stdout,
					stderr, command.want)
			}
			for _, secret := range []string{oidc, saml, cognitotest.ExampleActionsToken} {
				if strings.Contains(stdout+stderr, secret) {
					t.Errorf("%s: %s prints a token", test.name, command.line)
				}
			}
		}
	}
}

// A federation does not use, change or end the session that is stored for the environment.
func TestFederationBesideSession(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	before := m.must(t, "", "whoami", "-json")
	path := m.tokenFile(t, m.server.IssueToken(githubProvider, map[string]any{"sub": "robot"}))
	var user, robot whoami
	text := m.must(t, "", "whoami", "-json", "-token-file", path)
	if err := json.Unmarshal([]byte(text), &robot); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(before), &user); err != nil {
		t.Fatal(err)
	}
	if robot.Subject != "robot" || robot.Provider != githubProvider || robot.User != "" ||
		robot.UserPoolID != "" || robot.AccessKeyID == "" || robot.CredentialsExpire == "" ||
		robot.IdentityID == user.IdentityID || robot.AccessKeyID == user.AccessKeyID {
		t.Errorf("whoami -token-file printed %s, whoami %s", text, before)
	}
	if after := m.must(t, "", "whoami", "-json"); after != before {
		t.Errorf("whoami printed %s, before the federation %s", after, before)
	}
}

func TestFederationRefuses(t *testing.T) {
	t.Parallel()
	m := newMachine(t).federated(t)
	oidc := m.server.IssueToken(githubProvider, nil)
	old := m.server.IssueToken(githubProvider, map[string]any{
		"exp": time.Now().Add(-time.Hour).Unix(),
	})
	for _, test := range []struct {
		name, token, args string
		code              int
		want              string
	}{
		{"no file", "", "credentials -token-file none", exitUsage,
			"cognito: -token-file: open none"},
		{"no file, for ls", "", "ls -token-file none", exitUsage,
			"cognito: -token-file: open none"},
		{"no file, for curl", "", "curl -token-file none https://sts.us-east-1.amazonaws.com/",
			exitUsage, "cognito: -token-file: open none"},
		{"no name", "", "credentials -token-file=", exitUsage, "-token-file"},
		{"token in place of a file", "", "credentials -token-file " + oidc, exitUsage,
			"-token-file: it is not the name of a file"},
		{"assertion in place of a file", "",
			"credentials -token-file " + strings.Repeat("secret/", 600), exitUsage,
			"-token-file: it is not the name of a file"},
		{"no audience", "", "credentials -github-actions=", exitUsage, "audience is empty"},
		{"empty", " \n", "credentials -token-file FILE", exitUsage, "is empty"},
		{"opaque", "EAAB", "credentials -token-file FILE", exitUsage, "use -provider"},
		{"two tokens", oidc + "\n" + oidc, "credentials -token-file FILE", exitUsage, "one line"},
		{"control character", oidc + "\x1b[2Jx", "credentials -token-file FILE", exitUsage,
			"no token has"},
		{"long", strings.Repeat("a", 50_001), "credentials -token-file FILE", exitUsage,
			"more than 50000 bytes"},
		{"endless", "", "credentials -token-file /dev/zero", exitUsage, "more than"},
		{"directory", "", "credentials -token-file .", exitUsage, "-token-file"},
		{"expired", old, "credentials -token-file FILE", exitFailed, "has expired"},
		{"another provider", oidc, "credentials -provider idp.example.org -token-file FILE",
			exitFailed, "iss and aud"},
		{"another audience", "", "credentials -github-actions=sts.amazonaws.com", exitFailed,
			"iss and aud"},
		{"both", oidc, "credentials -github-actions -token-file FILE", exitUsage, "excludes"},
		{"provider alone", "", "credentials -provider " + githubProvider, exitUsage, "requires"},
		{"switched off", "", "credentials -github-actions=false", exitUsage, "user_pool_id"},
		{"no store", oidc, "credentials -no-store -token-file FILE", exitUsage, "store nothing"},
		{"user", oidc, "credentials -user ada -token-file FILE", exitUsage, "for sessions"},
		{"SAML in the classic flow", oidc, "credentials -duration 1h -provider " +
			cognitotest.ExampleSAMLProvider + " -token-file FILE", exitUsage, "enhanced flow"},
		{"offline", oidc, "whoami -offline -token-file FILE", exitUsage, "-offline"},
		{"login", oidc, "login -token-file FILE", exitUsage, "unknown flag"},
		{"doctor", oidc, "doctor -token-file FILE", exitUsage, "unknown flag"},
		{"command", oidc, "exec -token-file FILE -- no-such-command", exitNotFound, "not found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := strings.Fields(test.args)
			for i, arg := range args {
				if arg == "FILE" {
					args[i] = m.tokenFile(t, test.token)
				}
			}
			if strings.HasPrefix(test.args, "credentials -token-file /dev/") {
				needs.Unix(t)
			}
			code, stdout, stderr := m.run(t, "", args...)
			if code != test.code || stdout != "" || !strings.Contains(stderr, test.want) ||
				strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d, %q, %q, want %d and %q", code, stdout, stderr, test.code,
					test.want)
			}
			if len(test.token) > 100 && strings.Contains(stderr, test.token) ||
				strings.Contains(stderr, oidc) || strings.Contains(stderr, "secret/") {
				t.Error("the token is printed")
			}
		})
	}
	m.configureCI(t, `{"bucket_name": "example-bucket"}`)
	code, _, stderr := m.run(t, "", "credentials", "-token-file", m.tokenFile(t, oidc))
	if code != exitUsage || !strings.Contains(stderr, "identity_pool_id is missing") {
		t.Errorf("no identity pool: exit %d, %q", code, stderr)
	}
}

// configureCI replaces the settings of the environment CI.
func (m *machine) configureCI(t *testing.T, settings string) {
	t.Helper()
	err := os.WriteFile(m.settings["COGNITO_CONFIG"], []byte(`{"CI": `+settings+`}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
}

func TestGitHubActionsRefuses(t *testing.T) {
	t.Parallel()
	m := newMachine(t).federated(t)
	token := m.server.IssueToken(githubProvider, nil)
	value := func(text string) string { return `{"value":"` + text + `"}` }
	for _, test := range []struct {
		name, variable, setting string
		status                  int // of the response, unless setting is used
		body                    string
		code                    int
		want                    string
	}{
		{"no URL", actionsURL, "", 0, "", exitUsage, "id-token: write"},
		{"no bearer token", actionsBearer, "", 0, "", exitUsage,
			"cognito: " + actionsBearer + " is not set: add \"permissions: id-token: write\""},
		{"wrong bearer token", actionsBearer, "x", 0, "", exitFailed, "401 Unauthorized"},
		{"line end", actionsBearer, "secret\r\nA: b", 0, "", exitFailed, "invalid header"},
		{"http", actionsURL, "http://192.0.2.1/idtoken", 0, "", exitUsage, "https"},
		{"name of loopback", actionsURL, "http://localhost.example/idtoken", 0, "", exitUsage,
			"https"},
		{"file", actionsURL, "file:///idtoken", 0, "", exitUsage, "https"},
		{"user", actionsURL, "https://a:secret@h/idtoken", 0, "", exitUsage, "https"},
		{"not a URL", actionsURL, "::secret", 0, "", exitUsage, "https"},
		{"redirect", "", "", 302, "", exitFailed, "a redirect"},
		{"server error", "", "", 500, "secret", exitFailed,
			"500 Internal Server Error: run the job again"},
		{"closed", "", "", 0, "", exitFailed, "127.0.0.1"},
		{"endless", "", "", 200, value(strings.Repeat("a", 1<<20)), exitFailed, "no token"},
		{"no value", "", "", 200, `{}`, exitFailed, "no token"},
		{"empty value", "", "", 200, value(""), exitFailed, "no token"},
		{"two values", "", "", 200, `{"value":"x","value":"` + token + `"}`, exitFailed,
			"no token"},
		{"other case", "", "", 200, `{"Value":"` + token + `"}`, exitFailed, "no token"},
		{"not JSON", "", "", 200, "secret", exitFailed, "no token"},
		{"not a token", "", "", 200, value("secret"), exitUsage, "not a JSON Web Token"},
		{"escape sequence", "", "", 200, value(`\u001b[2J`), exitUsage, "no token has"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.variable != "" {
				was := m.settings[test.variable]
				m.settings[test.variable] = test.setting
				defer func() { m.settings[test.variable] = was }()
			} else {
				m.fault.set(func(r *http.Request) *http.Response {
					if r.URL.Path != "/idtoken" {
						t.Errorf("a request for %s", r.URL.Path)
					}
					response := answer(test.status, test.body)
					response.Header = http.Header{"Location": {m.url + "/elsewhere"}}
					return response
				})
				defer m.fault.set(nil)
			}
			code, stdout, stderr := m.run(t, "", "credentials", "-github-actions")
			if code != test.code || stdout != "" || !strings.Contains(stderr, test.want) ||
				strings.Count(stderr, "\n") != 1 || strings.ContainsAny(stderr, "\x1b\r") ||
				strings.Contains(stderr, "secret") {
				t.Errorf("exit %d, %q, %q, want %d and %q", code, stdout, stderr, test.code,
					test.want)
			}
		})
	}
}

// A server that fails, and a connection that breaks, lead to two retries. A refusal leads to none.
func TestGitHubActionsRetries(t *testing.T) {
	type reply func() (*http.Response, error)
	status := func(code int) reply {
		return func() (*http.Response, error) { return fakehttp.Response(code, "{}"), nil }
	}
	broken := func(err error) reply {
		return func() (*http.Response, error) { return nil, err }
	}
	cut := func() (*http.Response, error) { // the response breaks off
		return fakehttp.Stream(200, io.MultiReader(strings.NewReader("{"),
			iotest.ErrReader(io.ErrUnexpectedEOF))), nil
	}
	certificate := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	for _, test := range []struct {
		name    string
		replies []reply // the last one is repeated
		sent    int
		took    time.Duration
		want    string // part of the error, or empty
	}{
		{"success", []reply{status(200)}, 1, 0, ""},
		{"500 once", []reply{status(500), status(200)}, 2, actionsPause, ""},
		{"503 twice", []reply{status(503), status(503), status(200)}, 3, 3 * actionsPause, ""},
		{"500 always", []reply{status(500)}, 3, 3 * actionsPause, "run the job again"},
		{"reset", []reply{broken(syscall.ECONNRESET), status(200)}, 2, actionsPause, ""},
		{"EOF always", []reply{broken(io.EOF)}, 3, 3 * actionsPause, "h: EOF"},
		{"cut off", []reply{cut, cut, status(200)}, 3, 3 * actionsPause, ""},
		{"each once", []reply{cut, status(502), status(200)}, 3, 3 * actionsPause, ""},
		{"certificate", []reply{broken(certificate)}, 1, 0, "certificate"},
		{"403", []reply{status(403)}, 1, 0, "returned"},
		{"403 after 500", []reply{status(500), status(403)}, 2, actionsPause,
			"check the job's permissions"},
		{"302", []reply{status(302)}, 1, 0, "returned"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				client := &http.Client{Transport: fakehttp.Transport(
					func(r *http.Request) (*http.Response, error) {
						sent++
						return test.replies[min(sent, len(test.replies))-1]()
					})}
				ctx, cancel := context.WithTimeout(t.Context(), actionsLimit)
				defer cancel()
				request, err := http.NewRequestWithContext(ctx, "GET", "https://h/?secret", nil)
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				body, err := actionsBody(client, request)
				if sent != test.sent || time.Since(start) != test.took {
					t.Errorf("%d requests in %v, want %d in %v", sent, time.Since(start),
						test.sent, test.took)
				}
				if (err == nil) != (test.want == "") || err == nil && string(body) != "{}" ||
					err != nil && (!strings.Contains(err.Error(), test.want) ||
						strings.Contains(err.Error(), "secret")) {
					t.Errorf("actionsBody() = %q, %v, want %q", body, err, test.want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // Ctrl-C ends a pause
		ctx, cancel := context.WithCancel(t.Context())
		client := fakehttp.Client(func(*http.Request) *http.Response {
			cancel()
			return fakehttp.Response(500, "")
		})
		request, err := http.NewRequestWithContext(ctx, "GET", "https://h/", nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := actionsBody(client, request); err == nil || time.Since(start) != 0 {
			t.Errorf("actionsBody() = %v after %v", err, time.Since(start))
		}
	})
}

// The file is read for each renewal. While it is bad, the credentials of the last token are valid.
func TestTokenFileIsReadAgain(t *testing.T) { synctest.Test(t, tokenFileIsReadAgain) }

func tokenFileIsReadAgain(t *testing.T) {
	m := &machine{server: cognitotest.Example(), dir: t.TempDir()}
	env := cognito.Environment{IdentityPoolID: cognitotest.ExampleIdentityPoolID}
	a := &app{getenv: func(string) string { return "" }}
	s := &signedIn{a: a, env: env, client: a.client(env, m.server.Client())}
	write := func(subject string) {
		a.federation.file = m.tokenFile(t, m.server.IssueToken(githubProvider,
			map[string]any{"sub": subject}))
	}
	write("first")
	if err := s.federate(); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	identities := map[string]string{}
	for _, subject := range []string{"first", "second", "first"} { // also of another identity
		write(subject)
		creds, err := s.credentials(t.Context())
		id, failed := s.identityID(t.Context())
		if err != nil || failed != nil || keys[creds.AccessKeyID] != "" ||
			s.federated.UnverifiedClaims().Subject != subject {
			t.Fatalf("%s: key %s, %v, %v", subject, creds.AccessKeyID, err, failed)
		}
		if old := identities[subject]; old != "" && old != id {
			t.Errorf("%s: identity %s, then %s", subject, old, id)
		}
		keys[creds.AccessKeyID], identities[subject] = subject, id
		time.Sleep(50 * time.Minute) // renewal is due
	}
	if identities["first"] == identities["second"] {
		t.Error("both tokens have the same identity")
	}
	m.tokenFile(t, "")
	if creds, err := s.credentials(t.Context()); err != nil || keys[creds.AccessKeyID] != "first" {
		t.Errorf("credentials with an empty file: %v", err)
	}
	time.Sleep(time.Hour)
	if _, err := s.credentials(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "is empty") {
		t.Errorf("expired credentials with an empty file: %v", err)
	}
}

// exec and serve renew credentials in a process of its own.
func TestFederationServes(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t).federated(t)
	path := m.tokenFile(t, m.server.IssueToken(githubProvider, nil))
	_, settings := m.serve(t, "-token-file", path)
	if code, object := get(t, settings); code != http.StatusOK || object["AccessKeyId"] == "" {
		t.Errorf("serve: status %d", code)
	}
	for _, flags := range [][]string{{"-token-file", path}, {"-github-actions"}} {
		args := append([]string{"exec"}, flags...)
		args = append(args, "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
		out, err := m.process(t, args...).Output()
		if err != nil || !strings.HasPrefix(string(out), "ASIA") {
			t.Errorf("exec %q: %q, %v", flags, out, err)
		}
	}
}

// The commands in docs/browser.md work, with the stand-in's address and configuration.
func TestFederationDocument(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	page, err := os.ReadFile("../../docs/browser.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "\n```sh\ncognito emulate -addr ")
	block, _, _ = strings.Cut(block, "```")
	ran := 0
	for line := range strings.Lines(block) {
		line = strings.ReplaceAll(strings.TrimSpace(line), "http://127.0.0.1:9400", m.url)
		if setting, ok := strings.CutPrefix(line, "export "); ok {
			name, value, _ := strings.Cut(setting, "=")
			m.settings[name] = value
		} else if command, ok := strings.CutPrefix(line, "cognito "); ok {
			ran++
			words := strings.Fields(command)
			if i := slices.Index(words, "test.json"); i >= 0 {
				words[i] = m.settings["COGNITO_CONFIG"]
			}
			if text := m.must(t, "", words...); !strings.Contains(text,
				"provider     "+githubProvider) {
				t.Errorf("%s printed %s", command, text)
			}
		}
	}
	if ran != 1 {
		t.Errorf("docs/browser.md has %d commands after the exports, want 1:\n%s", ran, block)
	}
}
