package terminal

import "syscall"

const getTermios, setTermios = syscall.TCGETS, syscall.TCSETS

// A word is the unit of an FdSet.
type word = uintptr

// waitFor calls select for the files below n.
func waitFor(n int, set *syscall.FdSet, timeout *syscall.Timeval) error {
	_, err := syscall.Select(n, set, nil, nil, timeout)
	return err
}
