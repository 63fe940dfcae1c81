package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/internal/terminal"
)

const (
	// exitLimit bounds how long the process waits before it ends. The library ends a refresh, retries
	// included, after two minutes. The rest is for storing its result.
	exitLimit = 2*time.Minute + 10*time.Second
	// exitNotice is how long it waits before it says so.
	exitNotice = time.Second
	// signalPause is how long further signals count as the first one: timeout(1) sends two at once.
	signalPause = 200 * time.Millisecond
)

// An ending delays the end of the process for what must not be cut off. That is a refresh, from its
// request until its result is stored: where refresh tokens rotate, the response holds the only one
// that is still valid. It is also a prompt that has switched off the terminal's echo. The zero value
// is ready to use.
type ending struct {
	mu    sync.Mutex
	held  int
	free  chan struct{}    // closed when nothing is held; nil until the process begins to end
	limit time.Time        // when the process ends although something is held
	told  sync.Once        // why it waits
	child chan<- os.Signal // gets the signals in place of this process; nil: there is no child
}

// hold delays the end of the process until release is called. It fails if the process has begun to
// end.
func (e *ending) hold() (release func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.free != nil {
		return nil, fmt.Errorf("the program is ending: %w", context.Canceled)
	}
	e.held++
	return sync.OnceFunc(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.held--; e.held == 0 && e.free != nil {
			close(e.free)
		}
	}), nil
}

// wait begins the end of the process. It returns when nothing is held, and at the latest exitLimit
// after its first call.
func (e *ending) wait(note func(format string, args ...any)) {
	e.mu.Lock()
	if e.free == nil {
		e.free, e.limit = make(chan struct{}), time.Now().Add(exitLimit)
		if e.held == 0 {
			close(e.free)
		}
	}
	free, limit := e.free, time.After(time.Until(e.limit))
	e.mu.Unlock()
	select {
	case <-free:
		return
	case <-time.After(exitNotice):
	}
	e.told.Do(func() {
		note("waiting for a refresh in flight, which would lose the session if it were cut off")
	})
	select {
	case <-free:
	case <-limit:
	}
}

// pass hands further signals on to a child. It fails if a signal has ended ctx before.
func (e *ending) pass(ctx context.Context, child chan<- os.Signal) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.child = child
	return ctx.Err()
}

// interrupt hands a signal on to the child. If there is none, it ends the context with the signal as
// its cause.
func (e *ending) interrupt(end context.CancelCauseFunc, sent os.Signal) (passed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.child == nil {
		end(terminal.Interrupted{Signal: sent})
		return false
	}
	select {
	case e.child <- sent:
	default: // the child has not answered the last ones
	}
	return true
}

// catch returns a context that the first signal ends. A later one ends the process, so that neither
// the user nor the network can hold it up.
func (a *app) catch(parent context.Context) context.Context {
	ctx, end := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, terminal.Interrupts()...)
	catchBrokenPipes()
	go func() {
		for sent := range signals {
			again := ctx.Err() != nil
			switch passed := a.ending.interrupt(end, sent); {
			case passed:
			case again:
				a.exit(terminal.Interrupted{Signal: sent}.ExitCode())
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
