package main

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/environments"
)

// site returns a server of files, which is not started.
func site() *httptest.Server {
	mux := http.NewServeMux()
	serve := func(path, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, text)
		})
	}
	const ids = `{"DEV": {"user_pool_id": "POOL", "client_id": "CLIENT"`
	serve("/good.json", fill(ids+`}}`))
	serve("/hosts.json", fill(ids+`, "issuer": "https://evil.example"}}`))
	serve("/large.json", fill(ids+`}}`)+strings.Repeat(" ", maxConfig))
	serve("/page.html", "<!doctype html><title>Sign in</title>")
	mux.HandleFunc("/moved.json", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/good.json?inner=secret", http.StatusFound)
	})
	mux.HandleFunc("/cut.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, fill(ids+`}}`))
	})
	s := httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it
	return s
}

func TestConfigureFromURL(t *testing.T) {
	t.Parallel()
	secure := site()
	secure.StartTLS()
	defer secure.Close()
	plain := site()
	plain.Start()
	defer plain.Close()
	old := site()
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	defer old.Close()
	bundle := pem.EncodeToMemory(&pem.Block{
		Type:  "CERTIFICATE",
		Bytes: secure.Certificate().Raw,
	})
	for _, test := range []struct {
		name, url string
		code      int
		stderr    string // a part, if code is not 0
	}{
		{"https", secure.URL + "/good.json", 0, ""},
		{"https, query", secure.URL + "/good.json?key=secret", 0, ""},
		{"http on loopback", plain.URL + "/good.json", 0, ""},
		{"HTTPS", strings.Replace(secure.URL, "https", "HTTPS", 1) + "/good.json", 0, ""},
		{"missing", secure.URL + "/none?key=secret", exitFailed, "/none: the server returned 404"},
		{"redirect", secure.URL + "/moved.json", exitFailed, "a redirect to 127.0.0.1:"},
		{"too large", secure.URL + "/large.json", exitFailed, "more than 2097152 bytes"},
		{"truncated", secure.URL + "/cut.json", exitFailed, "unexpected EOF"},
		{"a page", secure.URL + "/page.html?key=secret", exitUsage, "/page.html: "},
		{"new hosts", secure.URL + "/hosts.json", exitUsage, "https://evil.example (issuer)"},
		{"TLS 1.1", old.URL + "/good.json?key=secret", exitFailed, "protocol version"},
		{"user name", "https://ada:secret@127.0.0.1/good.json", exitUsage, "has a user name"},
		{"http", "http://files.example/good.json", exitUsage, `starts with "http:"`},
		{"localhost of others", "http://localhost.example/x", exitUsage, `starts with "http:"`},
		{"file", "file:///good.json", exitUsage, "should look like https://HOST/FILE"},
		{"ftp", "ftp://files.example/secret", exitUsage, `starts with "ftp:"`},
		{"no host", "https:///secret", exitUsage, "should look like https://HOST/FILE"},
		{"not a URL", "https://[secret/x", exitUsage, "should look like https://HOST/FILE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := blank(t)
			m.settings["AWS_CA_BUNDLE"] = m.write(t, "ca.pem", string(bundle))
			code, _, stderr := m.run(t, "", "configure", "-from", test.url)
			if code != test.code || !strings.Contains(stderr, test.stderr) ||
				strings.Count(stderr, "\n") > 2 || strings.Contains(stderr, "secret") {
				t.Errorf("configure -from %s: exit %d, %s, want %d, %s", test.url, code, stderr,
					test.code, test.stderr)
			}
			if code != 0 {
				if _, err := os.Stat(m.settings["COGNITO_CONFIG"]); err == nil {
					t.Error("a file was written")
				}
				return
			}
			if e := m.configuration(t)["DEV"]; e.UserPoolID != imported.UserPoolID ||
				e.ClientID != imported.ClientID {
				t.Errorf("DEV = %+v, want the IDs of the file", e)
			}
		})
	}

	m := blank(t) // without the server's certificate
	if code, _, stderr := m.run(t, "", "configure", "-from", secure.URL+"/good.json"); code !=
		exitFailed || !strings.Contains(stderr, "certificate") {
		t.Errorf("unknown certificate: exit %d, %s", code, stderr)
	}
	m.must(t, "", "configure", "-force", "-from", plain.URL+"/hosts.json")
	if e := m.configuration(t)["DEV"]; e.Issuer != "https://evil.example" {
		t.Errorf("with -force: DEV = %+v, want the issuer", e)
	}
}

// The output of describe-stacks is read from a file, standard input and a URL.
func TestConfigureFromStacks(t *testing.T) {
	t.Parallel()
	text := fill(`{"Stacks": [{"StackName": "sign-in", "StackStatus": "CREATE_COMPLETE",
		"Parameters": [{"ParameterKey": "BucketName", "ParameterValue": "other"}], "Outputs": [
		{"OutputKey": "UserPoolId", "OutputValue": "POOL"},
		{"OutputKey": "UserPoolClientId", "OutputValue": "CLIENT"},
		{"OutputKey": "IdentityPoolId", "OutputValue": "IDENTITY"},
		{"OutputKey": "RoleArn", "OutputValue": "ROLE"},
		{"OutputKey": "BucketName", "OutputValue": "BUCKET"}]}]}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, text)
	}))
	defer server.Close()
	for _, test := range []struct{ from, input string }{
		{"-", text},
		{"file", ""},
		{server.URL, ""},
	} {
		m := blank(t)
		if test.from == "file" {
			test.from = m.write(t, "stacks.json", text)
		}
		m.must(t, test.input, "configure", "-from", test.from)
		if got := m.configuration(t)[environments.Default]; got != imported {
			t.Errorf("configure -from %s wrote %+v, want %+v", test.from, got, imported)
		}
	}
}
