package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func TestEnding(t *testing.T) {
	for _, test := range []struct {
		name    string
		release []time.Duration // after the wait has begun
		want    time.Duration
		noted   int64
	}{
		{name: "nothing is held"},
		{
			name:    "one is held",
			release: []time.Duration{exitNotice / 2},
			want:    exitNotice / 2,
		},
		{
			name:    "the last one counts",
			release: []time.Duration{3 * time.Second, time.Second, 2 * time.Second},
			want:    3 * time.Second,
			noted:   1,
		},
		{
			name:    "one is held for ever",
			release: []time.Duration{time.Hour, time.Second},
			want:    exitLimit,
			noted:   1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e ending
				for _, after := range test.release {
					release, err := e.hold()
					if err != nil {
						t.Fatalf("hold() = %v, want nil", err)
					}
					time.AfterFunc(after, release)
				}
				var noted atomic.Int64
				begun := time.Now()
				note := func(string, ...any) { noted.Add(1) }
				var waiting sync.WaitGroup
				for range 3 { // for the first signal, the end of the command and the second signal
					waiting.Go(func() {
						e.wait(note)
						if took := time.Since(begun); took != test.want {
							t.Errorf("wait() took %v, want %v", took, test.want)
						}
					})
				}
				synctest.Wait()
				if _, err := e.hold(); !errors.Is(err, context.Canceled) {
					t.Errorf("hold() = %v after the end began, want %v", err, context.Canceled)
				}
				waiting.Wait()
				if got := noted.Load(); got != test.noted {
					t.Errorf("the user was told %d times, want %d", got, test.noted)
				}
				time.Sleep(time.Hour)
			})
		})
	}
}

// A child process handles signals, unless one arrived before it started.
func TestEndingPass(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var e ending
	if err := e.pass(ctx); err != nil || !e.child {
		t.Errorf("pass() = %v, child %v, want nil, true", err, e.child)
	}
	cancel()
	if err := e.pass(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("pass() = %v after a signal, want %v", err, context.Canceled)
	}
}

func TestReportSignal(t *testing.T) {
	for _, test := range []struct {
		name  string
		cause error
		err   error
		want  int
	}{
		{"no cause", nil, context.Canceled, exitInterrupted},
		{"SIGINT", interrupted(syscall.SIGINT), context.Canceled, 130},
		{"SIGTERM", interrupted(syscall.SIGTERM), context.Canceled, 143},
		{"SIGQUIT", interrupted(syscall.SIGQUIT), signInError{interrupted(syscall.SIGQUIT)}, 131},
		{"a dropped answer", interrupted(syscall.SIGINT), usagef("no user name"), 130},
		{"in time", interrupted(syscall.SIGINT), nil, 0},
		{"of the command", interrupted(syscall.SIGTERM), exitStatus(7), 7},
		{"another error", interrupted(syscall.SIGINT), errors.New("refused"), exitFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(test.cause)
			var said strings.Builder
			if got := (&app{stderr: &said}).report(ctx, test.err); got != test.want {
				t.Errorf("report(%v) = %d, want %d: %s", test.err, got, test.want, &said)
			}
		})
	}
}

func interrupted(s os.Signal) error { return terminal.Interrupted{Signal: s} }

// A second signal ends a process that does not notice the first one.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t).signedIn(t)
	url := m.url + "/example-bucket/key"
	c := m.process(t, "curl", "-X", "PUT", "-d", "@-", "-service", "s3", url)
	stdin, err := c.StdinPipe() // which the command reads to its end
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		c.Wait()
		close(ended)
	}()
	if _, err := stdin.Write(make([]byte, 1<<20)); err != nil { // more than a pipe holds
		t.Fatal(err)
	}
	for n := 1; n < 50; n++ { // a process on a slow machine may miss one
		c.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			if got := c.ProcessState.ExitCode(); n < 2 || got != 128+15 {
				t.Errorf("exit %d after %d signals, want %d after 2", got, n, 128+15)
			}
			return
		case <-time.After(2 * signalPause):
		}
	}
	c.Process.Kill()
	t.Error("50 signals do not end it")
}

