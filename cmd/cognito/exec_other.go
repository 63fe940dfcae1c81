//go:build !unix

package main

import (
	"errors"
	"os"
	"syscall"
)

// become can't be done here.
func become(string, []string, []string) error { return errors.ErrUnsupported }

func catchBrokenPipes() {}

func interrupts() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

func endingSignals() []os.Signal { return interrupts() }
