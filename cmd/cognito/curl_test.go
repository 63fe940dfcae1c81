package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// What is sent is signed as the stand-in verifies it, which shares no code with the signer.
func TestCurl(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	file := filepath.Join(m.dir, "body")
	large := strings.Repeat("0123456789abcdef", 1<<16)
	if err := os.WriteFile(file, []byte(large), 0o600); err != nil {
		t.Fatal(err)
	}
	bucket := m.url + "/example-bucket/"
	for _, test := range []struct {
		name, stdin string
		args        []string
		code        int
		stdout      string // all of it
		stderr      string
		key, body   string // an object that is then there
	}{
		{name: "get", args: []string{bucket + "hello.txt"}, stdout: "hello, world\n"},
		{
			name:   "odd key",
			args:   []string{bucket + "notes/2026%20plan%20+%20100%25.txt"},
			stdout: "a space, a plus sign, a percent sign\n",
		},
		{
			name:   "letters",
			args:   []string{bucket + "photos/2026/東京.jpg"},
			stdout: "letters beyond Latin 1\n",
		},
		{
			name: "range",
			args: []string{bucket + "hello.txt", "-H",
				"If-Match: \"22c3683b094136c3398391ae71b20f04\""},
			stdout: "hello, world\n",
		},
		{
			name: "put",
			args: []string{"-X", "PUT", "-d", "text", bucket + "new/a"},
			key:  "new/a",
			body: "text",
		},
		{
			name: "put nothing",
			args: []string{"-X", "PUT", "-d", "", bucket + "new/empty"},
			key:  "new/empty",
		},
		{
			name: "put a file",
			args: []string{"-X", "PUT", "-d", "@" + file, bucket + "new/b"},
			key:  "new/b",
			body: large,
		},
		{
			name:  "put standard input",
			stdin: "piped",
			args:  []string{"-X", "PUT", "-d", "@-", bucket + "new/c"},
			key:   "new/c",
			body:  "piped",
		},
		{
			name: "put with a header",
			args: []string{"-X", "PUT", "-H", "Content-Type: text/x-odd;  q=1", "-d", "d", bucket +
				"new/d"},
			key:  "new/d",
			body: "d",
		},
		{
			name:   "refused",
			args:   []string{"-f", bucket + "none"},
			code:   exitFailed,
			stderr: "404 Not Found",
		},
		{
			name:   "wrong Region",
			args:   []string{"-f", "-region", "eu-west-1", bucket + "hello.txt"},
			code:   exitFailed,
			stderr: "400 Bad Request",
		},
		{
			name:   "another file",
			args:   []string{"-d", "@" + file + ".none", bucket},
			code:   exitUsage,
			stderr: "no such file",
		},
		{
			name:   "signed already",
			args:   []string{"-H", "Authorization: Bearer abc", bucket},
			code:   exitFailed,
			stderr: "header Authorization is already set",
		},
		{
			name:   "no header",
			args:   []string{"-H", "Accept", bucket},
			code:   exitUsage,
			stderr: "Name: value",
		},
		{
			name:   "two lines",
			args:   []string{"-H", "A: b\r\nC: d", bucket},
			code:   exitFailed,
			stderr: "control character",
		},
		{
			name:   "no method",
			args:   []string{"-X", "A B", bucket},
			code:   exitUsage,
			stderr: "not a valid method",
		},
	} {
		code, stdout,
			stderr := m.run(t, test.stdin,
			append([]string{"curl", "-service", "s3"}, test.args...)...)
		if code != test.code || stdout != test.stdout || !strings.Contains(stderr, test.stderr) ||
			test.stderr == "" && stderr != "" {
			t.Errorf("%s: exit %d: %s%s", test.name, code, stdout, stderr)
		}
		if test.key == "" {
			continue
		}
		if object, ok := m.server.Object("example-bucket", test.key); !ok ||
			string(object.Body) != test.body {
			t.Errorf("%s: the object has %d bytes", test.name, len(object.Body))
		}
	}

	// An answer's headers, and its body beside a refusal.
	code, stdout, _ := m.run(t, "", "curl", "-i", "-service", "s3", bucket+"none")
	if code != exitFailed || !strings.HasPrefix(stdout, "HTTP/1.1 404 Not Found\n") ||
		!strings.Contains(stdout, "\nServer: AmazonS3\n") ||
		!strings.Contains(stdout, "<Code>NoSuchKey</Code>") {
		t.Errorf("exit %d: %s", code, stdout)
	}
	// GET of a form is STS in the stand-in: another service, with its own rules of signing.
	stdout = m.must(t, "", "curl", "-service", "sts", "-H",
		"Content-Type: application/x-www-form-urlencoded",
		"-d", "Action=GetCallerIdentity&Version=2011-06-15", m.url)
	if !strings.Contains(stdout, ":assumed-role/example/") {
		t.Error(stdout)
	}
}

