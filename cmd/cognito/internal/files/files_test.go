package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// put writes a file.
func put(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// names returns the names in a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return strings.Join(all, " ")
}

// set returns a change to text.
func set(text string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(text), nil }
}

// quiet discards notices.
func quiet(string, ...any) {}

// update calls [Target.Update].
func update(
	t *testing.T, path string, mode fs.FileMode, change func([]byte) ([]byte, error),
) error {
	t.Helper()
	target := Target{Path: path, Limit: 1 << 20, Mode: mode, Note: quiet}
	return target.Update(t.Context(), change)
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "12345", 0o600)
	if got, err := Read(path, 5); err != nil || string(got) != "12345" {
		t.Errorf("Read(path, 5) = %q, %v, want 12345, nil", got, err)
	}
	if _, err := Read(path, 4); err == nil || !strings.Contains(err.Error(), "more than 4 bytes") {
		t.Errorf("Read(path, 4) = %v, want an error that names the limit", err)
	}
	if _, err := Read(path+"x", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read of a missing file = %v, want %v", err, fs.ErrNotExist)
	}
}

func TestUpdate(t *testing.T) {
	fail := errors.New("failed")
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		mode    fs.FileMode
		change  func([]byte) ([]byte, error)
		want    string // the content
		has     fs.FileMode
		err     error
	}{
		{
			name:    "a new file",
			prepare: func(*testing.T, string) {},
			change:  set("new"),
			want:    "new",
			has:     0o600,
		},
		{
			name:    "an old file keeps its mode",
			prepare: func(t *testing.T, path string) { put(t, path, "old", 0o640) },
			change:  func(old []byte) ([]byte, error) { return append(old, " new"...), nil },
			want:    "old new",
			has:     0o640,
		},
		{
			name:    "a mode",
			prepare: func(t *testing.T, path string) { put(t, path, "old", 0o644) },
			mode:    0o600,
			change:  set("new"),
			want:    "new",
			has:     0o600,
		},
		{
			name:    "only a mode",
			prepare: func(t *testing.T, path string) { put(t, path, "old", 0o644) },
			mode:    0o600,
			change:  set("old"),
			want:    "old",
			has:     0o600,
		},
		{
			name:    "a change that fails",
			prepare: func(t *testing.T, path string) { put(t, path, "old", 0o600) },
			change:  func([]byte) ([]byte, error) { return []byte("new"), fail },
			want:    "old",
			has:     0o600,
			err:     fail,
		},
		{
			name: "files of killed processes",
			prepare: func(t *testing.T, path string) {
				put(t, path, "old", 0o600)
				put(t, filepath.Join(filepath.Dir(path), "file.123.new"), "secret", 0o600)
				put(t, filepath.Join(filepath.Dir(path), "file.lock"), "", 0o600)
			},
			change: set("new"),
			want:   "new",
			has:    0o600,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file.json")
			test.prepare(t, path)
			err := update(t, path, test.mode, test.change)
			if !errors.Is(err, test.err) {
				t.Errorf("Update() = %v, want %v", err, test.err)
			}
			got, err := os.ReadFile(path)
			if err != nil || string(got) != test.want {
				t.Errorf("the file has %q, %v, want %q", got, err, test.want)
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode() != test.has && runtime.GOOS != "windows" {
				t.Errorf("the file has mode %v, %v, want %v", info.Mode(), err, test.has)
			}
			if got := names(t, dir); got != "file.json" && runtime.GOOS != "windows" {
				t.Errorf("the directory has %s, want file.json", got)
			}
		})
	}
}

// Files of users whose names are similar to those of new files are not deleted.
func TestUpdateKeepsOtherFiles(t *testing.T) {
	dir := t.TempDir()
	others := []string{"file.backup.new", "file.new", "file.1.old", "file2.1.new", "xfile.1.new"}
	for _, name := range others {
		put(t, filepath.Join(dir, name), "", 0o600)
	}
	if err := update(t, filepath.Join(dir, "file"), 0, set("new")); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(others, "file") {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestUpdateLinks(t *testing.T) {
	dir := t.TempDir()
	link, dangling := filepath.Join(dir, "link"), filepath.Join(dir, "dangling")
	put(t, filepath.Join(dir, "real"), "old", 0o600)
	err := errors.Join(os.Symlink("real", link), os.Symlink("none", dangling))
	if _, missing := os.Readlink(link); err == nil {
		err = missing // Wine creates a link, but does not follow it
	}
	if err != nil {
		t.Skipf("SKIPPED: this system has no symbolic links: %v", err)
	}
	if err := update(t, link, 0, set("new")); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != "real" {
		t.Errorf("the link leads to %q, %v, want real", to, err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "real")); err != nil || string(got) != "new" {
		t.Errorf("the file has %q, %v, want new", got, err)
	}
	for _, path := range []string{dangling, dir, os.DevNull} {
		if err := update(t, path, 0, set("new")); !errors.Is(err, ErrUnfit) {
			t.Errorf("Update(%s) = %v, want %v", path, err, ErrUnfit)
		}
	}
}

// A file that appears while Update looks for it is an ordinary file.
func TestUpdateAppearing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	done := make(chan bool)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				os.WriteFile(path, []byte("same"), 0o600) // may fail on Windows
				os.Remove(path)
			}
		}
	})
	keep := func(old []byte) ([]byte, error) { return old, nil }
	for range 300 {
		if err := update(t, path, 0, keep); errors.Is(err, ErrUnfit) {
			t.Error(err)
		}
	}
	close(done)
	running.Wait()
}

// Concurrent updates lose nothing, although each removes the lock at its end.
func TestUpdateConcurrent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	var running sync.WaitGroup
	const workers, rounds = 8, 20
	for worker := range workers {
		running.Go(func() {
			for round := range rounds {
				line := fmt.Sprintf("%d %d\n", worker, round)
				err := update(t, path, 0, func(old []byte) ([]byte, error) {
					return append(slices.Clone(old), line...), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	text, err := os.ReadFile(path)
	if n := strings.Count(string(text), "\n"); err != nil || n != workers*rounds {
		t.Errorf("the file has %d lines, %v, want %d", n, err, workers*rounds)
	}
	if got := names(t, dir); got != "file" && runtime.GOOS != "windows" {
		t.Errorf("the directory has %s, want file", got)
	}
}

func TestLockBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	lock, err := Lock(t.Context(), path, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = Lock(ctx, path, quiet)
	if !errors.Is(err, ErrBusy) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock() of a locked file = %v, want %v", err, ErrBusy)
	}
	lock.Close()
	if lock, err = Lock(t.Context(), path, quiet); err != nil {
		t.Fatalf("Lock() of a released file = %v", err)
	}
	lock.Close()
}

// A lock that was removed between its opening and its locking does not count.
func TestCurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.lock")
	lock, err := Lock(t.Context(), path, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if got, err := current(lock); err != nil || !got {
		t.Errorf("current() of a new lock = %t, %v, want true, nil", got, err)
	}
	if err := os.Remove(path); err != nil {
		t.Skipf("SKIPPED: this system keeps open files: %v", err)
	}
	if got, err := current(lock); err != nil || got {
		t.Errorf("current() of a removed lock = %t, %v, want false, nil", got, err)
	}
	put(t, path, "", 0o600)
	if got, err := current(lock); err != nil || got {
		t.Errorf("current() of a replaced lock = %t, %v, want false, nil", got, err)
	}
}
