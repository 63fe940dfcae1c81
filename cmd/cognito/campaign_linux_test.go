package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// campaign returns the number of rounds of a test: few, or many with COGNITO_TEST_EXITS=full.
func campaign(t *testing.T, few, many int) int {
	if fullExits() {
		return many
	}
	if !longtest.Enabled(t, "a third of the rounds") {
		few /= 3
	}
	t.Logf("%d rounds: COGNITO_TEST_EXITS=full runs %d", few, many)
	return few
}

// writers returns commands that write a file, by what they add to it.
func (m *machine) writers(t *testing.T) []writer {
	t.Helper()
	secret := m.write(t, "secret", "theclientsecret0123456789")
	config := filepath.Join(m.dir, "new", "config.json")
	profiles := filepath.Join(m.dir, "aws", "config")
	m.settings["AWS_CONFIG_FILE"] = profiles
	return []writer{
		{
			path: config,
			args: func(name string) []string {
				return []string{"configure", "-config", config, "-env", name, "-user-pool-id",
					"us-east-1_A", "-client-id", "abc", "-client-secret-file", secret}
			},
			entry: func(name string) string { return `"` + name + `": {` },
		},
		{
			path: profiles,
			args: func(name string) []string {
				return []string{"profile", "-env", "DEV", "-profile", name}
			},
			entry: func(name string) string { return "[profile " + name + "]\n" },
		},
	}
}

// A writer is a command that adds entries to a file.
type writer struct {
	path  string
	args  func(name string) []string
	entry func(name string) string // the text that adding name leaves in the file
}

// lacks returns an error if the file does not have exactly the entries.
func (w writer) lacks(names []string) error {
	text, err := os.ReadFile(w.path)
	if err != nil && len(names) > 0 {
		return err
	}
	for _, name := range names {
		if n := strings.Count(string(text), w.entry(name)); n != 1 {
			return fmt.Errorf("%s has %s %d times", w.path, name, n)
		}
	}
	return nil
}

// beside returns the names in the directory of the file.
func (w writer) beside(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(w.path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

// Concurrent processes that change the same file lose nothing.
func TestConcurrentWriters(t *testing.T) {
	const processes = 8
	for round := range campaign(t, 3, 20) {
		m := newMachine(t)
		for _, w := range m.writers(t) {
			var names []string
			var running sync.WaitGroup
			for i := range processes {
				name := fmt.Sprintf("E%d-%d", round, i)
				names = append(names, name)
				running.Go(func() {
					c := m.process(t, w.args(name)...)
					if out, err := c.CombinedOutput(); err != nil {
						t.Errorf("%q: %v: %s", c.Args, err, out)
					}
				})
			}
			running.Wait()
			if err := w.lacks(names); err != nil {
				t.Error(err)
			}
			if got := w.beside(t); got != filepath.Base(w.path) {
				t.Errorf("the directory has %s, want %s", got, filepath.Base(w.path))
			}
		}
	}
}

// A process that is killed at a random time loses no entry, and the next one removes what is left.
func TestKilledWriters(t *testing.T) {
	kills := campaign(t, 20, 300)
	m := newMachine(t)
	for _, w := range m.writers(t) {
		m.must(t, "", w.args("FIRST")...)
		begun := time.Now()
		if out, err := m.process(t, w.args("SECOND")...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		life := time.Since(begun)
		names := []string{"FIRST", "SECOND"}
		killed, left := 0, 0
		for i := range kills {
			name := fmt.Sprintf("E%d", i)
			c := m.process(t, w.args(name)...)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(life/4+rand.N(life), func() { c.Process.Kill() })
			if c.Wait() == nil {
				names = append(names, name)
			} else {
				killed++
			}
			if err := w.lacks(names); err != nil {
				t.Fatalf("after kill %d: %v", i, err)
			}
			if strings.Contains(w.beside(t), ".new") {
				left++
			}
		}
		m.must(t, "", w.args("FIRST")...) // changes nothing
		if got := w.beside(t); got != filepath.Base(w.path) {
			t.Errorf("the directory has %s, want %s", got, filepath.Base(w.path))
		}
		t.Logf("%s: %d of %d killed, %d left a new file", w.path, killed, kills, left)
	}
}

// A command that waits for a stopped process names it. When that process continues, both succeed.
func TestStoppedHolder(t *testing.T) {
	for _, args := range [][]string{
		{"token"},
		{"credentials"},
		{"logout"},
		{"login", "-user", "ada"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			m := newMachine(t).signedIn(t)
			m.forget(t)
			holder := m.process(t, "token")
			started, stopped := make(chan struct{}), make(chan struct{})
			var once sync.Once
			m.fault.set(func(r *http.Request) *http.Response {
				if operation(r) == "GetTokensFromRefreshToken" {
					once.Do(func() {
						<-started
						holder.Process.Signal(syscall.SIGSTOP)
						close(stopped)
					})
				}
				return nil
			})
			if err := holder.Start(); err != nil {
				t.Fatal(err)
			}
			close(started)
			<-stopped
			waiting := m.process(t, args...)
			waiting.Stdin = strings.NewReader(cognitotest.ExamplePassword + "\n")
			said, err := waiting.StderrPipe()
			if err == nil {
				err = waiting.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			stderr := ""
			for lines := bufio.NewScanner(said); lines.Scan(); {
				stderr += lines.Text() + "\n"
				if strings.Contains(stderr, "waiting for") {
					holder.Process.Signal(syscall.SIGCONT)
				}
			}
			waiting.Wait()
			code := waiting.ProcessState.ExitCode()
			want := fmt.Sprintf("waiting for process %d (", holder.Process.Pid)
			if code != 0 || strings.Count(stderr, want) != 1 ||
				!strings.Contains(stderr, " token), which holds ") {
				t.Errorf("%q: exit %d: %s, want %q", args, code, stderr, want)
			}
			if err := holder.Wait(); err != nil {
				t.Errorf("the holder: %v", err)
			}
		})
	}
}
