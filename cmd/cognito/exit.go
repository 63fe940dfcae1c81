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
	// exitLimit bounds how long the process waits before it ends. The library ends a refresh,
	// retries included, after two minutes. The rest is for storing its result.
	exitLimit = 2*time.Minute + 10*time.Second
	// exitNotice is how long it waits before it says so.
	exitNotice = time.Second
	// signalPause is how long further signals count as the first one: timeout(1) sends two at once.
	signalPause = 200 * time.Millisecond
)

// An ending delays the end of the process for what must not be cut off. That is a refresh, from its
// request until its result is stored: if refresh tokens rotate, the response has the only one that
// is still valid. It is also a prompt, until the terminal's echo is on again. The zero value is
// ready to use.
type ending struct {
	mu    sync.Mutex
	held  int
	over  context.Context    // done when nothing is held, or too late; nil until the end begins
	free  context.CancelFunc // ends over
	child bool               // signals are for a child
}

// hold delays the end of the process until release. It fails if the end has begun.
func (e *ending) hold() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over != nil {
		return fmt.Errorf("the program is ending: %w", context.Canceled)
	}
	e.held++
	return nil
}

func (e *ending) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held--; e.held == 0 && e.over != nil {
		e.free()
	}
}

// wait begins the end of the process, and returns when nothing is held. It returns at the latest
// exitLimit after its first call, which is also the one that explains a long wait.
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

// pass leaves further signals to a child, unless one has ended ctx.
func (e *ending) pass(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.child = true
	return ctx.Err()
}

// catch returns a context that the first signal ends. A second one ends the process, so that
// neither the user nor the network can delay that.
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
			case child: // runChild hands it on
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

// exit ends the process. Nothing else in this program does.
func (a *app) exit(code int) {
	a.ending.wait(a.notef)
	os.Exit(code)
}
