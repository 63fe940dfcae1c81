package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito"
)

// maxRecord bounds a file of state: tokens of a user in many groups, and a few hundred devices.
const maxRecord = 4 << 20

// A record is what is known about one environment's user from earlier runs. It holds secrets: it is
// written to files of mode 0600 only, and never printed.
type record struct {
	Version     int    `json:"version"`
	Serial      int    `json:"serial,omitempty"` // grows with each write
	Environment string `json:"environment"`
	UserPoolID  string `json:"user_pool_id"`
	ClientID    string `json:"client_id"`
	// as typed at the last sign-in
	User string `json:"user,omitempty"`
	// from SavedSession.Save; absent: nobody is signed in
	Session     json.RawMessage `json:"session,omitempty"`
	Credentials *cached         `json:"credentials,omitempty"` // the newest
	// from Device.Save, by the user's real name
	Devices map[string]json.RawMessage `json:"devices,omitempty"`
	Names   map[string]string          `json:"names,omitempty"` // real names by what was typed
}

// Format leaves everything out.
func (r record) Format(f fmt.State, _ rune) { io.WriteString(f, "record{REDACTED}") }

// A keeper keeps one record: in a file that any number of processes share, or in memory alone.
//
// The file lies in the state directory, which is for the user alone (0700), under a name made of
// the environment's name and a hash of its pool and app client. It is replaced as a whole, so that
// it can be read without a lock, and changed under a lock (name.lock), which ends with the process
// that holds it: see [edit].
type keeper struct {
	dir, name string // no dir: in memory
	blank     record // what stands in the place of a file that is not there
	memory    atomic.Pointer[record]
	mu        sync.Mutex // held while what is in memory alone is changed
	note      func(format string, args ...any)
	ending    *ending // waits for an edit that refreshes tokens
}

// keeper is that of an environment.
func (a *app) keeper(name string, e cognito.Environment) (*keeper, error) {
	k := &keeper{note: a.notef, ending: &a.ending}
	k.blank = record{Version: 1, Environment: name, UserPoolID: e.UserPoolID, ClientID: e.ClientID}
	if a.noStore {
		return k, nil
	}
	hash := sha256.Sum256(
		[]byte(
			strings.Join([]string{name, e.UserPoolID, e.ClientID, e.Endpoints.CognitoIDP}, "\x00"),
		),
	)
	k.name = fileName(name) + "-" + hex.EncodeToString(hash[:6])
	var err error
	k.dir, err = a.stateDir()
	return k, err
}

// fileName is a name that every file system takes.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), 40)]
}

func (k *keeper) path() string { return filepath.Join(k.dir, k.name+".json") }

// load returns the record as it is.
func (k *keeper) load() (record, error) {
	if k.dir == "" {
		if r := k.memory.Load(); r != nil {
			return *r, nil
		}
		return k.blank, nil
	}
	if err := patient(k.private); errors.Is(err, fs.ErrNotExist) {
		return k.blank, nil
	} else if err != nil {
		return record{}, err
	}
	e, err := k.find()
	if err != nil {
		return record{}, err
	}
	return *e.r, nil
}

// read reads one of the record's files. A missing one is blank.
func (k *keeper) read(path string) (record, error) {
	var data []byte
	err := patient(func() (err error) {
		data, err = readFile(path, maxRecord+growth)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return k.blank, nil
	} else if err != nil {
		return record{}, err
	}
	return k.parse(path, data)
}

// errDamaged is the error for a file that no version of this program has written so.
var errDamaged = errors.New("the file is damaged")

func (k *keeper) parse(path string, data []byte) (record, error) {
	var r record
	damaged := fmt.Errorf("%s: %w", path, errDamaged)
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&r); err != nil || decoder.Decode(new(json.RawMessage)) != io.EOF ||
		r.Version < 1 {
		return record{}, damaged
	}
	if r.Version > k.blank.Version {
		return record{}, fmt.Errorf("%s was written by a newer version of this program", path)
	}
	if r.UserPoolID != k.blank.UserPoolID || r.ClientID != k.blank.ClientID || r.Session != nil &&
		r.session() == nil {
		return record{}, damaged
	}
	return r, nil
}

// session is what was saved of the session, nil if nobody is signed in.
func (r *record) session() *cognito.SavedSession {
	var saved cognito.SavedSession
	if json.Unmarshal(r.Session, &saved) != nil || saved.Tokens.Refresh == "" {
		return nil
	}
	return &saved
}

// An unstored error reports that only storing the record failed: what it was changed for went well.
type unstored struct{ error }

// update changes the record under the lock. It stores what change leaves, also beside an error. It
// sets a damaged file aside first.
func (k *keeper) update(ctx context.Context, change func(*record, *edit) error) error {
	if k.dir == "" {
		k.mu.Lock()
		defer k.mu.Unlock()
		r, _ := k.load()
		err := change(&r, &edit{k: k, r: &r})
		k.memory.Store(&r)
		return err
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	e, err := k.find()
	if errors.Is(err, errDamaged) {
		aside := fmt.Sprintf("%s.damaged-%d", k.path(), time.Now().UnixNano())
		if err := os.Rename(k.path(), aside); err != nil {
			return err
		}
		k.note("%s was damaged: it is now %s, and a sign-in is needed", k.path(),
			filepath.Base(aside))
		*e.r, err = k.blank, nil
	}
	if err != nil {
		return err
	}
	if e.path != k.path() {
		syncPath(e.path) // as far as possible: the process that left it may not have
	}
	for _, path := range e.older {
		os.Remove(path)
	}
	e.older = nil
	e.stored, _ = json.Marshal(e.r)
	defer e.close()
	err = change(e.r, e)
	failed := e.store()
	if err != nil && failed != nil {
		k.note("%s", failed)
	} else if failed != nil {
		return unstored{failed}
	}
	return err
}

// private refuses a directory that others can enter: they could read what is kept, or put something
// else in its place.
func (k *keeper) private() error {
	info, err := os.Stat(k.dir)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return usagef("%s is open to other users (mode %#o): make it yours alone by chmod 700, "+
			"or name another directory by COGNITO_STATE_DIR", k.dir, mode)
	}
	return nil
}

// errBusy is the error for a lock that was not to be had in time.
var errBusy = errors.New("another process of this program is busy")

// lock waits until no other process changes the record.
func (k *keeper) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, err
	}
	if err := k.private(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(k.dir, k.name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		if ok, err := tryLock(file); err != nil {
			file.Close()
			return nil, err
		} else if ok {
			break
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("%w with %s: %w", errBusy, k.path(), ctx.Err())
		case <-time.After(wait):
		}
	}
	return func() { file.Close() }, nil
}

// replaceFile writes a file beside path and puts it in its place: another process sees the old one
// or the new one.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	extension := filepath.Ext(path)
	// mode 0600
	file,
		err := os.CreateTemp(filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), extension)+
		".*.new")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil && mode != 0o600 {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = patient(func() error { return os.Rename(file.Name(), path) })
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// patient repeats for a second what Windows refuses while another process reads or replaces the
// same file: package os opens files without FILE_SHARE_DELETE.
func patient(do func() error) error {
	err := do()
	for wait := time.Millisecond; runtime.GOOS == "windows" && err != nil &&
		!errors.Is(err, fs.ErrNotExist) && wait < time.Second; wait *= 2 {
		time.Sleep(wait)
		err = do()
	}
	return err
}
