//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package terminal

import "syscall"

const getTermios, setTermios = syscall.TIOCGETA, syscall.TIOCSETA

// A word is the unit of an FdSet, or a half of it on systems that are little-endian.
type word = uint32

func waitFor(n int, set *syscall.FdSet, timeout *syscall.Timeval) error {
	return syscall.Select(n, set, nil, nil, timeout)
}
