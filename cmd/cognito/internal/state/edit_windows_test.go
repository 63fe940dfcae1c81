package state

import (
	"os"
	"strings"
	"testing"
	"time"
)

// hold opens the record as scanners and editors do: package os opens files without
// FILE_SHARE_DELETE, so that they cannot be replaced.
func (k *Keeper) hold(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Open(k.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// change starts a refresh and stores its result. It calls between after the reservation.
func change(t *testing.T, k *Keeper, user string, between func()) error {
	t.Helper()
	return k.Update(t.Context(), func(e *Edit) error {
		if err := e.Reserve(); err != nil {
			return err
		}
		between()
		e.User = user
		return nil
	})
}

// If another program holds the record open, nothing is refreshed.
func TestReserveHeld(t *testing.T) {
	k, _ := newKeeper(t)
	k.lay(t, "DEV-1.json", k.written(7, "old"))
	file := k.hold(t)
	err := change(t, k, "new", func() { t.Error("Reserve() = nil while the record is held open") })
	if err == nil || !strings.Contains(err.Error(), "close the program that holds the file open") {
		t.Errorf("Update() = %v, want advice to close the other program", err)
	}
	if r, err := k.Load(); err != nil || r.User != "old" {
		t.Errorf("Load() = user %q, %v, want old", r.User, err)
	}
	file.Close()
	err = change(t, k, "new", func() {})
	if got := k.files(t); err != nil || got != "DEV-1.json" {
		t.Errorf("Update() after the close = %v, and leaves %s", err, got)
	}
}

// If another program opens the record during a refresh, the new record stays beside it, and the
// next edits read it.
func TestStoreHeld(t *testing.T) {
	k, _ := newKeeper(t)
	k.lay(t, "DEV-1.json", k.written(7, "old"))
	var file *os.File
	err := change(t, k, "new", func() { file = k.hold(t) })
	if _, unstored := err.(*UnstoredError); !unstored ||
		!strings.Contains(err.Error(), "which the next run reads") {
		t.Errorf("Update() = %v, want the file that has the session", err)
	}
	if r, err := k.Load(); err != nil || r.User != "new" {
		t.Errorf("Load() = user %q, %v, want new", r.User, err)
	}
	if err := k.Update(t.Context(), func(e *Edit) error {
		if e.User != "new" {
			t.Errorf("Update() has user %q, want new", e.User)
		}
		e.User = "newer"
		return nil
	}); err == nil {
		t.Error("Update() of a held record = nil, want an error")
	}
	if r, err := k.Load(); err != nil || r.User != "newer" {
		t.Errorf("Load() = user %q, %v, want newer", r.User, err)
	}
	file.Close()
	err = change(t, k, "newest", func() {})
	if got := k.files(t); err != nil || got != "DEV-1.json" {
		t.Errorf("Update() after the close = %v, and leaves %s", err, got)
	}
	if r, err := k.Load(); err != nil || r.User != "newest" {
		t.Errorf("Load() = user %q, %v, want newest", r.User, err)
	}
}

// A scanner that holds the record for a moment is waited for.
func TestStoreHeldBriefly(t *testing.T) {
	k, _ := newKeeper(t)
	k.lay(t, "DEV-1.json", k.written(7, "old"))
	err := change(t, k, "new", func() {
		file := k.hold(t)
		time.AfterFunc(20*time.Millisecond, func() { file.Close() })
	})
	if got := k.files(t); err != nil || got != "DEV-1.json" {
		t.Errorf("Update() = %v, and leaves %s", err, got)
	}
}
