package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// cost runs a program to its end and returns what it printed, its processor time, and the most
// memory that was resident.
//
// The memory that wait4(2) reports includes that of the process that started the program. So a full
// pipe blocks the program's output, and the memory used until then is read from proc_pid_status(5).
func cost(
	t testing.TB, env []string, command ...string,
) (out string, cpu time.Duration, peak float64) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	const getPipeSize = 1032 // F_GETPIPE_SZ (fcntl(2))
	capacity, _, errno := syscall.Syscall(syscall.SYS_FCNTL, r.Fd(), getPipeSize, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	if _, err := w.Write(make([]byte, capacity)); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	c.Env, c.Stdout, c.Stderr = env, w, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	// the system call and its first argument, standard output
	writing := fmt.Sprintf("%d 0x1 ", syscall.SYS_WRITE)
	process := fmt.Sprintf("/proc/%d", c.Process.Pid)
	for deadline := time.Now().Add(30 * time.Second); peak == 0; time.Sleep(time.Millisecond) {
		threads, _ := filepath.Glob(process + "/task/*/syscall")
		for _, thread := range threads {
			if in, _ := os.ReadFile(thread); strings.HasPrefix(string(in), writing) {
				status, _ := os.ReadFile(process + "/status")
				_, after, _ := strings.Cut(string(status), "VmHWM:")
				fmt.Sscanf(after, "%f", &peak)
			}
		}
		if len(threads) == 0 || time.Now().After(deadline) {
			c.Process.Kill()
			c.Wait()
			t.Fatalf("it does not write: %s", &stderr)
		}
	}
	printed := make([]byte, capacity+4096)
	if _, err := io.ReadFull(r, printed[:capacity]); err != nil {
		t.Fatal(err)
	}
	err = c.Wait()
	n, _ := r.Read(printed)
	if err != nil || n == 0 {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return string(printed[:n]), c.ProcessState.UserTime() + c.ProcessState.SystemTime(),
		peak / 1000 * 1.024
}

// cachedCost is the cost of answering what credential_process asks, from what is kept.
func cachedCost(t testing.TB) func() (cpu time.Duration, peak float64) {
	m := newMachine(t)
	program := built(t)
	env := m.process(t).Env
	login := exec.CommandContext(t.Context(), program, "login", "-user", cognitotest.ExampleUser)
	login.Env, login.Stdin = env, strings.NewReader(cognitotest.ExamplePassword+"\n")
	if out, err := login.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	first, _, _ := cost(t, env, program, "credentials", "-format", "process")
	return func() (time.Duration, float64) {
		again, cpu, peak := cost(t, env, program, "credentials", "-format", "process")
		if again != first || !strings.HasPrefix(again, `{"Version":1,`) {
			t.Fatal("the answer is another one")
		}
		return cpu, peak
	}
}

// The SDKs run the tool before each of their own runs: it must be small.
func TestCachedCredentialsAreSmall(t *testing.T) {
	run := cachedCost(t)
	cpu, peak := run()
	t.Logf("%v of processor time, %.1f MB", cpu, peak)
	most := 15.0
	if !longtest.Enabled(t, "the program is this test, which needs more memory") {
		most = 50 // also with -race
	}
	if peak >= most || peak < 1 {
		t.Errorf("%.1f MB were resident, want less than %.0f", peak, most)
	}
}

// BenchmarkCachedCredentials is the whole process.
func BenchmarkCachedCredentials(b *testing.B) {
	run := cachedCost(b)
	var cpu time.Duration
	var most float64
	for b.Loop() {
		c, peak := run()
		cpu += c
		most = max(most, peak)
	}
	b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(most, "peak-MB")
}