// An inherited ignored signal does not end a process. The Go runtime respects that for two signals.
func TestIgnoredSignals(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t).signedIn(t)
	m.forget(t)
	tool := m.process(t, "token")
	script := `trap "" INT HUP; exec "$0" "$@"`
	c := exec.CommandContext(t.Context(), "sh", append([]string{"-c", script}, tool.Args...)...)
	c.Env = tool.Env
	started := make(chan struct{})
	m.fault.set(func(r *http.Request) *http.Response {
		<-started
		c.Process.Signal(os.Interrupt)
		c.Process.Signal(syscall.Signal(1)) // SIGHUP
		return nil
	})
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	if err := c.Wait(); err != nil {
		t.Errorf("%v: %s", err, out.Bytes())
	}
}

// At its end, serve waits for a refresh that a request has started.
func TestEndpointKeepsToken(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	for _, test := range []struct {
		name string
		args []string
		end  func(c *exec.Cmd, stdin io.Closer)
		want int
	}{
		{
			name: "serve",
			args: []string{"serve"},
			end:  func(c *exec.Cmd, _ io.Closer) { c.Process.Signal(syscall.SIGTERM) },
		},
		{
			name: "exec -serve",
			args: []string{"exec", "-serve", "--", "sh", "-c",
				"env | grep ^AWS_ | grep -v ENDPOINT | sed 's/^/export /'; cat; exit 7"},
			end:  func(_ *exec.Cmd, stdin io.Closer) { stdin.Close() },
			want: 7,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
			m.signedIn(t)
			c := m.process(t, test.args...)
			stdin, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			settings := settingsOf(t, c)
			m.forget(t)
			asked := make(chan bool, 1)
			m.fault.set(func(r *http.Request) *http.Response {
				if operation(r) == "GetTokensFromRefreshToken" {
					test.end(c, stdin)
					time.Sleep(300 * time.Millisecond)
					asked <- true
				}
				return nil
			})
			ask, err := http.NewRequest("GET", settings["AWS_CONTAINER_CREDENTIALS_FULL_URI"], nil)
			if err != nil {
				t.Fatal(err)
			}
			ask.Header.Set("Authorization", settings["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
			if response, err := http.DefaultClient.Do(ask); err == nil {
				response.Body.Close()
			}
			c.Wait()
			if got := c.ProcessState.ExitCode(); got != test.want {
				t.Errorf("exit %d, want %d", got, test.want)
			}
			<-asked
			time.Sleep(100 * time.Millisecond) // the pool has processed the refresh
			m.fault.set(nil)
			m.must(t, "", "token")
		})
	}
}

// A closed output does not end the process during a refresh.
func TestBrokenPipeKeepsToken(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t)
	m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
	m.signedIn(t).forget(t)
	for _, name := range []string{"standard output", "standard error"} {
		m.forget(t)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		c := m.process(t, "token")
		if c.Stdout = w; name == "standard error" {
			c.Stdout, c.Stderr = nil, w
		}
		started := make(chan struct{})
		m.fault.set(func(r *http.Request) *http.Response {
			if operation(r) == "GetTokensFromRefreshToken" && name == "standard error" {
				<-started
				c.Process.Signal(syscall.SIGTERM)
				time.Sleep(exitNotice + 500*time.Millisecond) // the process says that it waits
			}
			return nil
		})
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		close(started)
		err = c.Wait()
		w.Close()
		want := map[string]int{"standard output": exitFailed, "standard error": 128 + 15}[name]
		if got := c.ProcessState.ExitCode(); got != want {
			t.Errorf("%s: exit %d, want %d: %v", name, got, want, err)
		}
		m.fault.set(nil)
		m.must(t, "", "token")
	}
}
