package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

func TestWhoami(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.server.UserPools[0].DeviceTracking = "ALWAYS"
	f := m.fault
	for _, args := range [][]string{{"whoami"}, {"whoami", "-offline"}, {"token"}} {
		if code, stdout, stderr := m.run(t, "", args...); code != exitSignIn || stdout != "" ||
			!strings.Contains(stderr, "cognito login") {
			t.Errorf("%v, nobody signed in: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
	m.signedIn(t)
	offline := func() (w whoami) {
		err := json.Unmarshal([]byte(m.must(t, "", "whoami", "-offline", "-json")), &w)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	if w := offline(); w.User != "ada" || w.IdentityID != "" || w.AccessKeyID != "" ||
		w.Device == "" {
		t.Errorf("%+v", w)
	}
	var w whoami
	if err := json.Unmarshal([]byte(m.must(t, "", "whoami", "-json")), &w); err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"user": w.User == "ada" && len(w.Subject) == 36 && len(w.Groups) == 1 &&
			w.Groups[0] == "engineers",
		"where": w.Environment == "DEV" && w.UserPoolID == cognitotest.ExampleUserPoolID &&
			w.ClientID == cognitotest.ExampleClientID,
		"identity": strings.HasPrefix(w.IdentityID, "us-east-1:"),
		"role": w.Account == "123456789012" &&
			strings.Contains(w.Role, ":assumed-role/example/"),
		"key":    strings.HasPrefix(w.AccessKeyID, "ASIA"),
		"device": strings.HasPrefix(w.Device, "us-east-1_"),
	} {
		if !ok {
			t.Errorf("%s: %+v", name, w)
		}
	}
	for _, text := range []string{w.TokensExpire, w.CredentialsExpire} {
		if end, err := time.Parse(time.RFC3339, text); err != nil ||
			time.Until(end) < 50*time.Minute || time.Until(end) > time.Hour {
			t.Errorf("%s: %v", text, err)
		}
	}
	text := m.must(t, "", "whoami")
	checkPrintable(t, text)
	for _, line := range []string{"user         ada\n", "groups       engineers\n",
		"account      123456789012\n", "identity     " + w.IdentityID + "\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	f.set(func(*http.Request) *http.Response { return answer(0, "") })
	was := w
	if w = offline(); w.IdentityID != was.IdentityID || w.AccessKeyID != was.AccessKeyID ||
		w.Role != "" {
		t.Errorf("%+v", w)
	}
	// The known values are printed in addition to the error.
	code, stdout, stderr := m.run(t, "", "whoami")
	if code != exitFailed || !strings.HasPrefix(stdout, "user         ada\n") || stderr == "" {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if code, _, _ := m.run(t, "", "whoami", "-offline", "-no-store"); code != exitUsage {
		t.Errorf("exit %d", code)
	}
}

// The names of groups, which the pool sends, are printed without control characters.
func TestWhoamiPrintable(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.server.UserPools[0].Users[0].Groups = []string{"\x1b]0;title\a", "two\nlines"}
	m.signedIn(t)
	for _, args := range [][]string{{"whoami"}, {"whoami", "-json"}} {
		text := m.must(t, "", args...)
		checkPrintable(t, text)
		if len(args) == 2 && strings.Count(text, "\n") != 1 {
			t.Errorf("%v: %s", args, text)
		}
	}
}

func TestWhoamiWithoutIdentityPool(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.settings["COGNITO_ENV"] = "BARE"
	m.signedIn(t)
	text := m.must(t, "", "whoami")
	if !strings.Contains(text, "user         ada\n") || strings.Contains(text, "role") {
		t.Error(text)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	for _, test := range []struct{ flag, use string }{{"", "id"}, {"-access", "access"}} {
		args := strings.Fields("token " + test.flag)
		token := strings.TrimSuffix(m.must(t, "", args...), "\n")
		client := &cognito.Client{
			Environment: cognito.Environment{UserPoolID: cognitotest.ExampleUserPoolID,
				ClientID:  cognitotest.ExampleClientID,
				Endpoints: cognito.Endpoints{CognitoIDP: m.url}},
		}
		verify := client.VerifyIDToken
		if test.use == "access" {
			verify = client.VerifyAccessToken
		}
		if _, err := verify(t.Context(), token); err != nil {
			t.Errorf("%v: %v", args, err)
		}
		if header := m.must(t, "", append(args, "-header")...); header != "Authorization: Bearer "+
			token+"\n" {
			t.Error(header)
		}
	}
}

// An expired token is refreshed first. A valid one is printed unchanged.
func TestTokenIsFresh(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	first := m.must(t, "", "token")
	m.forget(t)
	if out := m.must(t, "", "whoami", "-offline"); !strings.HasPrefix(out, "user         ada\n") {
		t.Error(out)
	}
	second := m.must(t, "", "token")
	if first == second || second != m.must(t, "", "token") {
		t.Error("one token was kept, or the other was not")
	}
}

func TestUntil(t *testing.T) {
	a := &app{}
	if got := a.until(time.Time{}, time.Now()); got != "" {
		t.Error(got)
	}
	if got := a.until(time.Unix(0, 0), time.Now()); got != "expired 1970-01-01T00:00:00Z" {
		t.Error(got)
	}
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		got := a.until(now.Add(90*time.Minute+100*time.Millisecond), now)
		if !strings.HasSuffix(got, "(1h30m0s)") {
			t.Errorf("until() = %q, want the suffix (1h30m0s)", got)
		}
	})
}

// The examples in the help texts work.
func TestExamples(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, c := range []command{lsCommand(), whoamiCommand(), tokenCommand(), doctorCommand(),
		logoutCommand()} {
		for line := range strings.Lines(c.example) {
			if words := strings.Fields(line); words[0] == "cognito" {
				m.signedIn(t).must(t, "", words[1:]...)
			}
		}
	}
}

// If nothing is stored on disk, one of several concurrent goroutines fetches the credentials.
func TestSharedInMemory(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	stdin, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	io.WriteString(w, cognitotest.ExamplePassword+"\n")
	w.Close()
	a := &app{
		stdin:   stdin,
		stderr:  io.Discard,
		getenv:  func(name string) string { return m.settings[name] },
		noStore: true,
		config:  m.settings["COGNITO_CONFIG"],
		env:     "DEV",
		login:   loginFlags{user: "ada"},
	}
	s, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys := make(chan string)
	for range 10 {
		go func() {
			creds, err := s.credentials(t.Context())
			keys <- creds.AccessKeyID + fmt.Sprint(err)
		}()
	}
	first := <-keys
	for range 9 {
		if key := <-keys; key != first || !strings.HasSuffix(key, "<nil>") {
			t.Errorf("%s and %s", first, key)
		}
	}
}

// The hosts with validated cryptography, and those that answer over IPv6 too, are chosen as for
// AWS's own tools.
func TestHosts(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	delete(m.settings, "AWS_ENDPOINT_URL")
	for _, test := range []struct{ fips, dualStack, host string }{
		{"", "", "cognito-idp.us-east-1.amazonaws.com"},
		{"true", "", "cognito-idp-fips.us-east-1.amazonaws.com"},
		{"", "true", "cognito-idp.us-east-1.amazonaws.com"},
		{"false", "False", "cognito-idp.us-east-1.amazonaws.com"},
	} {
		m.settings["AWS_USE_FIPS_ENDPOINT"], m.settings["AWS_USE_DUALSTACK_ENDPOINT"] = test.fips,
			test.dualStack
		a := &app{
			stderr: io.Discard,
			config: m.settings["COGNITO_CONFIG"],
			env:    "DEV",
			getenv: func(name string) string {
				return m.settings[name]
			},
		}
		s, err := a.prepare()
		if err != nil {
			t.Fatal(err)
		}
		asked := ""
		aws := &cognitotest.Server{Fault: func(r *http.Request) *http.Response {
			asked = r.Host
			return answer(400, "")
		}}
		v := s.verifier()
		v.HTTPClient = aws.Client()
		v.Keys(t.Context())
		if asked != test.host {
			t.Errorf("%+v: %s", test, asked)
		}
		m.settings["AWS_ENDPOINT_URL"] = m.url
		for ignore, want := range map[string]string{"": m.url, "True": ""} {
			m.settings["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = ignore
			if _, e, err := a.environment(); err != nil || e.Endpoints.STS != want {
				t.Errorf("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=%s: %+v, %v", ignore, e.Endpoints,
					err)
			}
		}
		delete(m.settings, "AWS_ENDPOINT_URL")
		if client := s.s3(); client.FIPS != (test.fips == "true") ||
			client.DualStack != (test.dualStack == "true") {
			t.Errorf("%+v: S3 %v, %v", test, client.FIPS, client.DualStack)
		}
	}
}
