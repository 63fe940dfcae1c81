package files

import (
	"io/fs"
	"os"
	"syscall"
	"unsafe"
)

// tryLock acquires a lock on the first byte of f (Windows API, LockFileEx) and reports whether it
// did. It returns false if another process holds the lock. Closing f or the end of the process
// releases the lock.
func tryLock(f *os.File) (bool, error) {
	const exclusive, failAtOnce = 0x2, 0x1 // LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY
	const violation = syscall.Errno(33)    // ERROR_LOCK_VIOLATION
	lockFileEx := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")
	ok, _, err := lockFileEx.Call(f.Fd(), exclusive|failAtOnce, 0, 1, 0,
		uintptr(unsafe.Pointer(new(syscall.Overlapped))))
	switch {
	case ok != 0:
		return true, nil
	case err == violation:
		return false, nil
	}
	return false, os.NewSyscallError("LockFileEx", err)
}

const noFollow = 0

// owner returns false: this system has other permissions.
func owner(fs.FileInfo) (uid, gid int, ok bool) { return 0, 0, false }
