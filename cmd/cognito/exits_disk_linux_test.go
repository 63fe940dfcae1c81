package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// namespaceVariable says that this process has a mount namespace of its own.
const namespaceVariable = "COGNITO_TEST_EXITS_NAMESPACE"

// testFullDisk fills the disk while a refresh is in flight. It does so on a small file system
// of its own.
func (w *workshop) testFullDisk(t *testing.T) {
	if os.Getenv(namespaceVariable) == "" {
		w.inNamespace(t)
		return
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		notTested(t, fmt.Errorf("mount: %w", err))
	}
	runs, commands := 1, []string{"credentials"}
	if fullExits() {
		runs, commands = 30, []string{"credentials", "token"}
	}
	for _, command := range commands {
		for _, of := range []string{"size=1m,nr_inodes=1000", "size=8m,nr_inodes=20"} {
			for _, at := range []stage{started, received, spent} {
				if at == spent && !fullExits() {
					continue
				}
				var y tally
				y.name = fmt.Sprintf("%s: disk (%s) filled at stage %s", command, of, at)
				for range runs {
					y.add(outcome{reached: true, err: w.fillsUp(command, of, at)})
				}
				y.check(t)
			}
		}
	}
}

// errNotReached is the error where a command did not come so far that anything was done to the
// disk.
var errNotReached = errors.New("no refresh")

// fillsUp runs a command while a file system fills up, once more while it is full, and checks
// the session when it has space again.
func (w *workshop) fillsUp(command, options string, at stage) error {
	home, err := os.MkdirTemp(w.dir, "home")
	if err != nil {
		return err
	}
	disk := filepath.Join(home, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("none", disk, "tmpfs", 0, options); err != nil {
		return err
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	s := w.stationAt(home, filepath.Join(disk, "state"))
	defer s.close()
	if err := s.signIn(); err != nil {
		return err
	}
	var once sync.Once
	filled := errNotReached
	fill := func() {
		once.Do(func() { filled = fillDisk(disk) })
	}
	if at == started {
		fill()
	}
	s.pool.watch(func(operation string, now stage) {
		if now == at {
			fill()
		}
	})
	code, out := s.run("", command)
	s.pool.watch(nil)
	if once.Do(func() {}); filled != nil {
		return fmt.Errorf("%w: exit %d: %s", filled, code, out)
	}
	if code, out := s.run("", "token"); code == exitSignIn {
		return fmt.Errorf("%w while the disk is full: %s", errLost, out)
	}
	if err := os.RemoveAll(filepath.Join(disk, "filler")); err != nil {
		return err
	}
	return s.works()
}

// fillDisk uses up a file system: its inodes with empty files, its space with one file.
func fillDisk(disk string) error {
	dir := filepath.Join(disk, "filler")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(dir, "space"))
	if err != nil {
		return err
	}
	defer file.Close()
	for page := make([]byte, 4096); err == nil; {
		_, err = file.Write(page)
	}
	for n := 0; n < 100 && errors.Is(err, syscall.ENOSPC); n++ {
		empty, full := os.Create(filepath.Join(dir, fmt.Sprint(n)))
		if full != nil {
			break
		}
		empty.Close()
	}
	if errors.Is(err, syscall.ENOSPC) {
		return nil
	}
	return err
}

// inNamespace runs this very test in a process that may mount file systems.
func (w *workshop) inNamespace(t *testing.T) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const only = "-test.run=^TestExits$/^full_disk$"
	c := exec.CommandContext(t.Context(), executable, "-test.v", only)
	c.Env = append(os.Environ(), namespaceVariable+"=1", toolVariable+"="+w.tool)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if id := os.Getuid(); id != 0 {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: id, Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := c.CombinedOutput()
	if c.Process == nil {
		notTested(t, fmt.Errorf("no mount namespace: %w", err))
	}
	switch {
	case err != nil:
		t.Errorf("%v: %s", err, out)
	case strings.Contains(string(out), "NOT TESTED"):
		t.Skipf("%s", out)
	default:
		t.Logf("%s", out)
	}
}

// testReadOnly takes the right to write to the state directory away while a refresh is in
// flight. The tool must not run as root for that.
func (w *workshop) testReadOnly(t *testing.T) {
	var owner *syscall.Credential
	if os.Getuid() == 0 {
		owner = &syscall.Credential{Uid: 65534, Gid: 65534}
		// t.TempDir has made two directories, and the outer one for root alone.
		if err := os.Chmod(filepath.Dir(w.dir), 0o755); err != nil {
			t.Fatal(err)
		}
		// The directory of the test binary is also for root alone.
		data, err := os.ReadFile(w.tool)
		if err != nil {
			t.Fatal(err)
		}
		w.tool = filepath.Join(w.dir, "tool")
		writeProgram(t, w.tool, data)
	}
	runs, commands := 1, []string{"credentials"}
	if fullExits() {
		runs, commands = 30, []string{"credentials", "token"}
	}
	for _, command := range commands {
		for _, at := range []stage{started, received, spent} {
			var y tally
			y.name = fmt.Sprintf("%s: directory read-only at stage %s", command, at)
			for range runs {
				y.add(outcome{reached: true, err: w.readOnly(t, owner, command, at)})
			}
			y.check(t)
		}
	}
}

// readOnly runs a command while the state directory becomes read-only, and checks the session
// when it is writable again.
func (w *workshop) readOnly(
	t *testing.T, owner *syscall.Credential, command string, at stage,
) error {
	s, err := w.newStation()
	if err != nil {
		return err
	}
	defer s.close()
	if s.owner = owner; owner != nil {
		err := filepath.WalkDir(s.home, func(path string, _ os.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, int(owner.Uid), int(owner.Gid)))
		})
		if err != nil {
			return err
		}
		if code, out := s.run("", "version"); code != 0 {
			notTested(t, fmt.Errorf("another user can't run the tool: %s", out))
		}
	}
	var once sync.Once
	protected := errNotReached
	protect := func() {
		once.Do(func() { protected = os.Chmod(s.state, 0o500) })
	}
	if at == started {
		protect()
	}
	s.pool.watch(func(operation string, now stage) {
		if now == at {
			protect()
		}
	})
	code, out := s.run("", command)
	s.pool.watch(nil)
	if once.Do(func() {}); protected != nil {
		return fmt.Errorf("%w: exit %d: %s", protected, code, out)
	}
	if code, out := s.run("", "token"); code == exitSignIn {
		return fmt.Errorf("%w while the directory is read-only: %s", errLost, out)
	}
	if err := os.Chmod(s.state, 0o700); err != nil {
		return err
	}
	return s.works()
}
