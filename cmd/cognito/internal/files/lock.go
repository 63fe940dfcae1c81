package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ErrBusy reports that another process held the lock until the context ended.
var ErrBusy = errors.New("another process of this program is busy")

// Lock waits for the lock of the file at path. The lock is another file, NAME.lock. Closing it, or
// the end of the process, releases the lock.
func Lock(ctx context.Context, path string) (*os.File, error) {
	dir, stem := parts(path)
	name := filepath.Join(dir, stem+".lock")
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		locked, err := tryLock(file)
		if locked {
			locked, err = current(file)
		}
		if locked {
			return file, nil
		}
		file.Close()
		if err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w with %s: %w", ErrBusy, path, ctx.Err())
		case <-time.After(wait):
		}
	}
}

// current reports whether file still has its name. [Update] removes its lock.
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
