package main

import "strings"

// Errors of Plan 9 are texts.

// brokenPipe reports whether a write failed because the reader has closed the pipe.
func brokenPipe(err error) bool { return strings.Contains(err.Error(), "closed pipe") }

// refusedConnection reports whether no program listens at an address.
func refusedConnection(err error) bool { return strings.Contains(err.Error(), "refused") }
