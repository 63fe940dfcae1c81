package awshttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// clearSettings unsets the environment variables of proxies and root certificates.
func clearSettings(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"} {
		t.Setenv(name, "")
		t.Setenv(strings.ToLower(name), "")
	}
	t.Setenv("SSL_CERT_FILE", "")
	t.Setenv("SSL_CERT_DIR", "")
}

// TestUnreadableProxy checks that a variable that net/http would ignore is an error, that the error
// names it without its value, and that it is not retried.
func TestUnreadableProxy(t *testing.T) {
	for _, test := range []struct{ name, value string }{
		{"HTTPS_PROXY", "http://user:hunter2%@proxy.example"},
		{"HTTPS_PROXY", "http://proxy.example:hunter2"},
		{"HTTPS_PROXY", "http://hunter2.example:80 80"},
		{"HTTPS_PROXY", "\"http://hunter2.example\""},
		{"HTTPS_PROXY", "http://:8080/hunter2"},
		{"HTTPS_PROXY", "socks4://hunter2.example"},
		{"https_proxy", "http://hunter2.example\n"},
		{"HTTP_PROXY", "hunter2%zz"},
		{"http_proxy", "://hunter2"},
		{"NO_PROXY", "a.example, 10.0.0.0/hunter2"},
		{"no_proxy", "https://hunter2.example"},
	} {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			if runtime.GOOS == "windows" && test.name == strings.ToLower(test.name) {
				t.Skip("SKIPPED: names of variables have no case on this system")
			}
			clearSettings(t)
			t.Setenv(test.name, test.value)
			var attempts atomic.Int32
			r := Request{Idempotent: true, New: counted(&attempts, "https://host.invalid/")}
			_, err := new(Sender).Do(t.Context(), r)
			var setting settingError
			if !errors.As(err, &setting) || !strings.HasPrefix(string(setting), test.name+" ") ||
				attempts.Load() != 1 || !strings.Contains(err.Error(), test.name+" ") ||
				strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Do = %v after %d attempts, want an error that names %s, after 1",
					err, attempts.Load(), test.name)
			}
			s := serve(t, func(http.ResponseWriter, *http.Request) {})
			if _, err := new(Sender).Do(t.Context(), Request{New: post(s.URL)}); err != nil {
				t.Errorf("Do at a loopback address = %v, want no proxy", err)
			}
		})
	}
}

func TestReadableProxies(t *testing.T) {
	for _, value := range []string{
		"http://proxy.example:3128",
		"https://user:p%40ss@proxy.example/",
		"socks5://127.0.0.1:1080",
		"socks5h://proxy.example",
		"proxy.example:3128",
		"user:pass@proxy.example",
		"[::1]:3128",
	} {
		if !isProxy(value) {
			t.Errorf("isProxy(%q) = false, want true", value)
		}
	}
	clearSettings(t)
	t.Setenv("NO_PROXY", "*.example, 10.0.0.0/8,, fd00::/8,host:80,192.0.2.1")
	req, err := http.NewRequest("GET", "https://host.invalid/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy(req); err != nil {
		t.Errorf("proxy = %v, want no error", err)
	}
}

// TestProxyIsUsed runs in a second process, because net/http reads the environment once. It checks
// that https goes through the proxy, and http on a loopback address does not.
func TestProxyIsUsed(t *testing.T) {
	if os.Getenv("COGNITO_TEST_PROXY") != "" {
		s := serve(t, func(http.ResponseWriter, *http.Request) {})
		local := strings.Replace(s.URL, "127.0.0.1", "LocalHost", 1)
		if _, err := NewHTTPClient().Get(local); err != nil {
			t.Errorf("Get(%s) = %v", local, err)
		}
		_, err := new(Sender).Do(t.Context(), Request{New: post("https://host.invalid/")})
		fmt.Println("refused:", err)
		return
	}
	hosts := make(chan string, 10)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hosts <- r.Method + " " + r.Host
		w.WriteHeader(http.StatusForbidden)
	})
	child := exec.Command(os.Args[0], "-test.run=^TestProxyIsUsed$")
	child.Env = append(os.Environ(), "COGNITO_TEST_PROXY=1", "NO_PROXY=", "no_proxy=",
		"HTTPS_PROXY="+s.URL, "HTTP_PROXY="+s.URL)
	out, err := child.CombinedOutput()
	close(hosts)
	if err != nil || !strings.Contains(string(out), "refused: host.invalid: Forbidden") {
		t.Errorf("the other process: %v, %s", err, out)
	}
	for host := range hosts {
		if host != "CONNECT host.invalid:443" {
			t.Errorf("the proxy received %q, want CONNECT host.invalid:443", host)
		}
	}
}

