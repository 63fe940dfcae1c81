//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package terminal

import "syscall"

const getTermios, setTermios = syscall.TIOCGETA, syscall.TIOCSETA