// Nothing is sent, and nobody has to be signed in, for what can't be right.
func TestCurlURLs(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for address, want := range map[string]string{
		"http://abc.execute-api.us-east-1.amazonaws.com/": "must be https",
		"ftp://127.0.0.1/":                   "must be https",
		"https://user:secret@s3.example.com": "user name",
		"abc":                                "https://HOST/PATH",
		"https:":                             "https://HOST/PATH",
		"mailto:a@example.com":               "https://HOST/PATH",
		"https://%zz/secret":                 "https://HOST/PATH",
		"https://example.com/":               "-service",
		m.url:                                "-service",
	} {
		if code, _, stderr := m.run(t, "", "curl", address); code != exitUsage ||
			!strings.Contains(stderr, want) || strings.Contains(stderr, "secret") {
			t.Errorf("%s: exit %d: %s", address, code, stderr)
		}
	}
	if code, _, stderr := m.run(t, "", "curl",
		"https://abc.execute-api.us-east-1.amazonaws.com/"); code != exitSignIn {
		t.Errorf("nobody signed in: exit %d: %s", code, stderr)
	}
}

// What changes on the way is refused.
func TestCurlTampered(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	for name, tamper := range map[string]func(*http.Request){
		"nothing": func(*http.Request) {},
		"body": func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("evil"))
		},
		"path": func(r *http.Request) {
			r.URL.Path, r.RequestURI = "/example-bucket/other", "/example-bucket/other"
		},
		"method": func(r *http.Request) { r.Method = "DELETE" },
		"header": func(r *http.Request) { r.Header.Set("Content-Type", "text/html") },
		"host":   func(r *http.Request) { r.Host = "localhost" },
	} {
		middle := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tamper(r)
			m.server.ServeHTTP(w, r)
		}))
		code, stdout,
			_ := m.run(t, "", "curl", "-X", "PUT", "-service", "s3", "-H",
			"Content-Type: text/plain", "-d", "good", middle.URL+"/example-bucket/way")
		middle.Close()
		if name == "nothing" {
			if object, _ := m.server.Object("example-bucket", "way"); code != 0 ||
				string(object.Body) != "good" {
				t.Errorf("exit %d: %s", code, stdout)
			}
		} else if code != exitFailed || !strings.Contains(stdout, "SignatureDoesNotMatch") &&
			!strings.Contains(stdout, "SHA256Mismatch") {
			t.Errorf("%s: exit %d: %s", name, code, stdout)
		}
	}
	if object, _ := m.server.Object("example-bucket", "way"); string(object.Body) != "good" {
		t.Errorf("the object is now %q", object.Body)
	}
}

func TestCurlAnswers(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	f := m.fault
	m.signedIn(t).must(t, "", "credentials", "-format", "process")
	sent := 0
	f.set(func(r *http.Request) *http.Response {
		sent++
		response := answer(302, "moved")
		response.Header = http.Header{"Location": {"https://evil.example/"}}
		return response
	})
	code, stdout, stderr := m.run(t, "", "curl", "-service", "s3", m.url)
	if code != exitFailed || stdout != "moved" || !strings.Contains(stderr, "evil.example") ||
		sent != 1 {
		t.Errorf("redirect: exit %d, %d requests: %s%q", code, sent, stdout, stderr)
	}
	f.set(func(*http.Request) *http.Response { return answer(0, "") })
	code, _, stderr = m.run(t, "", "curl", "-service", "s3", m.url+"/?secret=hunter2")
	if code != exitFailed || strings.Contains(stderr, "hunter2") ||
		strings.Count(stderr, "\n") != 1 {
		t.Errorf("cut: exit %d: %s", code, stderr)
	}
	f.set(func(*http.Request) *http.Response {
		response := answer(200, "cut")
		response.Header = http.Header{"Content-Length": {"1000"}}
		return response
	})
	if code, stdout, stderr = m.run(t, "", "curl", "-service", "s3", m.url); code != exitFailed ||
		stdout != "cut" {
		t.Errorf("cut short: exit %d: %s%s", code, stdout, stderr)
	}
	f.set(func(r *http.Request) *http.Response {
		if r.Host != "api.example.com" || r.Header.Get("Accept-Encoding") != "identity" ||
			r.Header.Get("X-Two") != "1" || len(r.Header["X-Two"]) != 2 {
			return answer(400, r.Host)
		}
		return answer(204, "")
	})
	m.must(t, "", "curl", "-service", "execute-api", "-H", "Host: api.example.com", "-H",
		"X-Two: 1", "-H", "X-Two: 2", m.url)
}