// TestUnreadableRoots checks that root certificates that cannot be read are an error, and not
// replaced by those of the system.
func TestUnreadableRoots(t *testing.T) {
	switch runtime.GOOS {
	case "windows", "darwin", "ios", "plan9":
		t.Skip("crypto/x509 does not use the variables on " + runtime.GOOS)
	}
	empty := filepath.Join(t.TempDir(), "hunter2.pem")
	if err := os.WriteFile(empty, []byte("-----BEGIN CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, value string }{
		{"SSL_CERT_FILE", empty},
		{"SSL_CERT_FILE", empty + ".missing"},
		{"SSL_CERT_FILE", filepath.Dir(empty)},
		{"SSL_CERT_DIR", empty},
		{"SSL_CERT_DIR", filepath.Dir(empty) + ":" + empty + ".missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, trusting := serveTLS(t, nil, func(http.ResponseWriter, *http.Request) {})
			// A name, because loopback addresses need no setting.
			url := strings.Replace(s.URL, "127.0.0.1", "host.invalid", 1)
			clearSettings(t)
			t.Setenv(test.name, test.value)
			var attempts atomic.Int32
			r := Request{Idempotent: true, New: counted(&attempts, url)}
			_, err := new(Sender).Do(t.Context(), r)
			if err == nil || !strings.Contains(err.Error(), test.name+" ") ||
				attempts.Load() != 1 || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Do = %v after %d attempts, want an error that names %s, after 1",
					err, attempts.Load(), test.name)
			}
			r.HTTPClient = trusting // it has its own root certificates
			_, err = new(Sender).Do(t.Context(), r)
			var setting settingError
			if errors.As(err, &setting) {
				t.Errorf("Do with RootCAs = %v, want an error about the host", err)
			}
		})
	}
}

func TestLoopbackOnly(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "LOCALHOST", "127.0.0.1"} {
		if _, err := NewHTTPClient().Get("http://" + host + ":" + port); err != nil {
			t.Errorf("Get from %s = %v", host, err)
		}
	}
	for address, ok := range map[string]bool{
		"127.0.0.1:80":          true,
		"127.9.9.9:80":          true,
		"[::1]:80":              true,
		"192.0.2.1:80":          false,
		"10.0.0.1:80":           false,
		"169.254.169.254:80":    false,
		"0.0.0.0:80":            false,
		"[::]:80":               false,
		"[2001:db8::1]:80":      false,
		"[::ffff:192.0.2.1]:80": false,
	} {
		if err := loopbackOnly(t.Context(), "tcp", address, nil); (err == nil) != ok {
			t.Errorf("loopbackOnly(%s) = %v, want success %v", address, err, ok)
		}
	}
}

// A remoteConn is a connection to an address of another machine.
type remoteConn struct{ net.Conn }

func (remoteConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
}

// TestRemoteLocalhost checks that a caller's client, for which localhost is another machine, sends
// nothing to it.
func TestRemoteLocalhost(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {
		t.Error("the server received the request")
	})
	var attempts atomic.Int32
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
		return remoteConn{c}, err
	}
	r := Request{
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dial}},
		New:        counted(&attempts, "http://localhost/"),
		Idempotent: true,
	}
	_, err := new(Sender).Do(t.Context(), r)
	if err == nil || !strings.Contains(err.Error(), "another machine") || attempts.Load() != 1 {
		t.Errorf("Do = %v after %d attempts, want a refusal after 1", err, attempts.Load())
	}
}
