package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// record reads the state file of DEV, and checks what lies in its directory.
func (m *machine) record(t *testing.T) (path string, r state.Record) {
	t.Helper()
	dir := m.settings["COGNITO_STATE_DIR"]
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue // renamed meanwhile
		}
		if info.Mode() != 0o600 && runtime.GOOS != "windows" {
			t.Fatalf("%s has mode %v", entry.Name(), info.Mode())
		}
		if strings.HasPrefix(entry.Name(), "DEV") && strings.HasSuffix(entry.Name(), ".json") {
			path = filepath.Join(dir, entry.Name())
		}
	}
	if info, err := os.Stat(dir); err != nil ||
		info.Mode() != 0o700|fs.ModeDir && runtime.GOOS != "windows" {
		t.Fatalf("the directory: %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatalf("the state file: %v", err)
	}
	return path, r
}

// forget removes the credentials and all tokens but the refresh token, so that the next command
// obtains new ones.
func (m *machine) forget(t *testing.T) {
	t.Helper()
	path, r := m.record(t)
	saved := r.SavedSession()
	if saved == nil {
		t.Fatal("nobody is signed in")
	}
	saved.Tokens = cognito.Tokens{Refresh: saved.Tokens.Refresh}
	r.SetSession(*saved)
	r.Credentials = nil
	r.Serial += 2 // newer than a file that a killed process left
	text, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A truncated file, or one of another program, is renamed unchanged, and reported.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	path, _ := m.record(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	step := longtest.Step(t, 3)
	for i, damaged := range []string{
		"", "{", "null", "[]", "{}", string(good[:len(good)/2]), string(good[:len(good)-1]),
		string(good) + "x", string(good) + string(good),
		strings.Replace(string(good), cognitotest.ExampleClientID, "otherclient", 1),
		strings.Replace(string(good), `"version":1`, `"version":"1"`, 1), "\xff\xfe\x00",
		strings.Replace(string(good), `"session":{`, `"session":{"Tokens":1,`, 1),
		strings.Replace(string(good), `"Refresh"`, `"Other"`, 1),
		strings.Replace(string(good), `"Refresh"`, `"refresh"`, 1),
		strings.Replace(string(good), `"Refresh"`, `"Refresh":"x","Refresh"`, 1),
		strings.Replace(string(good), `"user_pool_id"`, `"User_Pool_ID"`, 1),
		strings.Replace(string(good), `"user_pool_id"`, `"user_pool_id":"x","user_pool_id"`, 1),
	} {
		if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := m.run(t, "", "whoami", "-offline") // which changes nothing
		if code != exitSignIn || stdout != "" ||
			!strings.Contains(stderr, path+": the file is damaged") ||
			!strings.Contains(stderr, "cognito login -env DEV") {
			t.Errorf("%.20q: exit %d, %q", damaged, code, stderr)
		}
		code, stdout, stderr = m.run(t, "", "credentials", "-format", "process")
		if code != exitSignIn || stdout != "" || !strings.Contains(stderr, "was damaged") ||
			!strings.Contains(stderr, "cognito login") {
			t.Errorf("%.20q: exit %d, %q", damaged, code, stderr)
		}
		aside, _ := filepath.Glob(path + ".damaged-*")
		if len(aside) != 1 {
			t.Fatalf("%.20q: set aside: %q", damaged, aside)
		}
		if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != damaged {
			t.Errorf("%.20q: what was set aside is not what was there: %v", damaged, err)
		}
		os.Remove(aside[0])
		if i%step == 0 {
			m.signedIn(t).must(t, "", "credentials", "-format", "process")
		}
	}
	newer := strings.Replace(string(good), `"version":1`, `"version":3`, 1)
	if err := os.WriteFile(path, []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := m.run(t, cognitotest.ExamplePassword, "login", "-user", "ada")
	if kept, _ := os.ReadFile(path); code != exitFailed ||
		!strings.Contains(stderr, "newer version") || string(kept) != newer {
		t.Errorf("a newer version's file: exit %d, %s", code, stderr)
	}
}

// A directory that other users can read is refused, and not changed.
func TestOpenDirectory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Log("NOT TESTED: this system has no such modes")
		return
	}
	m := newMachine(t)
	dir := m.settings["COGNITO_STATE_DIR"]
	if err := cmp.Or(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := m.run(t, cognitotest.ExamplePassword, "login", "-user", "ada")
	if info, err := os.Stat(dir); code != exitUsage || !strings.Contains(stderr, "chmod 700") ||
		err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("exit %d: %s", code, stderr)
	}
	// Nor is anything read there that others may have put in: credentials of their own account,
	// say.
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	m.signedIn(t).must(t, "", "credentials", "-format", "process")
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"credentials", "-format", "process"}, {"whoami", "-offline"},
		{"exec", "-serve", "--", "go", "version"}} {
		if code, stdout, stderr := m.run(t, "", args...); code != exitUsage || stdout != "" ||
			!strings.Contains(stderr, "chmod 700") {
			t.Errorf("%v: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
}

// refreshes counts the refreshes of tokens.
func (m *machine) refreshes() *atomic.Int64 {
	count := new(atomic.Int64)
	m.fault.set(func(r *http.Request) *http.Response {
		if r.Header.Get(
			"X-Amz-Target",
		) == "AWSCognitoIdentityProviderService.GetTokensFromRefreshToken" {
			count.Add(1)
		}
		return nil
	})
	return count
}

// If refresh tokens rotate without a grace period, one of many concurrent processes refreshes, and
// the session is not lost.
func TestManyProcesses(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	client := &m.server.UserPools[0].Clients[0]
	client.RefreshTokenRotation = true
	count := m.refreshes()
	m.signedIn(t)
	_, first := m.record(t)
	rounds, processes := 3, 50
	if !longtest.Enabled(t, "fewer processes") {
		rounds, processes = 1, 8
	}
	for range rounds {
		m.forget(t)
		var running sync.WaitGroup
		var mu sync.Mutex
		answers := map[string]int{}
		for range processes {
			running.Go(func() {
				var complaint strings.Builder
				process := m.process(t, "credentials", "-format", "process")
				process.Stderr = &complaint
				out, err := process.Output()
				if err != nil {
					t.Errorf("%v: %s", err, &complaint)
				}
				mu.Lock()
				defer mu.Unlock()
				answers[string(out)]++
			})
		}
		running.Wait()
		if len(answers) != 1 {
			t.Errorf("%d different credentials", len(answers))
		}
	}
	if n := count.Load(); n != int64(rounds) {
		t.Errorf("%d refreshes in %d rounds", n, rounds)
	}
	if _, last := m.record(t); string(last.Session) == string(first.Session) {
		t.Error("the token did not change")
	}
}

// Whenever the program is killed, it leaves a complete file that only the user can read, and that
// the next run can use. After a kill between the pool's response and the write, that is the
// old token, which the pool accepts during its grace period.
func TestKilled(t *testing.T) {
	m := newMachine(t)
	client := &m.server.UserPools[0].Clients[0]
	// a slow machine may kill for minutes
	client.RefreshTokenRotation, client.RetryGracePeriod = true, time.Hour
	count := m.refreshes()
	m.signedIn(t)
	kills, survived, most := 0, 0, 50*time.Millisecond // about as long as the program takes
	enough := 200
	if !longtest.Enabled(t, "fewer processes") {
		enough = 8
	}
	for kills < enough || survived == 0 {
		m.forget(t)
		process := m.process(t, "credentials", "-format", "process")
		begun := time.Now()
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(rand.Int64N(int64(most))), func() {
			process.Process.Kill()
		})
		if process.Wait() == nil {
			survived++
			most = time.Since(begun)
		} else if kills++; survived == 0 && kills%10 == 0 {
			most *= 2 // a slow machine
		}
		timer.Stop()
		m.record(t)
	}
	m.forget(t)
	m.must(t, "", "credentials", "-format", "process")
	if n := count.Load(); kills < enough || survived == 0 || n < int64(survived) {
		t.Errorf("%d were killed and %d not, with %d refreshes: the test shows nothing", kills,
			survived, n)
	}
	leftovers, _ := filepath.Glob(filepath.Join(m.settings["COGNITO_STATE_DIR"], "*.new"))
	if len(leftovers) > 1 {
		t.Errorf("left behind: %q", leftovers)
	}
	t.Logf("%d killed, %d not, %d refreshes", kills, survived, count.Load())
}

// A signal during a refresh does not lose the tokens.
func TestInterruptedRefreshKeepsToken(t *testing.T) {
	needs.Unix(t)
	for _, pauses := range [][]time.Duration{
		{200 * time.Millisecond},
		{0, 200 * time.Millisecond}, // as timeout(1) does
		{300 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond}, // as users do
	} {
		for i, sent := range interrupts() {
			t.Run(fmt.Sprintf("%v %d times", sent, len(pauses)), func(t *testing.T) {
				if i >= 4/len(pauses) && !longtest.Enabled(t, "only the first signals") {
					return
				}
				t.Parallel()
				interruptRefresh(t, sent.(syscall.Signal), pauses)
			})
		}
	}
}

// interruptRefresh sends signals during a refresh, with a pause after each.
func interruptRefresh(t *testing.T, sent syscall.Signal, pauses []time.Duration) {
	m := newMachine(t)
	m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
	m.signedIn(t).forget(t)
	process := m.process(t, "credentials", "-format", "process")
	started := make(chan struct{})
	var once sync.Once
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "GetTokensFromRefreshToken" {
			once.Do(func() {
				<-started
				for _, pause := range pauses {
					process.Process.Signal(sent)
					time.Sleep(pause)
				}
			})
		}
		return nil
	})
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	err := process.Wait()
	if got, want := process.ProcessState.ExitCode(), 128+int(sent); got != want {
		t.Errorf("exit %d, want %d: %v", got, want, err)
	}
	m.fault.set(nil)
	m.must(t, "", "credentials", "-format", "process")
}
