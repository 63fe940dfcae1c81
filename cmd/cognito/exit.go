package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/internal/terminal"
)

const (
	// exitLimit is the longest time that the process waits before it exits. The library ends a
	// refresh, including retries, after two minutes. The rest is for storing its result.
	exitLimit = 2*time.Minute + 10*time.Second
	// exitNotice is how long the process waits before it writes a notice.
	exitNotice = time.Second
	// signalPause is how long after the first signal further ones are ignored: timeout(1) sends two
	// at once.
	signalPause = 200 * time.Millisecond
)

// An ending delays the exit of the process while work that must not be interrupted is in progress.
// There are two kinds of such work:
//
//   - A refresh, from its request until its result is stored. If refresh tokens rotate, the
//     response holds the only valid one.
//   - A prompt, until the terminal's echo is on again.
//
// The zero value is ready to use.
type ending struct {
	mu    sync.Mutex
	held  int                // calls of hold without a release
	over  context.Context    // done when held is 0 or exitLimit has passed; nil before wait
	free  context.CancelFunc // cancels over
	child bool               // a child process handles signals
}

// hold delays the exit of the process until release is called. It returns an error after wait was
// called.
func (e *ending) hold() (release func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over != nil {
		return nil, fmt.Errorf("the program is exiting: %w", context.Canceled)
	}
	e.held++
	return e.release, nil
}

// release ends one hold.
func (e *ending) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held--; e.held == 0 && e.over != nil {
		e.free()
	}
}

// wait waits until every hold is released, but at most until exitLimit after its first call. The
// first call also writes a notice if the wait is long.
func (e *ending) wait(note func(format string, args ...any)) {
	e.mu.Lock()
	if e.over == nil {
		e.over, e.free = context.WithTimeout(context.Background(), exitLimit)
		if e.held == 0 {
			e.free()
		}
		defer time.AfterFunc(exitNotice, func() {
			note("waiting for a request in flight: cutting it off could lose the session")
		}).Stop()
	}
	e.mu.Unlock()
	<-e.over.Done()
}

// pass leaves further signals to a child process. It returns the error of ctx if a signal has
// already cancelled it.
func (e *ending) pass(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.child = true
	return ctx.Err()
}

// catch returns a context that the first signal cancels. A second signal makes the process exit, so
// that code that ignores the context cannot delay the exit.
func (a *app) catch(parent context.Context) context.Context {
	ctx, end := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, slices.DeleteFunc(interrupts(), signal.Ignored)...)
	catchBrokenPipes()
	go func() {
		for sent := range signals {
			why := terminal.Interrupted{Signal: sent}
			a.ending.mu.Lock()
			child, again := a.ending.child, ctx.Err() != nil
			if !child {
				end(why)
			}
			a.ending.mu.Unlock()
			switch {
			case child: // runChild forwards the signal
			case again:
				a.exit(why.ExitCode())
			default:
				a.ending.wait(a.notef)
				time.Sleep(signalPause)
				for len(signals) > 0 {
					<-signals
				}
			}
		}
	}()
	return ctx
}

// exit ends the process. It is the only caller of os.Exit in this program.
func (a *app) exit(code int) {
	a.ending.wait(a.notef)
	os.Exit(code)
}
