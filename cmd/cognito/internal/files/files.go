// Package files reads bounded files, and replaces files atomically under a lock.
//
// A new file NAME.*.new is written beside the old one and then takes its name. Other processes
// therefore see the old or the new content. [Target.Update] does all of this for a file that
// users may also edit. The parts are for callers that need control over each step:
//
//	lock, err := files.Lock(ctx, path, note) // waits for other processes
//	file, err := files.Create(path)          // NAME.*.new
//	err = files.Rehearse(path)               // makes sure that Rename can succeed
//	err = files.Reserve(file, size)          // makes sure that the disk has space
//	err = files.Write(file, data)            // also syncs and closes the file
//	err = files.Rename(file.Name(), path)
//	err = files.Sync(filepath.Dir(path))
//	err = lock.Close()
package files

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Read reads a file, and returns an error if it has more than most bytes.
func Read(path string, most int64) ([]byte, error) {
	return read(path, most, os.Open)
}

// ReadTrusted is Read for a file that says where secrets are sent. It returns an error if a user
// other than this one and root can write to the file.
func ReadTrusted(path string, most int64) ([]byte, error) {
	return read(path, most, func(path string) (*os.File, error) {
		return open(path, os.O_RDONLY, false)
	})
}

// ReadOwn is Read for a file that only this program writes. It follows no link, and returns an
// error if another user can write to the file.
func ReadOwn(path string, most int64) ([]byte, error) {
	return read(path, most, func(path string) (*os.File, error) {
		return openOwn(path, os.O_RDONLY)
	})
}

func read(
	path string, most int64, open func(string) (*os.File, error),
) (data []byte, err error) {
	err = patient(func() error {
		file, err := open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		var text bytes.Buffer
		if info, err := file.Stat(); err == nil && info.Size() <= most {
			text.Grow(int(info.Size()) + bytes.MinRead)
		}
		_, err = text.ReadFrom(io.LimitReader(file, most+1))
		data = text.Bytes()
		return err
	})
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s: the file has more than %d bytes", path, most)
	}
	return data, err
}

// parts returns the directory of path, and its name without an extension.
func parts(path string) (dir, stem string) {
	dir, name := filepath.Split(path)
	return filepath.Clean(dir), strings.TrimSuffix(name, filepath.Ext(name))
}

// Create creates a new file of mode 0600 that will replace path.
func Create(path string) (*os.File, error) {
	dir, stem := parts(path)
	return os.CreateTemp(dir, stem+".*.new")
}

// New returns the new files that were created to replace path and still exist. If the lock of path
// is held, processes that were killed have left them.
func New(path string) (paths []string, err error) {
	dir, stem := parts(path)
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		rest, begins := strings.CutPrefix(entry.Name(), stem+".")
		number, ends := strings.CutSuffix(rest, ".new")
		if begins && ends && number != "" && strings.Trim(number, "0123456789") == "" {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths, err
}

// Reserve fills the first size bytes of a new file with line ends, and syncs the file and its name.
// Writing at most size bytes then needs no more space.
func Reserve(file *os.File, size int) error {
	_, err := file.WriteAt(bytes.Repeat([]byte("\n"), size), 0)
	return cmp.Or(err, file.Sync(), Sync(filepath.Dir(file.Name())))
}

// Write sets the content of a new file, and syncs and closes it.
func Write(file *os.File, data []byte) error {
	_, err := file.WriteAt(data, 0)
	if err != nil {
		file.Truncate(0) // free the space: some file systems do not write in place
	} else {
		file.Truncate(int64(len(data))) // if it fails, reserved line ends remain
		err = file.Sync()
	}
	return cmp.Or(err, file.Close())
}

// Rename moves a new file to the path for which it was created. It does not sync the directory.
func Rename(file, path string) error {
	return patient(func() error { return os.Rename(file, path) })
}

// Rehearse returns an error if [Rename] cannot replace the file at path. On Windows, it cannot
// while another program holds the file open without FILE_SHARE_DELETE, as scanners and editors do.
func Rehearse(path string) error {
	if runtime.GOOS != "windows" {
		return nil
	}
	// Renaming the file to its own name needs the same access to it, and changes nothing.
	err := Rename(path, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		err = fmt.Errorf("%w: close the program that holds the file open", err)
	}
	return err
}

// A Target is a file that users may also edit.
type Target struct {
	Path    string
	Limit   int64       // the maximum size of the old content in bytes
	Mode    fs.FileMode // the new mode; if it is 0, a file keeps its mode, and a new one has 0600
	Trusted bool        // read it with ReadTrusted
	// Note receives notices for the user.
	Note func(format string, args ...any)
}

// Update replaces the file with the result of change. The argument of change is the old content,
// or nil if the file is missing. The file keeps its owner and group.
//
// Update follows symbolic links, and holds a lock. It removes what killed processes have left. If
// nothing changes, it writes nothing.
func (t Target) Update(ctx context.Context, change func([]byte) ([]byte, error)) error {
	path := t.Path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	} else if link, _ := os.Lstat(path); link != nil && link.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s %w: it is a dangling symbolic link: %w", path, ErrUnfit, err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s %w: it is not a regular file", path, ErrUnfit)
	}
	if err := MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	lock, err := Lock(ctx, path, t.Note)
	if err != nil {
		return err
	}
	defer lock.Close()
	defer os.Remove(lock.Name())
	left, err := New(path)
	if err != nil {
		return err
	}
	for _, name := range left {
		os.Remove(name)
	}
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	read := Read
	if t.Trusted {
		read = ReadTrusted
	}
	before, err := read(path, t.Limit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	after, err := change(before)
	if err != nil || bytes.Equal(before, after) &&
		(t.Mode == 0 || info == nil || t.Mode == info.Mode().Perm()) {
		return err
	}
	file, err := Create(path)
	if err != nil {
		return err
	}
	if err = cmp.Or(t.dress(file, info), Write(file, after)); err == nil {
		err = Rename(file.Name(), path)
	}
	if err != nil {
		file.Close()
		os.Remove(file.Name())
		return err
	}
	return Sync(filepath.Dir(path))
}

// dress sets the owner, group and mode of a new file. old describes the file that it will replace,
// if it is not nil.
func (t Target) dress(file *os.File, old fs.FileInfo) error {
	if old == nil {
		return file.Chmod(cmp.Or(t.Mode, 0o600))
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	uid, gid, _ := owner(old)
	if is, of, _ := owner(info); is != uid || of != gid {
		if err := file.Chown(uid, gid); err != nil {
			return fmt.Errorf("%s %w: its owner or group would change: %w", t.Path, ErrUnfit, err)
		}
	}
	return file.Chmod(cmp.Or(t.Mode, old.Mode().Perm()))
}

// patient calls do. On Windows, it retries for a second, because operations fail there while
// another process reads or replaces the same file: package os opens files without
// FILE_SHARE_DELETE.
func patient(do func() error) error {
	err := do()
	for wait := time.Millisecond; runtime.GOOS == "windows" && err != nil &&
		!errors.Is(err, fs.ErrNotExist) && wait < time.Second; wait *= 2 {
		time.Sleep(wait)
		err = do()
	}
	return err
}

// Sync syncs a file, or the names in a directory, to the disk. It ignores that Windows and some
// file systems cannot sync directories.
func Sync(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	err = file.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}
