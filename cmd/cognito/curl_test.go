package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// The stand-in accepts the signatures of curl. Its verification shares no code with the signer.
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
			stderr: ".none: ",
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
		code, stdout, stderr := m.run(t, test.stdin,
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

// An invalid URL is an error before a sign-in is needed, and nothing is sent.
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
	code, _, stderr := m.run(t, "", "curl", "https://abc.execute-api.us-east-1.amazonaws.com/")
	if code != exitSignIn {
		t.Errorf("nobody signed in: exit %d: %s", code, stderr)
	}
}

// The stand-in refuses a request that was changed in transit.
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
		code, stdout, _ := m.run(t, "", "curl", "-X", "PUT", "-service", "s3", "-H",
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
	m.must(t, "", "curl", "-service", "execute-api", "-region", "us-east-1", "-H",
		"Host: api.example.com", "-H", "X-Two: 1", "-H", "X-Two: 2", m.url)
}

// The stored offset of AWS's clock, as it was last read, counts until a response comes.
func TestNow(t *testing.T) {
	s := &signedIn{a: &app{}, clock: &clock{}, keep: state.New("", "", cognito.Environment{})}
	for _, offset := range []time.Duration{0, time.Hour, -time.Hour} {
		err := s.keep.Update(t.Context(), func(e *state.Edit) error {
			e.ClockOffset = offset
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s.kept()
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

// The host name decides the scope of the signature, or the flags do. It is never guessed.
func TestCurlScope(t *testing.T) {
	m := newMachine(t).signedIn(t)
	m.settings["AWS_REGION"] = "eu-north-1" // of other tools; a host name counts more
	var signed string
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) != "" {
			return nil // of Cognito
		}
		signed = r.Header.Get("Authorization")
		return answer(200, "")
	})
	for _, test := range []struct {
		name, host string
		flags      []string
		want       string // Region and service of the signature, or part of the error
	}{
		{
			name: "name of a service",
			host: "abc.execute-api.eu-west-3.amazonaws.com",
			want: "/eu-west-3/execute-api/",
		},
		{
			name: "signing name that differs",
			host: "places.geo.us-east-1.api.aws",
			want: "/us-east-1/geo-places/",
		},
		{
			name: "Region before the service",
			host: "search-d-abc.aos.eu-west-1.on.aws:443",
			want: "/eu-west-1/es/",
		},
		{
			name:  "other service than the host's",
			host:  "a1b2-ats.iot.eu-west-1.amazonaws.com",
			flags: []string{"-service", "iotdevicegateway"},
			want:  "/eu-west-1/iotdevicegateway/",
		},
		{
			name:  "Region of the host",
			host:  "abc.execute-api.eu-west-3.amazonaws.com",
			flags: []string{"-region", "us-east-1"},
			want:  "must be signed for Region eu-west-3, not us-east-1",
		},
		{
			name: "transfer acceleration",
			host: "example-bucket.s3-accelerate.amazonaws.com",
			want: "does not name the Region: use -region",
		},
		{
			name:  "transfer acceleration in a Region",
			host:  "example-bucket.s3-accelerate.amazonaws.com",
			flags: []string{"-region", "eu-west-3"},
			want:  "/eu-west-3/s3/",
		},
		{
			name: "custom domain",
			host: "api.example.com",
			want: "use -service and -region",
		},
		{
			name:  "custom domain without a Region",
			host:  "api.example.com",
			flags: []string{"-service", "execute-api"},
			want:  "use -service and -region",
		},
		{
			name:  "custom domain without a service",
			host:  "api.example.com",
			flags: []string{"-region", "eu-west-3"},
			want:  "use -service and -region",
		},
		{
			name:  "custom domain with both",
			host:  "api.example.com",
			flags: []string{"-service", "execute-api", "-region", "eu-west-3"},
			want:  "/eu-west-3/execute-api/",
		},
		{
			name: "unknown name of AWS",
			host: "abc.unknown.eu-west-3.amazonaws.com",
			want: "use -service and -region",
		},
		{
			name:  "loopback",
			host:  "localhost:9000",
			flags: []string{"-service", "s3"},
			want:  "/eu-north-1/s3/",
		},
		{
			name: "loopback without a service",
			host: "localhost:9000",
			want: "use -service and -region",
		},
	} {
		signed = ""
		args := append([]string{"curl", "-H", "Host: " + test.host}, test.flags...)
		code, _, stderr := m.run(t, "", append(args, m.url+"/")...)
		want, got := exitUsage, stderr
		if strings.HasPrefix(test.want, "/") {
			want, got = 0, signed
		}
		if code != want || !strings.Contains(got, test.want) || (signed != "") != (want == 0) {
			t.Errorf("%s: exit %d, signed %q, want %s: %s", test.name, code, signed, test.want,
				stderr)
		}
	}
}

// The services that require X-Amz-Content-Sha256 receive it, and the header may be given.
func TestCurlContentSHA256(t *testing.T) {
	m := newMachine(t).signedIn(t)
	var sent, signed string
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) != "" {
			return nil // of Cognito
		}
		sent, signed = r.Header.Get("X-Amz-Content-Sha256"), r.Header.Get("Authorization")
		return answer(200, "")
	})
	const hash = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5" // of "body"
	for _, test := range []struct {
		service, header, want string
		code                  int
	}{
		{service: "aoss", want: hash},
		{service: "vpc-lattice-svcs", want: "UNSIGNED-PAYLOAD"},
		{service: "es", want: ""},
		{service: "es", header: hash, want: hash},
		{service: "es", header: strings.Repeat("0", 64), code: exitFailed},
	} {
		sent, signed = "", ""
		args := []string{"curl", "-service", test.service, "-d", "body", m.url}
		if test.header != "" {
			args = append(args, "-H", "X-Amz-Content-Sha256: "+test.header)
		}
		code, _, stderr := m.run(t, "", args...)
		if code != test.code || sent != test.want ||
			strings.Contains(signed, "x-amz-content-sha256") != (test.want != "") ||
			strings.Contains(signed, "accept-encoding") {
			t.Errorf("%s, header %q: exit %d, sent %q, signed %s, want %q: %s", test.service,
				test.header, code, sent, signed, test.want, stderr)
		}
	}
}

