package credserver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// example returns credentials in the form of AWS's.
func example(life time.Duration) sigv4.Credentials {
	return sigv4.Credentials{
		AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		SessionToken:    "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVz+/==",
		Expires:         time.Now().Add(life),
	}
}

// serving returns a server with the source.
func serving(t *testing.T, source func(context.Context) (sigv4.Credentials, error)) *Server {
	t.Helper()
	s := &Server{Source: source}
	if err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.Start(t.Context())
	t.Cleanup(s.Close)
	return s
}

func TestServerAttacked(t *testing.T) {
	creds := example(time.Hour)
	s := serving(t, func(context.Context) (sigv4.Credentials, error) { return creds, nil })
	address := s.listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if len(s.token) < 26 || s.token == serving(t, nil).token {
		t.Errorf("the token %q is no secret", s.token)
	}
	for _, test := range []struct {
		name, method, target, host, token string
		status                            int
	}{
		{"as it should be", "GET", path, address, s.token, 200},
		{"by the name localhost", "GET", path, "LocalHost:" + port, s.token, 200},
		{"by IPv6", "GET", path, "[::1]:" + port, s.token, 200},
		{"no token", "GET", path, address, "", 401},
		{"a wrong token", "GET", path, address, strings.Repeat("A", 26), 401},
		{"half a token", "GET", path, address, s.token[:13], 401},
		{"a longer token", "GET", path, address, s.token + "A", 401},
		{"a token in small letters", "GET", path, address, strings.ToLower(s.token), 401},
		{"a scheme before the token", "GET", path, address, "Bearer " + s.token, 401},
		{"the token in the URL", "GET", path + "?Authorization=" + s.token, address, "",
			401},
		{"DNS rebinding", "GET", path, "rebind.example.com:" + port, s.token, 403},
		{"a name that begins so", "GET", path, "localhost.example.com:" + port, s.token,
			403},
		{"a name that begins as an address", "GET", path, "127.0.0.1.example.com:" + port,
			s.token, 403},
		{"another port", "GET", path, "127.0.0.1:1", s.token, 403},
		{"no port", "GET", path, "127.0.0.1", s.token, 403},
		{"an empty host", "GET", path, "", s.token, 403},
		{"another machine's address", "GET", path, "192.0.2.1:" + port, s.token, 403},
		{"the unspecified address", "GET", path, "0.0.0.0:" + port, s.token, 403},
		{"absolute form with another host", "GET", "http://evil.example.com" + path,
			address, s.token, 403},
		{"POST", "POST", path, address, s.token, 405},
		{"HEAD", "HEAD", path, address, s.token, 405},
		{"OPTIONS", "OPTIONS", path, address, s.token, 405},
		{"a preflight", "OPTIONS", "*", address, "", 401},
		{"another path", "GET", "/", address, s.token, 404},
		{"a path below", "GET", path + "/", address, s.token, 404},
		{"a path with dots", "GET", "/x/.." + path, address, s.token, 404},
		{"a long header", "GET", path + "?" + strings.Repeat("x", 64<<10), address, s.token,
			431},
		{"no path", "GET", "evil", address, s.token, 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			go fmt.Fprintf(conn,
				"%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nConnection: close\r\n\r\n",
				test.method, test.target, test.host, test.token)
			request := httptest.NewRequest(test.method, "/", nil)
			response, err := http.ReadResponse(bufio.NewReader(conn), request)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != test.status {
				t.Fatalf("%s: %s", response.Status, body)
			}
			shown := strings.Contains(string(body), creds.SecretAccessKey) ||
				strings.Contains(string(body), creds.SessionToken)
			if shown != (test.status == 200) {
				t.Errorf("credentials shown: %v", shown)
			}
			if strings.Contains(string(body), s.token) ||
				response.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("the answer tells too much: %s", body)
			}
			if test.status == 400 || test.status == 431 { // of the server itself
				return
			}
			if got := response.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control: %s", got)
			}
			var object map[string]string
			if err := json.Unmarshal(body, &object); test.method != "HEAD" && err != nil {
				t.Fatal(err)
			}
			wantKeys := []string{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
			if test.status != 200 {
				wantKeys = []string{"code", "message"}
			}
			for _, key := range wantKeys {
				if object[key] == "" && test.method != "HEAD" {
					t.Errorf("no %s in %v", key, object)
				}
			}
			if len(object) != len(wantKeys) && test.method != "HEAD" {
				t.Errorf("the answer has %d members", len(object))
			}
		})
	}
}

