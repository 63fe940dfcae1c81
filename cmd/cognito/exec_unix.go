//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// become replaces this process with the command (execve(2)), so that the command itself handles
// signals, the terminal and the exit status. It returns only if that fails.
func become(path string, words, env []string) error {
	signal.Reset() // restores signals that were ignored when this process started
	return os.NewSyscallError("exec", syscall.Exec(path, words, env))
}

// exitCode returns the exit code of a command, or 128 plus the number of the signal that ended it.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// catchBrokenPipes makes a write to a pipe without a reader return an error. By default, SIGPIPE
// ends a Go program that writes to such a standard output or standard error. SIGPIPE is caught and
// not ignored, because commands would inherit an ignored signal.
func catchBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// interrupts returns the signals with which users, terminals and timeout(1) end a program.
func interrupts() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
}

// endingSignals returns the signals that end a program by default and that exec forwards.
func endingSignals() []os.Signal {
	return append(interrupts(), syscall.SIGUSR1, syscall.SIGUSR2)
}
