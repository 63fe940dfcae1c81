//go:build !unix

package main

import (
	"errors"
	"os"
	"syscall"
)

// become returns [errors.ErrUnsupported]: this system cannot replace a process.
func become(string, []string, []string) error { return errors.ErrUnsupported }

// exitCode returns the exit code of a command.
func exitCode(state *os.ProcessState) int { return state.ExitCode() }

// catchBrokenPipes does nothing: only Unix has SIGPIPE.
func catchBrokenPipes() {}

// interrupts returns the signals with which users end a program.
func interrupts() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// endingSignals returns the signals that end a program by default.
func endingSignals() []os.Signal { return interrupts() }
