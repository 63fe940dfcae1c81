package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stranger is the number of a user that other tests do not use.
const stranger = 4242

// give makes another user the owner of a file. The test is skipped if this user is not root.
func give(t *testing.T, path string, uid, gid int) {
	t.Helper()
	if runtime.GOOS == "windows" || os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can give files to another user")
	}
	if err := os.Lchown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

func TestTrust(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: this system has no owners and modes")
	}
	type reader func(path string) error
	trusted := func(path string) error {
		_, err := ReadTrusted(path, 100)
		return err
	}
	own := func(path string) error {
		_, err := ReadOwn(path, 100)
		return err
	}
	lock := func(path string) error {
		file, err := openOwn(path, os.O_CREATE|os.O_RDWR)
		if err == nil {
			file.Close()
		}
		return err
	}
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		read    []reader
		want    error
		says    string
	}{
		{
			name:    "mine",
			prepare: func(t *testing.T, path string) { put(t, path, "", 0o644) },
			read:    []reader{trusted, own, lock},
		},
		{
			name:    "group",
			prepare: func(t *testing.T, path string) { put(t, path, "", 0o664) },
			read:    []reader{trusted, own, lock},
			want:    ErrExposed,
			says:    "run chmod go-w ",
		},
		{
			name:    "others",
			prepare: func(t *testing.T, path string) { put(t, path, "", 0o602) },
			read:    []reader{trusted, own, lock},
			want:    ErrExposed,
			says:    "(mode 0602)",
		},
		{
			name: "another owner",
			prepare: func(t *testing.T, path string) {
				put(t, path, "", 0o600)
				give(t, path, stranger, -1)
			},
			read: []reader{trusted, own, lock},
			want: ErrExposed,
			says: "it belongs to 4242: run this program as that user, without sudo",
		},
		{
			name: "a link to my file",
			prepare: func(t *testing.T, path string) {
				put(t, path+"2", "", 0o600)
				if err := os.Symlink(path+"2", path); err != nil {
					t.Fatal(err)
				}
			},
			read: []reader{own, lock},
			want: ErrUnfit,
			says: "it is not a regular file: remove it",
		},
		{
			name: "a dangling link",
			prepare: func(t *testing.T, path string) {
				if err := os.Symlink(path+"2", path); err != nil {
					t.Fatal(err)
				}
			},
			read: []reader{own, lock},
			want: ErrUnfit,
		},
		{
			name: "a link to another user's file",
			prepare: func(t *testing.T, path string) {
				put(t, path+"2", "", 0o600)
				give(t, path+"2", stranger, -1)
				if err := os.Symlink(path+"2", path); err != nil {
					t.Fatal(err)
				}
			},
			read: []reader{trusted},
			want: ErrExposed,
		},
		{
			name: "a device that all can write to",
			prepare: func(t *testing.T, path string) {
				if err := os.Symlink(os.DevNull, path); err != nil {
					t.Fatal(err)
				}
			},
			read: []reader{trusted},
		},
		{
			name: "a directory",
			prepare: func(t *testing.T, path string) {
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			},
			read: []reader{own, lock},
			want: ErrUnfit,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			test.prepare(t, path)
			for i, read := range test.read {
				err := read(path)
				if !errors.Is(err, test.want) {
					t.Errorf("reader %d: %v, want %v", i, err, test.want)
				} else if err != nil && (!strings.Contains(err.Error(), test.says) ||
					!strings.Contains(err.Error(), path)) {
					t.Errorf("reader %d: %v, want %s and %q", i, err, path, test.says)
				}
			}
			if _, err := os.Stat(path + "2"); test.name == "a dangling link" && err == nil {
				t.Error("the target of the link was created")
			}
		})
	}
}

// Root neither creates nor replaces anything in the directory of another user.
func TestMakeDir(t *testing.T) {
	home := t.TempDir()
	put(t, filepath.Join(home, "file"), "old", 0o600)
	give(t, home, stranger, -1)
	for _, dir := range []string{home, filepath.Join(home, "a"), filepath.Join(home, "a", "b")} {
		if err := MakeDir(dir); !errors.Is(err, ErrExposed) {
			t.Errorf("MakeDir(%s) = %v, want %v", dir, err, ErrExposed)
		}
		err := update(t, filepath.Join(dir, "file"), 0, set("new"))
		if !errors.Is(err, ErrExposed) {
			t.Errorf("Update() in %s = %v, want %v", dir, err, ErrExposed)
		}
	}
	if got := names(t, home); got != "file" {
		t.Errorf("the directory has %s, want file", got)
	}
}

