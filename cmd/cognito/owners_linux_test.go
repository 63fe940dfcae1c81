package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// The ids of the user that runs the tool in these tests, and of another user.
const (
	userID  = 4711
	otherID = 4712
)

// needsRoot skips tests that cannot change the owners of files.
func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can run the tool as several users")
	}
}

// runAs runs the tool as a process of a user.
func (m *machine) runAs(t *testing.T, uid int, args ...string) (code int, out string) {
	t.Helper()
	c := m.process(t, args...)
	tool := filepath.Join(m.dir, "tool")
	if info, err := os.Stat(c.Path); err != nil {
		t.Fatal(err)
	} else if info.Mode()&0o001 != 0 {
		os.Link(c.Path, tool) // fails on another file system
	}
	if _, err := os.Stat(tool); err != nil {
		data, err := os.ReadFile(c.Path)
		if err != nil {
			t.Fatal(err)
		}
		writeProgram(t, tool, data)
	}
	c.Path, c.Dir = tool, "/"
	c.Stdin = strings.NewReader(cognitotest.ExamplePassword + "\n")
	id := uint32(uid)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	text, err := c.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(text)
}

// own gives a tree of files to a user.
func own(t *testing.T, root string, uid int) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, uid))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// owned returns a machine on which userID has signed in.
func owned(t *testing.T) *machine {
	t.Helper()
	needsRoot(t)
	m := newMachine(t)
	// t.TempDir has made two directories, and the outer one for root alone.
	err := errors.Join(os.Chmod(filepath.Dir(m.dir), 0o755), os.Chmod(m.dir, 0o755))
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(m.dir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	own(t, home, userID)
	own(t, m.settings["COGNITO_CONFIG"], userID)
	m.settings["HOME"] = home
	m.settings["XDG_STATE_HOME"] = filepath.Join(home, "state")
	m.settings["COGNITO_STATE_DIR"] = filepath.Join(home, "state", "cognito")
	if code, out := m.runAs(t, userID, "login", "-user", "ada"); code != 0 {
		t.Fatalf("login: exit %d: %s", code, out)
	}
	return m
}

// Files that another user owns or can write to are refused, with their path and the repair.
func TestForeignFiles(t *testing.T) {
	needsRoot(t)
	step := longtest.Step(t, 4)
	for i, test := range []struct {
		name string
		harm func(m *machine, state, record string) (path string, err error)
		want string
	}{
		{
			name: "state directory of another user",
			harm: func(_ *machine, state, _ string) (string, error) {
				return state, os.Chown(state, otherID, otherID)
			},
			want: "belongs to " + strconv.Itoa(otherID),
		},
		{
			name: "state directory of root",
			harm: func(_ *machine, state, _ string) (string, error) {
				return state, os.Chown(state, 0, 0)
			},
			want: "belongs to root: if you trust it, run sudo chown " + strconv.Itoa(userID),
		},
		{
			name: "state directory that a group can write to",
			harm: func(_ *machine, state, _ string) (string, error) {
				return state, os.Chmod(state, 0o770)
			},
			want: "run chmod 700 ",
		},
		{
			name: "link of another user to the state directory",
			harm: func(_ *machine, state, _ string) (string, error) {
				err := errors.Join(os.Rename(state, state+"2"), os.Symlink(state+"2", state),
					os.Lchown(state, otherID, otherID))
				return state, err
			},
			want: "belongs to " + strconv.Itoa(otherID),
		},
		{
			name: "record of another user",
			harm: func(_ *machine, _, record string) (string, error) {
				return record, os.Chown(record, otherID, otherID)
			},
			want: "belongs to " + strconv.Itoa(otherID),
		},
		{
			name: "record of another user that all can read",
			harm: func(_ *machine, _, record string) (string, error) {
				return record, errors.Join(os.Chown(record, otherID, otherID),
					os.Chmod(record, 0o644))
			},
			want: "belongs to " + strconv.Itoa(otherID),
		},
		{
			name: "record that a group can write to",
			harm: func(_ *machine, _, record string) (string, error) {
				return record, os.Chmod(record, 0o660)
			},
			want: "run chmod go-w ",
		},
		{
			name: "record that is a link",
			harm: func(m *machine, _, record string) (string, error) {
				aside := filepath.Join(filepath.Dir(filepath.Dir(record)), "aside")
				err := errors.Join(os.Rename(record, aside), os.Symlink(aside, record))
				return record, err
			},
			want: "it is not a regular file",
		},
		{
			name: "lock that is a link",
			harm: func(_ *machine, _, record string) (string, error) {
				lock := strings.TrimSuffix(record, ".json") + ".lock"
				target := filepath.Join(filepath.Dir(filepath.Dir(record)), "target")
				return lock, errors.Join(os.Remove(lock), os.Symlink(target, lock))
			},
			want: "it is not a regular file",
		},
		{
			name: "lock of another user",
			harm: func(_ *machine, _, record string) (string, error) {
				lock := strings.TrimSuffix(record, ".json") + ".lock"
				return lock, os.Chown(lock, otherID, otherID)
			},
			want: "belongs to " + strconv.Itoa(otherID),
		},
		{
			name: "configuration of another user",
			harm: func(m *machine, _, _ string) (string, error) {
				path := m.settings["COGNITO_CONFIG"]
				return path, errors.Join(os.Chown(path, otherID, otherID), os.Chmod(path, 0o644))
			},
			want: "belongs to " + strconv.Itoa(otherID),
		},
		{
			name: "configuration that a group can write to",
			harm: func(m *machine, _, _ string) (string, error) {
				path := m.settings["COGNITO_CONFIG"]
				return path, os.Chmod(path, 0o620)
			},
			want: "run chmod go-w ",
		},
		{
			name: "configuration of root",
			harm: func(m *machine, _, _ string) (string, error) {
				path := m.settings["COGNITO_CONFIG"]
				return path, errors.Join(os.Chown(path, 0, 0), os.Chmod(path, 0o644))
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := owned(t)
			record, _ := filepath.Glob(filepath.Join(m.settings["COGNITO_STATE_DIR"], "*.json"))
			if len(record) != 1 {
				t.Fatalf("the state directory has the records %q", record)
			}
			path, err := test.harm(m, m.settings["COGNITO_STATE_DIR"], record[0])
			if err != nil {
				t.Fatal(err)
			}
			made := new(calls)
			m.fault.set(made.note)
			for j, command := range [][]string{
				{"login", "-user", "ada"},
				{"credentials", "-format", "process"},
				{"token"},
				{"logout"},
			} {
				if (i+j)%step != 0 {
					continue
				}
				if strings.HasPrefix(test.name, "lock") && command[0] == "token" {
					continue // it only reads, so it takes no lock
				}
				code, out := m.runAs(t, userID, command...)
				if test.want == "" {
					if code != 0 {
						t.Errorf("%q: exit %d: %s", command, code, out)
					}
					continue
				}
				if code != exitUsage || !strings.Contains(out, path) ||
					!strings.Contains(out, test.want) || strings.Count(out, "\n") != 1 {
					t.Errorf("%q: exit %d: %s, want %d with %s and %q", command, code, out,
						exitUsage, path, test.want)
				}
			}
			if test.want != "" && len(made.names) > 0 {
				t.Errorf("the tool has sent %v", made.names)
			}
			target := filepath.Join(m.settings["XDG_STATE_HOME"], "target")
			if _, err := os.Lstat(target); err == nil {
				t.Error("the tool has followed a link")
			}
		})
	}
}

// Under "sudo -E", the tool refuses to write into the user's directories, and changes nothing.
func TestSudoKeepsOwner(t *testing.T) {
	m := owned(t)
	config := m.settings["COGNITO_CONFIG"] // of the administrator
	if err := errors.Join(os.Chown(config, 0, 0), os.Chmod(config, 0o644)); err != nil {
		t.Fatal(err)
	}
	home := m.settings["HOME"]
	fresh := filepath.Join(home, "fresh")
	list := func() string {
		var all []string
		err := filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil && int(info.Sys().(*syscall.Stat_t).Uid) != userID {
				t.Errorf("%s belongs to another user", path)
			}
			all = append(all, path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(all, " ")
	}
	before := list()
	for _, test := range []struct {
		name     string
		settings map[string]string
		args     []string
	}{
		{name: "session", args: []string{"login", "-user", "ada"}},
		{name: "logout", args: []string{"logout"}},
		{
			name:     "no directory yet",
			settings: map[string]string{"COGNITO_STATE_DIR": filepath.Join(fresh, "state")},
			args:     []string{"login", "-user", "ada"},
		},
		{
			name:     "no configuration yet",
			settings: map[string]string{"COGNITO_CONFIG": filepath.Join(fresh, "config.json")},
			args:     []string{"configure", "-user-pool-id", "us-east-1_A", "-client-id", "a"},
		},
		{name: "no profile yet", args: []string{"profile"}},
	} {
		was := map[string]string{}
		for name, value := range test.settings {
			was[name], m.settings[name] = m.settings[name], value
		}
		code, out := m.runAs(t, 0, test.args...)
		if code != exitUsage || !strings.Contains(out, "belongs to "+strconv.Itoa(userID)) ||
			!strings.Contains(out, "without sudo") {
			t.Errorf("%s: exit %d: %s", test.name, code, out)
		}
		for name, value := range was {
			m.settings[name] = value
		}
	}
	if after := list(); after != before {
		t.Errorf("the directory has %s, want %s", after, before)
	}
	if code, out := m.runAs(t, userID, "credentials"); code != 0 {
		t.Errorf("credentials: exit %d: %s", code, out)
	}
}

// A profile that is replaced keeps the owner of its file, and the target of a link.
func TestProfileKeepsOwner(t *testing.T) {
	needsRoot(t)
	m := newMachine(t)
	real := m.write(t, "real", "[a]\n")
	link := filepath.Join(m.dir, "link")
	err := errors.Join(os.Chown(real, userID, otherID), os.Chmod(real, 0o640),
		os.Symlink("real", link))
	if err != nil {
		t.Fatal(err)
	}
	m.settings["AWS_CONFIG_FILE"] = link
	m.must(t, "", "profile")
	info, err := os.Lstat(real)
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	if stat.Uid != userID || stat.Gid != otherID || info.Mode() != 0o640 || info.Size() < 10 {
		t.Errorf("profile leaves owner %d:%d, mode %v and %d bytes", stat.Uid, stat.Gid,
			info.Mode(), info.Size())
	}
	if to, err := os.Readlink(link); to != "real" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}

// writeProgram writes a program that can run at once. A process that another test starts meanwhile
// would inherit the open file, with which the system does not run the program (Go issue 22315).
func writeProgram(t testing.TB, path string, data []byte) {
	t.Helper()
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, data, 0o700)
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = os.Chmod(path, 0o755) // without the umask
	}
	if err != nil {
		t.Fatal(err)
	}
}
