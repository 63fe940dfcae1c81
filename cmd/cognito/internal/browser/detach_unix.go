//go:build unix

package browser

import "syscall"

// detached starts a session of its own for a child, so that Ctrl-C does not reach it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
