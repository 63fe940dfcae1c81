package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/environments"
)

// configureDuring runs configure for the example's settings, and calls meanwhile during it.
func configureDuring(t *testing.T, m *machine, name string, meanwhile func()) (int, string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		meanwhile() // configure has read the file
		io.WriteString(w, fill(`{"X": {"user_pool_id": "POOL", "client_id": "CLIENT"}}`))
	}))
	defer server.Close()
	code, _, stderr := m.run(t, "", "configure", "-env", name, "-from", server.URL+"/x.json")
	return code, stderr
}

// configured adds an environment with the example's settings. Any goroutine may call it.
func (m *machine) configured(t *testing.T, name string, flags ...string) {
	t.Helper()
	code, _, stderr := m.run(t, "", append([]string{"configure", "-env", name, "-user-pool-id",
		imported.UserPoolID, "-client-id", imported.ClientID}, flags...)...)
	if code != 0 {
		t.Errorf("configure -env %s: exit %d: %s", name, code, stderr)
	}
}

// Two processes may configure the same settings. Other settings of another process are not lost.
func TestConfigureSameEnvironment(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, bucket string
		code         int
	}{
		{"same settings", "", 0},
		{"other settings", "bucket-of-another", exitFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := blank(t)
			code, stderr := configureDuring(t, m, "DEV", func() {
				m.configured(t, "DEV", "-bucket", test.bucket)
			})
			if code != test.code ||
				strings.Contains(stderr, "DEV was changed by another process") == (code == 0) {
				t.Errorf("configure: exit %d, want %d: %s", code, test.code, stderr)
			}
			if got := m.configuration(t)["DEV"].BucketName; got != test.bucket {
				t.Errorf("bucket_name = %q, want %q", got, test.bucket)
			}
		})
	}
}

// If another process adds the first environment meanwhile, that one becomes the default.
func TestConfigureKeepsNewDefault(t *testing.T) {
	t.Parallel()
	m := blank(t)
	code, stderr := configureDuring(t, m, "PROD", func() { m.configured(t, "DEV") })
	if code != 0 || !strings.Contains(stderr, "DEV stays the default environment") {
		t.Errorf("configure: exit %d: %s", code, stderr)
	}
	if _, _, stderr := m.run(t, "", "token"); !strings.Contains(stderr, "signed in to DEV") {
		t.Errorf("token: %s", stderr)
	}
}

// While configure adds an environment, commands without -env keep the default environment.
func TestConfigureDuringUse(t *testing.T) {
	t.Parallel()
	for range 5 {
		m := blank(t)
		m.configured(t, "DEV")
		defaults := filepath.Join(m.settings["COGNITO_STATE_DIR"], "defaults.json")
		added := make(chan struct{})
		go func() {
			defer close(added)
			m.configured(t, "PROD")
		}()
		// Like a command, this reads first the environments and then the default.
		for over, several := false, false; !over && !several; {
			select {
			case <-added:
				over = true
			default:
			}
			text, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
			if err != nil {
				continue // on Windows, while the file is replaced
			}
			all, err := environments.Parse(text)
			if several = len(all) > 1; err != nil {
				t.Error(err)
			}
			var names map[string]string
			text, err = os.ReadFile(defaults)
			json.Unmarshal(text, &names) // on an error, it is empty
			if several && names[m.settings["COGNITO_CONFIG"]] != "DEV" {
				t.Errorf("with two environments, %s = %s, %v, want DEV", defaults, text, err)
			}
		}
		<-added
	}
}

// The end of a session in the user pool removes it in the same update, so that logout does not
// remove the session of a sign-in that follows.
func TestLogoutOfEndedSession(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	m.forget(t)
	m.fault.set(only("GetTokensFromRefreshToken",
		refused("NotAuthorizedException", "Refresh Token has been revoked")))
	var errs bytes.Buffer
	a := &app{stdin: os.Stdin, stderr: &errs, getenv: func(name string) string {
		return m.settings[name]
	}}
	a.config, a.env = m.settings["COGNITO_CONFIG"], "DEV"
	s, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var left *cognito.SavedSession // after the first update
	updates := 0
	s.keep.Hold = func() (func(), error) {
		return func() {
			updates++
			_, r := m.record(t)
			left = r.SavedSession()
		}, nil
	}
	if err := (logout{}).run(context.Background(), s); err != nil || updates != 1 || left != nil {
		t.Errorf("logout = %v with %d updates and session left %t, want 1 and false: %s", err,
			updates, left != nil, &errs)
	}
}
