//go:build !(plan9 || windows)

package main

import (
	"errors"
	"syscall"
)

// brokenPipe reports whether a write failed because the reader has closed the pipe.
func brokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// refusedConnection reports whether no program listens at an address.
func refusedConnection(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
