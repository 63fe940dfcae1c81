package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito/internal/trace"
)

// silence is how long a request may take before the tool names the host that it waits for.
const silence = 2 * time.Second

// traced returns a transport that sends requests with base and reports them on standard error: one
// line for each with -debug, and the host if a user at a terminal waits for it.
func (a *app) traced(base http.RoundTripper, atTerminal bool) http.RoundTripper {
	if !a.debug && !atTerminal {
		return base
	}
	var mu sync.Mutex     // s3list sends requests concurrently
	var named atomic.Bool // the host was named since the last response
	return &trace.Transport{Base: base, Begin: func(r *http.Request) func(*trace.Exchange) {
		// HEAD opens a connection in advance, and nothing waits for it.
		waits := atTerminal && r.Method != http.MethodHead
		host := r.URL.Host
		late := time.AfterFunc(silence, func() {
			if waits && !a.busy() && !named.Swap(true) {
				a.notef("waiting for %s", host)
			}
		})
		return func(e *trace.Exchange) {
			late.Stop()
			named.Store(false)
			unneeded := r.Method == http.MethodHead && errors.Is(e.Err, context.Canceled)
			if a.debug && !unneeded {
				mu.Lock()
				defer mu.Unlock()
				a.notef("%s", e)
			}
		}
	}}
}

// busy reports whether the terminal belongs to something else: the progress of a listing, or the
// command that exec runs.
func (a *app) busy() bool {
	a.ending.mu.Lock()
	defer a.ending.mu.Unlock()
	return a.progress || a.ending.child
}
