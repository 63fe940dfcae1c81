package main

import (
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
	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// maxRecord is the maximum size of a record in bytes. It has space for the tokens of a user in many
// groups and a few hundred devices.
const maxRecord = 4 << 20

// A record holds the session, credentials and devices of an environment's user. It contains
// secrets: it is written only to files of mode 0600, and never printed.
type record struct {
	Version     int    `json:"version"`
	Serial      int    `json:"serial,omitempty"` // incremented by each write
	Environment string `json:"environment"`
	UserPoolID  string `json:"user_pool_id"`
	ClientID    string `json:"client_id"`
	// User is the user name as typed at the last sign-in.
	User string `json:"user,omitempty"`
	// Session is the result of SavedSession.Save. It is absent if nobody is signed in.
	Session     json.RawMessage `json:"session,omitempty"`
	Credentials *cached         `json:"credentials,omitempty"` // the newest
	// Devices maps the pool's names of users to results of Device.Save.
	Devices map[string]json.RawMessage `json:"devices,omitempty"`
	// Names maps user names as typed to the pool's names of users.
	Names map[string]string `json:"names,omitempty"`
}

// Format writes a placeholder instead of the secrets.
func (r record) Format(f fmt.State, _ rune) { io.WriteString(f, "record{REDACTED}") }

// A keeper stores one record, in a file that any number of processes share, or only in memory.
//
// The file is in the state directory, which only the user can access (mode 0700). Its name consists
// of the environment's name and a hash of its user pool and app client. The file is replaced
// atomically, so that it can be read without a lock. Changes hold the lock NAME.lock, which the
// system releases if the process ends. See [edit].
type keeper struct {
	dir, name string // if dir is empty, the record is in memory
	blank     record // used if the file is missing
	memory    atomic.Pointer[record]
	mu        sync.Mutex // held while the record in memory changes
	note      func(format string, args ...any)
	ending    *ending // delays the exit during a refresh
}

// keeper returns the keeper of an environment.
func (a *app) keeper(name string, e cognito.Environment) (*keeper, error) {
	k := &keeper{note: a.notef, ending: &a.ending}
	k.blank = record{Version: 1, Environment: name, UserPoolID: e.UserPoolID, ClientID: e.ClientID}
	if a.noStore {
		return k, nil
	}
	id := strings.Join([]string{name, e.UserPoolID, e.ClientID, e.Endpoints.CognitoIDP}, "\x00")
	hash := sha256.Sum256([]byte(id))
	k.name = fileName(name) + "-" + hex.EncodeToString(hash[:6])
	var err error
	k.dir, err = a.stateDir()
	return k, err
}

// fileName returns s as a file name that is valid in every file system.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), 40)]
}

// path returns the path of the file NAME.json.
func (k *keeper) path() string { return filepath.Join(k.dir, k.name+".json") }

// load returns the record without taking the lock.
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

// read reads one of the record's files. If it is missing, read returns the blank record.
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

// errDamaged reports a file that no version of this program can have written.
var errDamaged = errors.New("the file is damaged")

// parse decodes and checks the content of a file.
func (k *keeper) parse(path string, data []byte) (record, error) {
	var r record
	damaged := fmt.Errorf("%s: %w", path, errDamaged)
	if strictjson.Unmarshal(data, &r) != nil || r.Version < 1 {
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

// session returns the stored session, or nil if nobody is signed in.
func (r *record) session() *cognito.SavedSession {
	var saved cognito.SavedSession
	if saved.Load(r.Session) != nil || saved.Tokens.Refresh == "" {
		return nil
	}
	return &saved
}

// An unstored error reports that the change of a record succeeded, but storing it failed.
type unstored struct{ error }

// update calls change with the record under the lock, and then stores the record, even if change
// returns an error. It renames a damaged file first.
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
		k.note("%s was damaged and is now %s: sign in again", k.path(),
			filepath.Base(aside))
		*e.r, err = k.blank, nil
	}
	if err != nil {
		return err
	}
	if e.path != k.path() {
		syncPath(e.path) // best effort: the process that wrote it may have ended before its sync
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

// private returns an error if other users can access the directory. They could read the record or
// replace it.
func (k *keeper) private() error {
	info, err := os.Stat(k.dir)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return usagef("%s is accessible to other users (mode %#o): run chmod 700 on it, or set "+
			"COGNITO_STATE_DIR to another directory", k.dir, mode)
	}
	return nil
}

// errBusy reports that another process held the lock until the context ended.
var errBusy = errors.New("another process of this program is busy")

// lock waits for the lock of the record, and returns a function that releases it.
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

// replaceFile replaces the file at path atomically: other processes see the old or the new file.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	extension := filepath.Ext(path)
	pattern := strings.TrimSuffix(filepath.Base(path), extension) + ".*.new"
	file, err := os.CreateTemp(filepath.Dir(path), pattern) // with mode 0600
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

// patient calls do. On Windows, it retries for a second, because operations fail there while
// another process reads or replaces the same file: package os opens files without
// FILE_SHARE_DELETE.
func patient(do func() error) error {
	err := do()
	for wait := time.Millisecond; runtime.GOOS == "windows" && err != nil &&
		!errors.Is(err, fs.ErrNotExist) && wait < time.Second; wait *= 2 {
		time.Sleep(wait)
		err = do()
	}
	return err
}
