//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package files

import (
	"os"
	"syscall"
)

// tryLock acquires an advisory lock (flock(2)), and reports whether it did. It returns false if
// another process holds the lock. Closing f or the end of the process releases the lock.
func tryLock(f *os.File) (bool, error) {
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
	case nil:
		return true, nil
	case syscall.EWOULDBLOCK, syscall.EINTR:
		return false, nil
	default:
		return false, os.NewSyscallError("flock", err)
	}
}
