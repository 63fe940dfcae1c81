package main

import "strings"

// Plan 9 reports errors as strings, without numbers.

// brokenPipe reports whether a write failed because the reader has closed the pipe.
func brokenPipe(err error) bool { return strings.Contains(err.Error(), "closed pipe") }

// refusedConnection reports whether no program listens at an address.
func refusedConnection(err error) bool { return strings.Contains(err.Error(), "refused") }
