package renew

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("the server is down")

// newValue returns a Value whose renewals take a second, and count. down makes them fail.
func newValue(down *bool, renewals *int) *Value[int] {
	return &Value[int]{
		Early: 5 * time.Minute,
		Now:   time.Now,
		Renew: func(_ context.Context, old int) (int, time.Time, error) {
			*renewals++
			time.Sleep(time.Second)
			if *down {
				return old, time.Time{}, errDown
			}
			return old + 1, time.Now().Add(time.Hour), nil
		},
	}
}

// check checks what Get returns and how many renewals there were.
func check(t *testing.T, v *Value[int], want int, wantErr error, renewals *int, wantRenewals int) {
	t.Helper()
	got, err := v.Get(t.Context())
	if got != want || !errors.Is(err, wantErr) || *renewals != wantRenewals {
		t.Errorf("Get() = %d, %v after %d renewals, want %d, %v after %d",
			got, err, *renewals, want, wantErr, wantRenewals)
	}
}

func TestGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, n := false, 0
		v := newValue(&down, &n)
		check(t, v, 1, nil, &n, 1)
		time.Sleep(54 * time.Minute)
		check(t, v, 1, nil, &n, 1) // not due yet
		time.Sleep(2 * time.Minute)
		down = true
		check(t, v, 1, nil, &n, 2) // the old value is valid
		check(t, v, 1, nil, &n, 2) // no retry within Pause
		time.Sleep(Pause)
		check(t, v, 1, nil, &n, 3)
		time.Sleep(5 * time.Minute)
		check(t, v, 0, errDown, &n, 4) // the old value has expired
		down = false
		check(t, v, 2, nil, &n, 5)
	})
}

func TestGetShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, n := false, 0
		v := newValue(&down, &n)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if got, err := v.Get(t.Context()); got != 1 || err != nil {
					t.Errorf("Get() = %d, %v, want 1", got, err)
				}
			})
		}
		all.Wait()
		if n != 1 {
			t.Errorf("%d renewals, want 1", n)
		}
	})
}

// A renewal continues without its caller, whose error is that of its context and the cause.
func TestGetCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, n := false, 0
		v := newValue(&down, &n)
		cause := errors.New("the user left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond, func() { cancel(cause) })
		if _, err := v.Get(ctx); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
			t.Errorf("Get() = %v, want context.Canceled and its cause", err)
		}
		if err := v.Settle(t.Context()); err != nil || v.Peek() != 1 {
			t.Errorf("Settle() = %v, value %d, want value 1", err, v.Peek())
		}
	})
}

func TestExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, n := false, 0
		v := newValue(&down, &n)
		check(t, v, 1, nil, &n, 1)
		v.Expire(time.Minute) // too soon after the renewal
		check(t, v, 1, nil, &n, 1)
		time.Sleep(time.Minute)
		v.Expire(time.Minute)
		check(t, v, 2, nil, &n, 2)
	})
}

// A renewal in flight does not restore a value that was cleared.
func TestClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, n := false, 0
		v := newValue(&down, &n)
		time.AfterFunc(time.Millisecond, v.Clear)
		check(t, v, 1, nil, &n, 1)
		if got := v.Peek(); got != 0 {
			t.Errorf("Peek() = %d, want 0", got)
		}
	})
}

// A value that has expired when it arrives is an error, but is kept for the next renewal.
func TestExpiredOnArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &Value[int]{Now: time.Now}
		v.Renew = func(context.Context, int) (int, time.Time, error) { return 7, time.Now(), nil }
		if got, err := v.Get(t.Context()); err == nil || v.Peek() != 7 {
			t.Errorf("Get() = %d, %v, value %d, want an error and value 7", got, err, v.Peek())
		}
	})
}
