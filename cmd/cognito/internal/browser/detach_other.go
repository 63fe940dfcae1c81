//go:build !unix && !windows

package browser

import "syscall"

// detached returns no attributes, because these systems have none that this package uses.
func detached() *syscall.SysProcAttr { return nil }