func TestLoopback(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:0": true,
		"127.9.8.7:0": true, "localhost:0": true, "[::1]:0": true, "[::ffff:127.0.0.1]:0": true,
		"":          false,
		":0":        false,
		":8080":     false,
		"0.0.0.0:0": false, "[::]:0": false, "192.0.2.1:0": false, "[fe80::1%eth0]:0": false,
		"127.0.0.1":      false,
		"localhost":      false,
		"example.com:80": false, "localhost.example.com:80": false, "127.0.0.1:http": false,
		"127.0.0.1:65536": false, "[::ffff:192.0.2.1]:0": false, "169.254.170.2:80": false,
	} {
		if _, err := Loopback(addr); (err == nil) != ok {
			t.Errorf("%q: %v", addr, err)
		}
	}
}

// ask sends an authorized request.
func (s *Server) ask() *httptest.ResponseRecorder {
	request := httptest.NewRequest("GET", s.URL(), nil)
	request.Header.Set("Authorization", s.token)
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	return recorder
}

// A response without valid credentials must be an error for every tool, and a failed request must
// not be retried immediately.
func TestServerWithoutCredentials(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	errEnded := errors.New(`run "cognito login"`)
	for _, test := range []struct {
		name  string
		creds sigv4.Credentials
		err   error
		code  string
	}{
		{"empty", sigv4.Credentials{}, nil, "NotRenewed"},
		{"expired", example(-time.Minute), nil, "NotRenewed"},
		{"an error", sigv4.Credentials{}, errors.New("no\nroute"), "NotRenewed"},
		{"credentials beside an error", example(time.Hour), errors.New("failed"), "NotRenewed"},
		{"ended", sigv4.Credentials{}, errEnded, "SignInNeeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, healed := 0, false
				s := &Server{
					listener: listener,
					token:    "token",
					ctx:      t.Context(),
					Final:    func(err error) bool { return err == errEnded },
					Source: func(context.Context) (sigv4.Credentials, error) {
						calls++
						if healed {
							return sigv4.Credentials{
								AccessKeyID:     "a",
								SecretAccessKey: "b",
								SessionToken:    "c",
								Expires:         time.Now().Add(time.Hour),
							}, nil
						}
						return test.creds, test.err
					},
				}
				if test.name == "expired" {
					test.creds.Expires = time.Now().Add(-time.Second)
				} else if !test.creds.Expires.IsZero() {
					test.creds.Expires = time.Now().Add(time.Hour)
				}
				for range 10 {
					got := s.ask()
					var object struct{ Code, Message string }
					err := json.Unmarshal(got.Body.Bytes(), &object)
					status := http.StatusServiceUnavailable
					if test.code == "SignInNeeded" {
						status = http.StatusForbidden
					}
					if got.Code != status || err != nil || object.Code != test.code ||
						object.Message == "" {
						t.Fatalf("%d %s: %v", got.Code, got.Body, err)
					}
					if strings.Contains(got.Body.String(), "wJalr") {
						t.Fatalf("a secret is in %s", got.Body)
					}
				}
				if calls != 1 {
					t.Errorf("%d renewals at once", calls)
				}
				healed = true
				time.Sleep(failurePause + time.Second)
				if got := s.ask(); got.Code != http.StatusOK || calls != 2 {
					t.Errorf("afterwards: %d, after %d renewals", got.Code, calls)
				}
			})
		})
	}
}

// Concurrent requests share one refresh, whose duration is limited.
func TestServerRenewsOneAtATime(t *testing.T) {
	var busy, most atomic.Int32
	s := serving(t, func(ctx context.Context) (sigv4.Credentials, error) {
		most.Store(max(most.Load(), busy.Add(1)))
		defer busy.Add(-1)
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a renewal may last forever")
		}
		for range 100 {
			runtime.Gosched()
		}
		return example(time.Hour), nil
	})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got := s.ask(); got.Code != http.StatusOK {
				t.Errorf("%d", got.Code)
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d renewals at once", most.Load())
	}
}

// The server reports why it has no credentials: once, and again if the reason changes.
func TestServerReportsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		var fail error
		s := &Server{
			ctx: t.Context(),
			Note: func(format string, args ...any) {
				said = append(said, fmt.Sprintf(format, args...))
			},
			Source: func(context.Context) (sigv4.Credentials, error) {
				return example(time.Hour), fail
			},
		}
		for _, reason := range []string{"", "a", "a", "b\nc", "", "b\nc"} {
			if fail = nil; reason != "" {
				fail = errors.New(reason)
			}
			if _, err := s.credentials(); err != fail {
				t.Errorf("%v, want %v", err, fail)
			}
			time.Sleep(failurePause + time.Second)
		}
		if want := []string{"a", "b\nc", "b\nc"}; !slices.Equal(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	})
}
