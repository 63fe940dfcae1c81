package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/loginwithcognito/cognito/internal/longtest"
)

// A diskFault selects calls about files of the state directory, and what happens before them.
type diskFault struct {
	command string
	calls   []string // by name; nil: all
	from    stage    // started, or spent: only calls from then on count
	nth     int      // only this one, from 1; 0: all
	errno   syscall.Errno
	signals []syscall.Signal // which the process receives
}

func (f diskFault) String() string {
	which := "every call"
	if f.calls != nil {
		which = "every " + strings.Join(f.calls, ", ")
	}
	if f.nth > 0 {
		which = fmt.Sprintf("call %d", f.nth)
	}
	what := fmt.Sprint(f.signals)
	if f.errno != 0 {
		what = "fails: " + f.errno.Error()
	}
	return fmt.Sprintf("%s: %s from stage %s on: %s", f.command, which, f.from, what)
}

// meets runs a command with a fault. It returns the calls that it was about.
func (s *station) meets(f diskFault) (calls []string, err error) {
	var armed atomic.Bool
	armed.Store(f.from == started)
	s.pool.watch(func(operation string, at stage) {
		if at == spent {
			armed.Store(true)
		}
	})
	count := 0
	tr := &tracer{under: s.state}
	tr.file = func(call fileCall) syscall.Errno {
		if !armed.Load() || f.calls != nil && !slices.Contains(f.calls, call.name) {
			return 0
		}
		if count++; f.nth > 0 && count != f.nth {
			return 0
		}
		calls = append(calls, call.name+" "+filepath.Base(call.path))
		for _, signal := range f.signals {
			syscall.Kill(tr.pid, signal)
		}
		return f.errno
	}
	_, err = s.trace(tr, f.command)
	return calls, err
}

// survives returns an error if one fault after another loses the session.
func (w *workshop) survives(t *testing.T, faults ...diskFault) error {
	s, err := w.newStation()
	if err != nil {
		return err
	}
	defer s.close()
	before := s.pool.settled()
	d := death{at: spent}
	var calls []string
	for _, f := range faults {
		d.killed = slices.Contains(f.signals, syscall.SIGKILL)
		if calls, err = s.meets(f); err != nil {
			return err
		}
	}
	s.judge(&d, before)
	switch {
	case d.err == nil:
		return nil
	case d.wrong():
		return fmt.Errorf("%v: %q: %v", faults, calls, d)
	default:
		t.Logf("%v: lost, as it may be: killed before the first write", faults)
		return nil
	}
}

// trace runs a command under a tracer.
func (s *station) trace(tr *tracer, command string) (syscall.WaitStatus, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	c := exec.Command(s.tool, command)
	c.Env, c.Dir = s.environ(), s.home
	c.Stdin, c.Stdout, c.Stderr = null, null, null
	s.pool.start()
	return tr.run(c)
}

// The calls that make files safe from a power failure, give them names, and open and remove them.
var (
	syncs   = []string{"fsync", "fdatasync"}
	renames = []string{"rename", "renameat", "renameat2", "link", "linkat"}
	opens   = []string{"open", "openat"}
	removes = []string{"unlink", "unlinkat"}
)

// allChanges are all of them.
func allChanges() []string { return slices.Concat(syncs, renames, opens, removes) }

// asides are the calls that are made for everything that is opened, and change nothing.
var asides = []string{
	"fcntl", "fstat", "newfstatat", "lseek", "close", "flock", "read", "getdents64",
}