// A replaced file keeps its owner and group.
func TestUpdateKeepsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "old", 0o640)
	give(t, path, stranger, stranger+1)
	if err := update(t, path, 0, set("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if uid, gid, _ := owner(info); uid != stranger || gid != stranger+1 || info.Mode() != 0o640 {
		t.Errorf("Update() leaves owner %d, group %d and mode %v, want %d, %d and 0640", uid, gid,
			info.Mode(), stranger, stranger+1)
	}
}

// Files of killed processes are removed even if nothing changes.
func TestUpdateCleans(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	put(t, path, "same", 0o600)
	put(t, filepath.Join(dir, "file.1.new"), "secret", 0o600)
	if err := update(t, path, 0o600, set("same")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "file" && runtime.GOOS != "windows" {
		t.Errorf("Update() leaves %s, want file", got)
	}
}

// Two seconds after its start, Lock names the process that it waits for. It does not wait forever.
func TestLockWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	lock, err := Lock(t.Context(), path, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	process := fmt.Sprintf("process %d (%s", os.Getpid(), filepath.Base(os.Args[0]))
	synctest.Test(t, func(t *testing.T) {
		var said []string
		begun := time.Now()
		_, err := Lock(t.Context(), path, func(format string, args ...any) {
			said = append(said, fmt.Sprintf(format, args...))
			if waited := time.Since(begun); waited < notice || waited > notice+time.Second {
				t.Errorf("Lock() writes a notice after %v, want %v", waited, notice)
			}
		})
		waited := time.Since(begun)
		if !errors.Is(err, ErrBusy) || errors.Is(err, context.DeadlineExceeded) ||
			waited < patience || waited > patience+time.Second {
			t.Errorf("Lock() = %v after %v, want %v after %v", err, waited, ErrBusy, patience)
		}
		if runtime.GOOS != "windows" && !strings.Contains(err.Error(), process) {
			t.Errorf("Lock() = %v, want %q", err, process)
		}
		if len(said) != 1 || !strings.Contains(said[0], process) ||
			!strings.Contains(said[0], lock.Name()) {
			t.Errorf("Lock() says %q, want %q and %s", said, process, lock.Name())
		}
	})
}

// The holder may be unknown, because the disk was full or the process was killed.
func TestHolder(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "another process"},
		{"#proc", "another process"},
		{"#process 12 (cogn", "another process"},
		{"#process 12 (cognito token)\n", "process 12 (cognito token)"},
		{"#process 12 (cognito)\nlonger)\n", "process 12 (cognito)"},
	} {
		path := filepath.Join(t.TempDir(), "file.lock")
		put(t, path, test.text, 0o600)
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := readHolder(file); got != test.want {
			t.Errorf("readHolder() of %q = %q, want %q", test.text, got, test.want)
		}
		file.Close()
		lock, err := Lock(t.Context(), path, quiet)
		if err != nil {
			t.Fatalf("Lock() with %q = %v", test.text, err)
		}
		self := fmt.Sprintf("process %d ", os.Getpid())
		if text := readHolder(lock); !strings.HasPrefix(text, self) {
			t.Errorf("readHolder() of a lock = %q, want this process", text)
		}
		lock.Close()
	}
}

// A file of another program that has the name of a lock is not overwritten.
func TestLockOfOthers(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"[[package]]\n", "# This file is generated\n", "#p!"} {
		put(t, filepath.Join(dir, "file.lock"), text, 0o600)
		_, err := Lock(t.Context(), filepath.Join(dir, "file.json"), quiet)
		if !errors.Is(err, ErrUnfit) {
			t.Errorf("Lock() over %q = %v, want %v", text, err, ErrUnfit)
		}
		got, err := os.ReadFile(filepath.Join(dir, "file.lock"))
		if string(got) != text {
			t.Errorf("Lock() leaves %q, %v, want %q", got, err, text)
		}
	}
}

// Concurrent processes get the lock one after the other, and none finds the holder's text in part.
func TestLockSigns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 20 {
				lock, err := Lock(t.Context(), path, quiet)
				if err != nil {
					t.Error(err)
					return
				}
				lock.Close()
			}
		})
	}
	running.Wait()
}

func TestHome(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: this system has other variables")
	}
	t.Setenv("HOME", "/from/variable")
	if got, err := Home(); got != "/from/variable" || err != nil {
		t.Errorf("Home() = %q, %v, want that of the variable", got, err)
	}
	t.Setenv("HOME", "")
	if got, err := Home(); !filepath.IsAbs(got) || err != nil || got == "/from/variable" {
		t.Errorf("Home() = %q, %v, want that of the user database", got, err)
	}
}