// With -connect-to, TLS and the signature keep the name in the URL.
func TestCurlConnectTo(t *testing.T) {
	m := newMachine(t).signedIn(t)
	var host, signed string
	tunnel := httptest.NewUnstartedServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			host, signed = r.Host, r.Header.Get("Authorization")
			io.WriteString(w, "through the tunnel")
		}))
	tunnel.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it
	tunnel.StartTLS()
	defer tunnel.Close()
	certificate := pem.EncodeToMemory(&pem.Block{
		Type:  "CERTIFICATE",
		Bytes: tunnel.Certificate().Raw, // for example.com and *.example.com
	})
	m.settings["AWS_CA_BUNDLE"] = m.write(t, "ca.pem", string(certificate))
	to := tunnel.Listener.Addr().String()
	for _, test := range []struct {
		name   string
		args   []string
		code   int
		stderr string
		host   string // that the server receives
	}{
		{
			name: "name of the certificate",
			args: []string{"-connect-to", to, "https://search.example.com/_cat"},
			host: "search.example.com",
		},
		{
			name: "Host header",
			args: []string{"-connect-to", to, "-H", "Host: inner.example.net",
				"https://search.example.com:9200/_cat"},
			host: "inner.example.net",
		},
		{
			name:   "other name",
			args:   []string{"-connect-to", to, "https://search.example.org/_cat"},
			code:   exitFailed,
			stderr: "certificate is valid for",
		},
		{
			name:   "nothing listens",
			args:   []string{"-connect-to", fakehttp.Nowhere, "https://search.example.com/"},
			code:   exitFailed,
			stderr: "refused",
		},
		{
			name:   "no port",
			args:   []string{"-connect-to", "localhost", "https://search.example.com/"},
			code:   exitUsage,
			stderr: "-connect-to should look like",
		},
		{
			name:   "no host",
			args:   []string{"-connect-to", ":9200", "https://search.example.com/"},
			code:   exitUsage,
			stderr: "-connect-to should look like",
		},
		{
			name:   "clear text to another machine",
			args:   []string{"-connect-to", "203.0.113.1:80", "http://localhost/"},
			code:   exitUsage,
			stderr: "-connect-to is not a loopback address",
		},
	} {
		host, signed = "", ""
		code, stdout, stderr := m.run(t, "", append([]string{"curl", "-service", "es", "-region",
			"eu-west-3"}, test.args...)...)
		if code != test.code || host != test.host || !strings.Contains(stderr, test.stderr) ||
			(host != "") != strings.Contains(signed, "/eu-west-3/es/") ||
			(host != "") != (stdout == "through the tunnel") {
			t.Errorf("%s: exit %d, host %q, signed %q: %s%s", test.name, code, host, signed, stdout,
				stderr)
		}
	}
	c := &curl{a: &app{getenv: func(string) string { return "" }}, connect: to}
	transport, err := c.transport(nil)
	if err != nil || transport.(*http.Transport).Proxy != nil {
		t.Fatalf("transport = %v, %v, want one without a proxy", transport, err)
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return // crypto/x509 does not use SSL_CERT_FILE
	}
	// The library's checks of addresses remain. One of them is possible without a DNS server.
	c.connect = "203.0.113.1:443"
	t.Setenv("SSL_CERT_FILE", "missing")
	_, err = transport.(*http.Transport).DialContext(t.Context(), "tcp", "search.example.com:443")
	if err == nil || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("DialContext to %s = %v, want an error of awshttp", c.connect, err)
	}
}
