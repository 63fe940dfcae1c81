package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// doctor checks that the domain resolves, has the right certificate, and belongs to the user pool.
func TestDoctorDomain(t *testing.T) {
	t.Parallel()
	serve := func(t *testing.T, h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	secure := func(t *testing.T, name string) (*httptest.Server, string) {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s, strings.Replace(s.URL, "127.0.0.1", name, 1)
	}
	discovery := func(status int, body string) func(*testing.T, *machine) {
		return func(_ *testing.T, m *machine) {
			m.fault.set(func(r *http.Request) *http.Response {
				if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
					return answer(status, body)
				}
				return nil
			})
		}
	}
	for _, test := range []struct {
		name   string
		domain func(t *testing.T, m *machine) string // nil: the pool's
		change func(t *testing.T, m *machine)
		mark   string
		want   []string
	}{
		{name: "good", mark: "ok", want: []string{"is the user pool's domain"}},
		{
			name: "second domain",
			domain: func(t *testing.T, m *machine) string {
				return serve(t, m.server)
			},
			mark: "ok",
			want: []string{"is a domain of the user pool, as is 127.0.0.1:"},
		},
		{
			name: "another pool",
			domain: func(t *testing.T, m *machine) string {
				other := cognitotest.Example()
				other.UserPools[0].Clients[0].ID = "another"
				return serve(t, other)
			},
			mark: "FAIL",
			want: []string{"does not accept the app client", "set domain to it"},
		},
		{
			name: "no callback URL",
			domain: func(t *testing.T, m *machine) string {
				return serve(t, m.server)
			},
			change: func(t *testing.T, m *machine) { m.configure(t, "redirect_uri", "") },
			mark:   "--",
			want:   []string{"may belong to another user pool", "set domain to it"},
		},
		{
			name:   "name",
			domain: func(*testing.T, *machine) string { return "login.example.invalid" },
			mark:   "FAIL",
			want:   []string{"login.example.invalid does not resolve", "set domain to it"},
		},
		{
			name:   "port",
			domain: func(*testing.T, *machine) string { return "http://" + fakehttp.Nowhere },
			mark:   "FAIL",
			want:   []string{"nothing listens", "set domain to it"},
		},
		{
			// Windows and macOS report an untrusted certificate before its name.
			name: "certificate of another name",
			domain: func(t *testing.T, m *machine) string {
				s, url := secure(t, "localhost")
				m.settings["AWS_CA_BUNDLE"] = m.write(t, "ca.pem", string(pem.EncodeToMemory(
					&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
				return url
			},
			mark: "FAIL",
			want: []string{"for another name", "set domain to it"},
		},
		{
			name: "unknown certificate",
			domain: func(t *testing.T, _ *machine) string {
				_, url := secure(t, "127.0.0.1")
				return url
			},
			mark: "FAIL",
			want: []string{"AWS_CA_BUNDLE"},
		},
		{
			name: "another server",
			domain: func(t *testing.T, _ *machine) string {
				return serve(t, http.NotFoundHandler())
			},
			mark: "FAIL",
			want: []string{"does not answer as managed login (HTTP 404)", "set domain to it"},
		},
		{
			name:   "discovery without endpoints",
			change: discovery(http.StatusOK, `{}`),
			mark:   "ok",
			want:   []string{"is the user pool's domain"},
		},
		{
			name:   "no discovery",
			change: discovery(http.StatusNotFound, ``),
			mark:   "FAIL",
			want:   []string{"discovery document", "HTTP 404"},
		},
		{
			name:   "hostile discovery",
			change: discovery(http.StatusOK, strings.Repeat("[", 1<<20)),
			mark:   "FAIL",
			want:   []string{"no JSON object"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			domain := m.url
			if test.domain != nil {
				domain = test.domain(t, m)
			}
			m.configure(t, "domain", domain)
			m.configure(t, "redirect_uri", cognitotest.ExampleCallbackURL)
			if test.change != nil {
				test.change(t, m)
			}
			code, stdout, _ := m.run(t, "", "doctor")
			line := ""
			for text := range strings.Lines(stdout) {
				if strings.Contains(text, "  domain  ") {
					line = text
				}
			}
			if !strings.HasPrefix(line, test.mark) || code == 0 { // nobody is signed in
				t.Errorf("exit %d, %q, want %s", code, line, test.mark)
			}
			for _, want := range test.want {
				if !strings.Contains(line, want) {
					t.Errorf("doctor printed %q, want %q", line, want)
				}
			}
			skipped := strings.Contains(stdout, "managed login     skipped: needs domain")
			if skipped != (test.mark != "ok") {
				t.Errorf("doctor printed %s", stdout)
			}
		})
	}
}
