//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package files

import (
	"errors"
	"os"
)

// tryLock returns an error: this system has no supported file locks.
func tryLock(*os.File) (bool, error) {
	return false, errors.New("file locks are unsupported on this operating system: use -no-store")
}
