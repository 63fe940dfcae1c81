//go:build !unix

package keychain

import "os/exec"

// isolate does nothing, because these systems have no sessions.
func isolate(*exec.Cmd) {}