// testFaults makes each call about the state directory fail, and then all calls of a kind.
func (w *workshop) testFaults(t *testing.T) {
	needsTracing(t)
	commands, stages := []string{"credentials"}, []stage{spent}
	effects := []diskFault{{errno: syscall.EIO}}
	if fullExits() {
		commands = append(commands, "token")
		stages = append(stages, started)
		effects = append(effects,
			diskFault{errno: syscall.ENOSPC},
			diskFault{signals: []syscall.Signal{syscall.SIGTERM}},
			diskFault{signals: []syscall.Signal{syscall.SIGHUP}},
			diskFault{signals: []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}},
			diskFault{signals: []syscall.Signal{syscall.SIGKILL}},
		)
	}
	kinds := [][]string{syncs, renames, opens, removes, allChanges()}
	var faults []diskFault
	for _, command := range commands {
		for _, from := range stages {
			calls := w.calls(t, diskFault{command: command, from: from})
			checkOrder(t, calls)
			for _, f := range effects {
				f.command, f.from = command, from
				for n, call := range calls {
					name, _, _ := strings.Cut(call, " ")
					if f.nth = n + 1; fullExits() || !slices.Contains(asides, name) {
						faults = append(faults, f)
					}
				}
				f.nth = 0
				for _, f.calls = range kinds {
					if f.errno != 0 {
						faults = append(faults, f)
					}
				}
			}
		}
	}
	if step := longtest.Step(t, 5); step > 1 && !fullExits() {
		faults = slices.DeleteFunc(faults, func(f diskFault) bool { return f.nth%step != 0 })
	}
	var lost atomic.Int64
	each(len(faults), func(i int) {
		if err := w.survives(t, faults[i]); err != nil {
			lost.Add(1)
			t.Error(err)
		}
	})
	t.Logf("%d faults, %d sessions lost", len(faults), lost.Load())
}

// checkOrder checks that the new token is safe from a power failure once it is stored: the file is
// synced before it gets the record's name, and the directory after that.
func checkOrder(t *testing.T, calls []string) {
	t.Helper()
	rest := calls
	for _, step := range []struct {
		names  []string
		suffix string
	}{
		{[]string{"write", "pwrite64"}, ".new"},
		{syncs, ".new"},
		{renames, ".new"},
		{syncs, "state"},
	} {
		n := slices.IndexFunc(rest, func(call string) bool {
			name, path, _ := strings.Cut(call, " ")
			return slices.Contains(step.names, name) && strings.HasSuffix(path, step.suffix)
		})
		if n < 0 {
			t.Errorf("no %v of *%s follows in %q", step.names, step.suffix, calls)
			return
		}
		rest = rest[n+1:]
	}
}

// calls returns the calls that a fault would apply to, after other faults. If the last fault does
// nothing, they are the calls of an undisturbed run.
func (w *workshop) calls(t *testing.T, faults ...diskFault) (calls []string) {
	t.Helper()
	s, err := w.newStation()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, f := range faults {
		if calls, err = s.meets(f); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%v: %d calls: %s", faults, len(calls), strings.Join(calls, ", "))
	return calls
}

// testRecovery makes the calls of a run fail that follows a run with a fault.
func (w *workshop) testRecovery(t *testing.T) {
	onlyFull(t, "the calls of the run after a failure")
	needsTracing(t)
	for _, kind := range [][]string{renames, syncs, opens, allChanges()} {
		first := diskFault{command: "token", calls: kind, from: spent, errno: syscall.EIO}
		next := diskFault{command: "token", from: started}
		var seconds []diskFault
		for n := range w.calls(t, first, next) {
			fails, killed := next, next
			fails.nth, fails.errno = n+1, syscall.EIO
			killed.nth, killed.signals = n+1, []syscall.Signal{syscall.SIGKILL}
			seconds = append(seconds, fails, killed)
		}
		next.calls, next.errno = kind, syscall.EIO
		seconds = append(seconds, next)
		var lost atomic.Int64
		each(len(seconds), func(i int) {
			if err := w.survives(t, first, seconds[i]); err != nil {
				lost.Add(1)
				t.Error(err)
			}
		})
		t.Logf("%v: %d second faults, %d sessions lost", first, len(seconds), lost.Load())
	}
}

// needsTracing skips a test where the kernel refuses ptrace(2).
func needsTracing(t *testing.T) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	c := exec.Command("true")
	c.Stdin, c.Stdout, c.Stderr = null, null, null
	if _, err = (&tracer{under: "/nonexistent"}).run(c); err != nil {
		notTested(t, err)
	}
}
