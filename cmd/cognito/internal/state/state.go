// Package state stores what the program keeps between runs: an environment's session, credentials
// and devices.
//
// A [Keeper] stores one [Record]. Any number of processes may share it.
package state

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
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// maxRecord is the maximum size of a record in bytes. It has space for the tokens of a user in many
// groups and a few hundred devices.
const maxRecord = 4 << 20

// A Record holds the session, credentials and devices of an environment's user. It contains
// secrets: it is written only to files of mode 0600, and never printed.
type Record struct {
	Version     int    `json:"version"`
	Serial      int    `json:"serial,omitempty"` // incremented by each write
	Environment string `json:"environment"`
	UserPoolID  string `json:"user_pool_id"`
	ClientID    string `json:"client_id"`
	// User is the user name as typed at the last sign-in.
	User string `json:"user,omitempty"`
	// Session is the result of SavedSession.Save. It is absent if nobody is signed in.
	Session     json.RawMessage `json:"session,omitempty"`
	Credentials *Credentials    `json:"credentials,omitempty"` // the newest
	// Devices maps the pool's names of users to results of Device.Save.
	Devices map[string]json.RawMessage `json:"devices,omitempty"`
	// Names maps user names as typed to the pool's names of users.
	Names map[string]string `json:"names,omitempty"`
}

// Format writes a placeholder instead of the secrets.
func (r Record) Format(f fmt.State, _ rune) { io.WriteString(f, "Record{REDACTED}") }

// A Keeper stores one record, in a file that any number of processes share, or only in memory.
//
// The file is in the state directory, which only the user can access (mode 0700). Its name consists
// of the environment's name and a hash of its user pool and app client. The file is replaced
// atomically, so that it can be read without a lock. Changes hold a lock, which the system releases
// if the process ends. See [Edit].
type Keeper struct {
	// Note receives notices for the user.
	Note func(format string, args ...any)
	// Hold delays the exit of the process until release is called.
	Hold func() (release func(), err error)

	path   string // of the file NAME.json; if it is empty, the record is in memory
	blank  Record // used if the file is missing
	memory atomic.Pointer[Record]
	mu     sync.Mutex // held while the record in memory changes
}

// New returns the keeper of an environment, in the directory dir or, if dir is empty, in memory.
func New(dir, name string, e cognito.Environment) *Keeper {
	id := strings.Join([]string{name, e.UserPoolID, e.ClientID, e.Endpoints.CognitoIDP}, "\x00")
	hash := sha256.Sum256([]byte(id))
	k := &Keeper{
		blank: Record{
			Version:     1,
			Environment: name,
			UserPoolID:  e.UserPoolID,
			ClientID:    e.ClientID,
		},
		Note: func(string, ...any) {},
		Hold: func() (func(), error) { return func() {}, nil },
	}
	if dir != "" {
		k.path = filepath.Join(dir, fileName(name)+"-"+hex.EncodeToString(hash[:6])+".json")
	}
	return k
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

// Path returns the path of the record's file, or "" if the record is only in memory.
func (k *Keeper) Path() string { return k.path }

// Load returns the record without taking the lock.
func (k *Keeper) Load() (Record, error) {
	if k.path == "" {
		if r := k.memory.Load(); r != nil {
			return *r, nil
		}
		return k.blank, nil
	}
	if err := k.private(); errors.Is(err, fs.ErrNotExist) {
		return k.blank, nil
	} else if err != nil {
		return Record{}, err
	}
	e, err := k.find()
	if err != nil {
		return Record{}, err
	}
	return *e.Record, nil
}

// read reads one of the record's files. If it is missing, read returns the blank record.
func (k *Keeper) read(path string) (Record, error) {
	data, err := files.Read(path, maxRecord+growth)
	if errors.Is(err, fs.ErrNotExist) {
		return k.blank, nil
	} else if err != nil {
		return Record{}, err
	}
	return k.parse(path, data)
}

// ErrDamaged reports a file that no version of this program can have written.
var ErrDamaged = errors.New("the file is damaged")

// parse decodes and checks the content of a file.
func (k *Keeper) parse(path string, data []byte) (Record, error) {
	var r Record
	damaged := fmt.Errorf("%s: %w", path, ErrDamaged)
	if strictjson.Unmarshal(data, &r) != nil || r.Version < 1 {
		return Record{}, damaged
	}
	if r.Version > k.blank.Version {
		return Record{}, fmt.Errorf("%s was written by a newer version of this program", path)
	}
	if r.UserPoolID != k.blank.UserPoolID || r.ClientID != k.blank.ClientID || r.Session != nil &&
		r.SavedSession() == nil {
		return Record{}, damaged
	}
	return r, nil
}

// SavedSession returns the stored session, or nil if nobody is signed in.
func (r *Record) SavedSession() *cognito.SavedSession {
	var saved cognito.SavedSession
	if saved.Load(r.Session) != nil || saved.Tokens.Refresh == "" {
		return nil
	}
	return &saved
}

// SetSession sets the session, if saved has a refresh token.
func (r *Record) SetSession(saved cognito.SavedSession) {
	if saved.Tokens.Refresh != "" {
		r.Session = saved.Save()
	}
}

// An UnstoredError reports that the change of a record succeeded, but storing it failed.
type UnstoredError struct{ error }

// Unwrap returns the error of the storing.
func (e *UnstoredError) Unwrap() error { return e.error }

// Update calls change under the lock, and then stores the record, even if change returns an error.
// It renames a damaged file first.
func (k *Keeper) Update(ctx context.Context, change func(*Edit) error) error {
	if k.path == "" {
		k.mu.Lock()
		defer k.mu.Unlock()
		r, _ := k.Load()
		err := change(&Edit{Record: &r, k: k})
		k.memory.Store(&r)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	if err := k.private(); err != nil {
		return err
	}
	lock, err := files.Lock(ctx, k.path)
	if err != nil {
		return err
	}
	defer lock.Close()
	e, err := k.find()
	if errors.Is(err, ErrDamaged) {
		aside := fmt.Sprintf("%s.damaged-%d", k.path, time.Now().UnixNano())
		if err := os.Rename(k.path, aside); err != nil {
			return err
		}
		k.Note("%s was damaged and is now %s: sign in again", k.path, filepath.Base(aside))
		*e.Record, err = k.blank, nil
	}
	if err != nil {
		return err
	}
	if e.path != k.path {
		files.Sync(e.path) // best effort: the process that wrote it may have ended before its sync
	}
	for _, path := range e.older {
		os.Remove(path)
	}
	e.older = nil
	e.stored, _ = json.Marshal(e.Record)
	defer e.close()
	err = change(e)
	failed := e.Store()
	if err != nil && failed != nil {
		k.Note("%s", failed)
	} else if failed != nil {
		return &UnstoredError{failed}
	}
	return err
}

// ErrExposed reports that other users can access the directory.
var ErrExposed = errors.New("is accessible to other users")

// private returns an error if other users can access the directory. They could read the record or
// replace it.
func (k *Keeper) private() error {
	dir := filepath.Dir(k.path)
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("%s %w (mode %#o): run chmod 700 on it, or set COGNITO_STATE_DIR to "+
			"another directory", dir, ErrExposed, mode)
	}
	return nil
}
