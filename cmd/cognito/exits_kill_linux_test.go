package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/longtest"
)

// A death is one run of a command that may have been killed.
type death struct {
	killed bool
	at     stage // how far the refresh had come; before it was received: started
	life   time.Duration
	spent  bool // the pool has replaced the token, if only after the kill
	held   bool // a file has the newest token
	err    error
}

// wrong reports whether the session is lost and should not be. Only a kill after the request was
// sent and before the new token was written may lose it.
func (d death) wrong() bool {
	return d.err != nil && (!errors.Is(d.err, errLost) || !d.killed || !d.spent || d.held)
}

func (d death) String() string {
	return fmt.Sprintf("killed: %v (%s); spent: %v; stored: %v: %v",
		d.killed, d.at, d.spent, d.held, d.err)
}

// kill runs a command and kills it at a random moment of a life. A life of 0 is not ended.
func (s *station) kill(command string, added, life time.Duration) (d death) {
	before := s.pool.settled()
	var now atomic.Value
	now.Store(started)
	s.pool.watch(func(operation string, at stage) {
		now.Store(at)
		if at == spent {
			time.Sleep(added)
		}
	})
	begun := time.Now()
	r, err := s.start(false, nil, command)
	if err != nil {
		d.err = err
		return d
	}
	var then atomic.Value // the stage when the process was killed
	then.Store(started)
	if life > 0 {
		timer := time.AfterFunc(rand.N(life), func() {
			then.Store(now.Load())
			r.Process.Kill()
		})
		defer timer.Stop()
	}
	d.err = r.wait()
	d.life, d.at = time.Since(begun), then.Load().(stage)
	status := r.ProcessState.Sys().(syscall.WaitStatus)
	d.killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	if !d.killed && !r.ProcessState.Success() {
		d.err = fmt.Errorf("cognito %s: %v: %s", command, r.ProcessState, r.shown.String())
	}
	s.judge(&d, before)
	return d
}

// testKills kills processes at random moments.
func (w *workshop) testKills(t *testing.T) {
	kills, commands := 10, []string{"credentials"}
	if fullExits() {
		kills, commands = 300, []string{"credentials", "token"}
	} else if !longtest.Enabled(t, "fewer kills") {
		kills = 2
	}
	for _, command := range commands {
		for _, added := range []time.Duration{0, 30 * time.Millisecond} {
			w.killMany(t, command, added, kills)
		}
	}
}

// killMany runs a command until the given number of processes were killed, and logs how many
// sessions were lost.
func (w *workshop) killMany(t *testing.T, command string, added time.Duration, kills int) {
	t.Helper()
	var mu sync.Mutex
	killed, lost := map[stage]int{}, map[stage]int{}
	total, totalLost, survived, broken := 0, 0, 0, false
	each(min(kills, 4), func(int) {
		var life, until time.Duration
		var s *station
		for n := 0; ; n++ {
			mu.Lock()
			done := total >= kills || broken
			mu.Unlock()
			if done {
				break
			}
			err := error(nil)
			if s == nil {
				s, err = w.newStation()
			} else {
				err = s.expire()
			}
			if err != nil {
				t.Error(err)
				mu.Lock()
				broken = true
				mu.Unlock()
				break
			}
			// Every eighth process is left alone. Those that end before they are killed would make
			// life seem shorter than it is.
			if until = life; n%8 == 0 {
				until = 0
			}
			d := s.kill(command, added, until)
			if d.wrong() {
				t.Errorf("%s: %v", command, d)
			}
			mu.Lock()
			if d.killed {
				total++
				killed[d.at]++
			} else {
				survived++
			}
			if until == 0 {
				life = d.life
			}
			switch {
			case errors.Is(d.err, errLost):
				totalLost++
				lost[d.at]++
			case d.err != nil:
				broken = true
			}
			mu.Unlock()
			if d.err != nil {
				s.close()
				s = nil
			}
		}
		if s != nil {
			s.close()
		}
	})
	report := ""
	for _, at := range []stage{started, received, spent, answered} {
		report += fmt.Sprintf("  %s %d (lost %d)", at, killed[at], lost[at])
	}
	t.Logf("%s, %v added: %d killed, lost %d (%.1f %%); by stage:%s; not killed: %d",
		command, added, total, totalLost, 100*float64(totalLost)/float64(max(1, total)), report,
		survived)
}

// testEachKill kills a process before each of its system calls from the pool's response on.
func (w *workshop) testEachKill(t *testing.T) {
	onlyFull(t, "a kill before each system call after the pool's response")
	needsTracing(t)
	all, _ := w.killBefore(t, 0)
	var mu sync.Mutex
	var lost []int
	each(all, func(i int) {
		if _, gone := w.killBefore(t, i+1); gone {
			mu.Lock()
			defer mu.Unlock()
			lost = append(lost, i+1)
		}
	})
	slices.Sort(lost)
	t.Logf("%d system calls follow the pool's spending; a kill before these loses the session: %v",
		all, lost)
}

// killBefore kills a process before the nth system call after the pool has spent the token.
func (w *workshop) killBefore(t *testing.T, nth int) (calls int, lost bool) {
	s, err := w.newStation()
	if err != nil {
		t.Error(err)
		return 0, false
	}
	defer s.close()
	var armed atomic.Bool
	before := s.pool.settled()
	s.pool.watch(func(operation string, at stage) {
		if at == spent {
			armed.Store(true)
		}
	})
	tr := &tracer{under: s.state, file: func(fileCall) syscall.Errno { return 0 }}
	tr.each = func() {
		if !armed.Load() {
			return
		}
		if calls++; calls == nth {
			syscall.Kill(tr.pid, syscall.SIGKILL)
		}
	}
	if _, err = s.trace(tr, "credentials"); err != nil {
		t.Error(err)
		return 0, false
	}
	d := death{killed: nth > 0 && calls >= nth, at: spent}
	s.judge(&d, before)
	if d.wrong() {
		t.Errorf("before call %d: %v", nth, d)
	}
	return calls, d.err != nil
}

// judge sets the fields of a death that describe the session.
func (s *station) judge(d *death, before string) {
	newest := s.pool.settled()
	d.spent = newest != before
	var unread error
	d.held, unread = s.holds(newest)
	d.err = cmp.Or(d.err, unread)
	if d.err == nil {
		d.err = s.works()
	}
}
