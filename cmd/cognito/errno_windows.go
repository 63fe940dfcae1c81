package main

import (
	"errors"
	"syscall"
)

// System error codes of Windows. EPIPE and ECONNREFUSED are never returned there.
const (
	errorNoData          syscall.Errno = 232   // ERROR_NO_DATA: the pipe is being closed
	errConnectionRefused syscall.Errno = 10061 // WSAECONNREFUSED
)

// brokenPipe reports whether a write failed because the reader has closed the pipe.
func brokenPipe(err error) bool {
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, errorNoData)
}

// refusedConnection reports whether no program listens at an address.
func refusedConnection(err error) bool { return errors.Is(err, errConnectionRefused) }
