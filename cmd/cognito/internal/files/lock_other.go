//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package files

import (
	"errors"
	"io/fs"
	"os"
)

// tryLock returns an error: this system has no supported file locks.
func tryLock(*os.File) (bool, error) {
	return false, errors.New("file locks are unsupported on this operating system: use -no-store")
}

const noFollow = 0

// owner returns false: this system has other permissions.
func owner(fs.FileInfo) (uid, gid int, ok bool) { return 0, 0, false }
