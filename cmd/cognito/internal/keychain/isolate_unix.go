//go:build unix

package keychain

import (
	"os/exec"
	"syscall"
)

// isolate gives a program a session without a terminal, and ends its children with it.
func isolate(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
