package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// notice is how long Lock waits before it writes a notice.
	notice = 2 * time.Second
	// patience is how long Lock waits: a minute longer than a process takes, at most, to refresh
	// tokens and to store them.
	patience = 3*time.Minute + 10*time.Second
)

// ErrBusy reports that another process held the lock for too long.
var ErrBusy = errors.New("another process of this program is busy")

// Lock waits for the lock of the file at path. The lock is another file, NAME.lock, which names the
// process that holds it. Closing it, or the end of the process, releases the lock. After two
// seconds, Lock calls note with the name of the process.
func Lock(
	ctx context.Context, path string, note func(format string, args ...any),
) (*os.File, error) {
	dir, stem := parts(path)
	name := filepath.Join(dir, stem+".lock")
	begun, told := time.Now(), false
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		var file *os.File
		err := patient(func() (err error) {
			file, err = openOwn(name, os.O_CREATE|os.O_RDWR)
			return err
		})
		if err != nil {
			return nil, err
		}
		locked, err := tryLock(file)
		if locked {
			locked, err = current(file)
		}
		if locked {
			if err := writeHolder(file); err != nil {
				file.Close()
				return nil, err
			}
			return file, nil
		}
		other := readHolder(file)
		file.Close()
		if err != nil {
			return nil, err
		}
		switch waited := time.Since(begun); {
		case waited > patience:
			return nil, fmt.Errorf("%w with %s: %s has held the lock for %v: resume or end it, "+
				"and try again", ErrBusy, path, other, waited.Round(time.Second))
		case waited > notice && !told:
			note("waiting for %s, which holds %s", other, name)
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w with %s (%s): %w", ErrBusy, path, other, ctx.Err())
		case <-time.After(wait):
		}
	}
}

// mark begins the text in a lock. Its first byte cannot be read on Windows while the lock is held.
const mark = "#process "

// writeHolder writes the number and the command of this process into a lock. A full disk is not an
// error. The file of another program is an error, and is not overwritten.
func writeHolder(lock *os.File) error {
	old, err := io.ReadAll(io.NewSectionReader(lock, 0, int64(len(mark))))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(mark, string(old)) {
		return fmt.Errorf("%s %w as a lock: another program has written it", lock.Name(), ErrUnfit)
	}
	command := filepath.Base(os.Args[0])
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		command += " " + os.Args[1]
	}
	text := fmt.Sprintf("%s%d (%.100s)\n", mark, os.Getpid(), command)
	if _, err := lock.WriteAt([]byte(text), 0); err == nil {
		lock.Truncate(int64(len(text)))
	}
	return nil
}

// readHolder returns a description of the process that holds a lock.
func readHolder(lock *os.File) string {
	text, _ := io.ReadAll(io.NewSectionReader(lock, 1, 200))
	line, _, complete := strings.Cut(string(text), "\n")
	if !complete || !strings.HasPrefix(line, mark[1:]) {
		return "another process"
	}
	return line
}

// current reports whether file still has its name. It does not if [Target.Update] has removed it.
func current(file *os.File) (bool, error) {
	one, err := file.Stat()
	if err != nil {
		return false, err
	}
	other, err := os.Stat(file.Name())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(one, other), err
}
