//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package files

import (
	"io/fs"
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

// noFollow makes opening a symbolic link fail, and opening a pipe not wait.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// owner returns the owner and the group of a file.
func owner(info fs.FileInfo) (uid, gid int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
