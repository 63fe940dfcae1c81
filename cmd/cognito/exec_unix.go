//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// become makes this process the command (execve(2)): signals, the terminal and the exit status are
// the command's own. It returns only if that fails.
func become(path string, words, env []string) error {
	signal.Reset() // what was ignored when this process began is so again
	return os.NewSyscallError("exec", syscall.Exec(path, words, env))
}

// catchBrokenPipes makes a write to a pipe without a reader an error. Otherwise SIGPIPE ends a Go
// program that writes to standard output or standard error. A command does not inherit that, as it
// would inherit an ignored signal.
func catchBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// interrupts are the signals with which users, terminals and timeout(1) end a program.
func interrupts() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
}

func endingSignals() []os.Signal {
	return append(interrupts(), syscall.SIGUSR1, syscall.SIGUSR2)
}
