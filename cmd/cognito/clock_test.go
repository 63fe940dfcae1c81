package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
)

// TestClockAhead checks that, with a clock one hour ahead, commands do not refresh tokens that are
// valid by the server's time.
func TestClockAhead(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	client := &m.server.UserPools[0].Clients[0]
	client.IDTokenValidity, client.AccessTokenValidity = time.Second, time.Second
	var refreshes atomic.Int32
	m.signedIn(t)
	m.fault.set(func(r *http.Request) *http.Response {
		if r.Header.Get("Again") != "" {
			return nil
		}
		if strings.HasPrefix(operation(r), "GetTokens") {
			refreshes.Add(1)
		}
		r.Header.Set("Again", "let it through")
		w := httptest.NewRecorder()
		m.server.ServeHTTP(w, r)
		response := w.Result()
		response.Header.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		return response
	})
	time.Sleep(1100 * time.Millisecond) // the tokens expire by the local clock
	for range 3 {
		m.must(t, "", "token")
	}
	if n := refreshes.Load(); n > 0 {
		t.Errorf("3 commands refreshed the tokens %d times, want 0", n)
	}
}

// A skewedServer is a stand-in whose clock differs from this machine's.
type skewedServer struct {
	off                 atomic.Int64 // its time minus this machine's, a time.Duration
	life                time.Duration
	refreshes, obtained atomic.Int32
}

// skew makes m's server tell another time, in the Date header and as the expiry of credentials,
// which are valid for life.
func (m *machine) skew(off, life time.Duration) *skewedServer {
	s := &skewedServer{life: life}
	s.off.Store(int64(off))
	m.fault.set(func(r *http.Request) *http.Response {
		if r.Header.Get("Again") != "" {
			return nil
		}
		now := time.Now().Add(time.Duration(s.off.Load()))
		w := httptest.NewRecorder()
		const id = "us-east-1:11111111-2222-3333-4444-555555555555"
		switch operation(r) {
		case "GetId":
			fmt.Fprintf(w, `{"IdentityId":%q}`, id)
		case "GetCredentialsForIdentity":
			fmt.Fprintf(w, `{"IdentityId":%q,"Credentials":{"AccessKeyId":"ASIA%d",`+
				`"SecretKey":"b","SessionToken":"c","Expiration":%d}}`, id, s.obtained.Add(1),
				now.Add(s.life).Unix())
		default:
			if strings.HasPrefix(operation(r), "GetTokens") {
				s.refreshes.Add(1)
			}
			r.Header.Set("Again", "let it through")
			m.server.ServeHTTP(w, r)
		}
		response := w.Result()
		response.Header.Set("Date", now.UTC().Format(http.TimeFormat))
		return response
	})
	return s
}

// key returns the access key that the command credentials prints.
func (m *machine) key(t *testing.T, flags ...string) string {
	t.Helper()
	var out struct {
		AccessKeyID string `json:"AccessKeyId"`
	}
	text := m.must(t, "", append([]string{"credentials"}, flags...)...)
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out.AccessKeyID
}

// TestCredentialsWithWrongClock checks that commands compare the expiry of tokens and credentials
// with the server's time. The second credentials come from the cache, and no token is refreshed.
func TestCredentialsWithWrongClock(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{
		-72 * time.Hour, -time.Hour, -50 * time.Minute, time.Hour, 72 * time.Hour,
	} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			needs.Unix(t) // the shell
			m := newMachine(t)
			client := &m.server.UserPools[0].Clients[0]
			client.IDTokenValidity = time.Second
			if off > 0 { // the server's hour ends later by this machine's clock
				client.IDTokenValidity = off + time.Hour
			}
			client.AccessTokenValidity = client.IDTokenValidity
			m.signedIn(t)
			s := m.skew(off, time.Hour)
			if off < 0 {
				time.Sleep(1100 * time.Millisecond) // the tokens expire by the local clock
			}
			first := m.key(t)
			if second := m.key(t, "-format", "process"); second != first {
				t.Errorf("access keys = %s, then %s, want the same", first, second)
			}
			m.must(t, "", "credentials", "-format", "sh")
			m.must(t, "", "token")
			out := m.must(t, "", "whoami", "-offline")
			if _, line, _ := strings.Cut(out, "credentials  "); !strings.Contains(line, "(59m") &&
				!strings.Contains(line, "(1h0m0s)") {
				t.Errorf("whoami: %s, want about an hour", out)
			}
			child := m.process(t, "exec", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
			if out, err := child.Output(); string(out) != first+"\n" {
				t.Errorf("exec: %q, %v, want %s", out, err, first)
			}
			_, settings := m.serve(t)
			for range 2 {
				if code, object := get(t, settings); object["AccessKeyId"] != first {
					t.Errorf("serve: %d %s, want %s", code, object["message"], first)
				}
			}
			if n, k := s.refreshes.Load(), s.obtained.Load(); n != 0 || k != 1 {
				t.Errorf("%d refreshes and %d GetCredentialsForIdentity, want 0 and 1", n, k)
			}
		})
	}
}

// TestExpiredByServer checks that credentials and tokens that have expired by the server's time are
// not used, even if they seem valid by the local clock, or did when they were obtained.
func TestExpiredByServer(t *testing.T) {
	t.Parallel()
	t.Run("clock set right", func(t *testing.T) {
		t.Parallel()
		m := newMachine(t).signedIn(t)
		s := m.skew(-time.Hour, time.Hour)
		first := m.key(t)
		s.off.Store(0)
		if second := m.key(t); second == first {
			t.Error("the credentials expired when this machine's clock was set, but are used")
		}
		if n := s.refreshes.Load(); n != 0 {
			t.Errorf("%d refreshes of valid tokens", n)
		}
	})
	t.Run("clock set right without a network", func(t *testing.T) {
		t.Parallel()
		m := newMachine(t).signedIn(t)
		m.skew(-time.Hour, time.Hour)
		m.key(t)
		m.fault.set(func(*http.Request) *http.Response { panic(http.ErrAbortHandler) })
		if code, stdout, _ := m.run(t, "", "credentials"); code != exitFailed || stdout != "" {
			t.Errorf("exit %d, %q: the credentials may have expired", code, stdout)
		}
	})
	t.Run("clock behind", func(t *testing.T) {
		t.Parallel()
		m := newMachine(t)
		client := &m.server.UserPools[0].Clients[0]
		client.IDTokenValidity = time.Hour + 3*time.Second
		client.AccessTokenValidity = client.IDTokenValidity
		m.signedIn(t)
		s := m.skew(time.Hour, time.Hour)
		m.key(t) // learns the server's time
		first := m.must(t, "", "token")
		time.Sleep(3100 * time.Millisecond)
		client.IDTokenValidity, client.AccessTokenValidity = 3*time.Hour, 3*time.Hour
		if second := m.must(t, "", "token"); second == first {
			t.Error("token prints one that has expired by the server's time")
		}
		if n := s.refreshes.Load(); n == 0 {
			t.Error("the tokens were not refreshed")
		}
	})
}