// The offset of AWS's clock that was seen with the credentials counts, while nothing else has been
// heard.
func TestNow(t *testing.T) {
	s := &signedIn{a: &app{}, clock: &clock{}, keep: state.New("", "", cognito.Environment{})}
	for _, offset := range []time.Duration{0, time.Hour, -time.Hour} {
		err := s.keep.Update(t.Context(), func(e *state.Edit) error {
			e.Session = []byte(`{}`)
			e.Credentials = &state.Credentials{For: s.how(), Offset: offset}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Until(s.now()) - offset; got.Abs() > time.Minute {
			t.Error(offset, got)
		}
	}
}

func TestTame(t *testing.T) {
	var out bytes.Buffer
	w := &terminal.Writer{Out: &out}
	for _, part := range []string{"a\tb\r\n\x1b[31m\x00\x7f é ", "\xc2", "\x9b\xc2\xa9\u0080"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if want := "a\tb\r\n?[31m?? é \xc2?©\xc2?"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

func TestGuessService(t *testing.T) {
	for host, want := range map[string]string{
		"abc.execute-api.eu-west-1.amazonaws.com":                   "execute-api eu-west-1",
		"ABC.Execute-API.eu-west-1.amazonaws.com":                   "execute-api eu-west-1",
		"vpce-0-abc.execute-api.us-east-1.vpce.amazonaws.com":       "execute-api us-east-1",
		"kinesis.us-east-1.amazonaws.com":                           "kinesis us-east-1",
		"kinesis-fips.us-east-1.amazonaws.com":                      "kinesis us-east-1",
		"123456789012.data-kinesis.us-east-1.amazonaws.com":         "data-kinesis us-east-1",
		"sts.amazonaws.com":                                         "sts us-east-1",
		"sts.us-gov-west-1.amazonaws.com":                           "sts us-gov-west-1",
		"dynamodb.cn-north-1.amazonaws.com.cn":                      "dynamodb cn-north-1",
		"streams.dynamodb.us-east-1.amazonaws.com":                  "dynamodb us-east-1",
		"lambda.us-east-1.api.aws":                                  "lambda us-east-1",
		"abc.lambda-url.us-east-1.on.aws":                           "lambda us-east-1",
		"abc.appsync-api.ap-southeast-2.amazonaws.com":              "appsync ap-southeast-2",
		"abc.us-east-1.aoss.amazonaws.com":                          "aoss us-east-1",
		"search-a-bc.us-east-1.es.amazonaws.com":                    "es us-east-1",
		"s3.amazonaws.com":                                          "s3 us-east-1",
		"bucket.s3.amazonaws.com":                                   "s3 us-east-1",
		"s3.eu-west-1.amazonaws.com":                                "s3 eu-west-1",
		"bucket.s3.eu-west-1.amazonaws.com":                         "s3 eu-west-1",
		"my.bucket.us-east-1.s3.eu-west-1.amazonaws.com":            "s3 eu-west-1",
		"my.us-west-2.s3.amazonaws.com":                             "s3 us-east-1",
		"bucket.s3.dualstack.eu-west-1.amazonaws.com":               "s3 eu-west-1",
		"bucket.s3-fips.dualstack.us-east-1.amazonaws.com":          "s3 us-east-1",
		"bucket.s3-us-west-2.amazonaws.com":                         "s3 us-west-2",
		"point-123456789012.s3-accesspoint.us-east-1.amazonaws.com": "s3 us-east-1",
		"bedrock-runtime.us-east-1.amazonaws.com":                   "bedrock us-east-1",
		"email.us-east-1.amazonaws.com":                             "ses us-east-1",
		"a1b2-ats.iot.us-east-1.amazonaws.com":                      "iotdata us-east-1",
		"data-ats.iot.us-east-1.amazonaws.com":                      "iotdata us-east-1",
		"iot.us-east-1.amazonaws.com":                               "iot us-east-1",
		"participant.connect.us-east-1.amazonaws.com":               "execute-api us-east-1",
		"iam.amazonaws.com":                                         "iam us-east-1",
		"logs.eusc-de-east-1.amazonaws.eu":                          "logs eusc-de-east-1",
		"amazonaws.com":                                             " ",
		"us-east-1.amazonaws.com":                                   " us-east-1",
		"evil-amazonaws.com":                                        " ",
		"s3.us-east-1.amazonaws.com.evil.example":                   " ",
		"127.0.0.1":      " ",
		"localhost":      " ",
		"":               " ",
		".amazonaws.com": " us-east-1",
	} {
		service, region := guessService(host)
		if got := service + " " + region; got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}
