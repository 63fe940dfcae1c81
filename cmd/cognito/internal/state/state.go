// Package state stores what the program keeps between runs: the sessions, credentials and devices
// of an environment's users.
//
// A [Keeper] stores one [Record]. Any number of processes may share it.
package state

import (
	"bytes"
	"cmp"
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
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/keychain"
	"github.com/loginwithcognito/cognito/internal/bom"
	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// maxRecord is the maximum size of a record in bytes. It has space for the tokens of a user in many
// groups and a few hundred devices.
const maxRecord = 4 << 20

// maxReplaced is the maximum number of refresh tokens that wait for their revocation.
const maxReplaced = 10

// A Record holds the sessions, credentials and devices of an environment's users. It contains
// secrets: it is written only to files of mode 0600, and never printed.
type Record struct {
	Version     int    `json:"version"`
	Serial      int    `json:"serial,omitempty"` // incremented by each write
	Environment string `json:"environment"`
	UserPoolID  string `json:"user_pool_id"`
	ClientID    string `json:"client_id"`
	Account            // of the default user, or of the one that Choose selects
	// Others holds the other users that are signed in, at most MaxOthers.
	Others []Account `json:"others,omitempty"`
	// ClockOffset is the server's time minus the local time, as last measured.
	ClockOffset time.Duration `json:"clock_offset,omitempty"`
	// Replaced holds refresh tokens of earlier sessions that may still be valid.
	Replaced []string `json:"replaced,omitempty"`
	// Devices maps the pool's names of users to results of Device.Save.
	Devices map[string]json.RawMessage `json:"devices,omitempty"`
	// Keychain is the name of the keychain whose key encrypts the file, if it is not empty.
	Keychain string `json:"keychain,omitempty"`
	// Names maps user names as typed to the pool's names of users.
	Names map[string]string `json:"names,omitempty"`

	// chosen is 1 plus the index in Others of the account that [Record.Choose] has swapped with the
	// default user's.
	chosen int
	// damaged names the users whose sessions were damaged.
	damaged string
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
	// User is the user whose account Load and Update provide. If it is empty, that is the default
	// user's.
	User string
	// Keys has the keys of encrypted records.
	Keys *keychain.Ring

	path    string  // of the file NAME.json; if it is empty, the record is in memory
	blank   Record  // used if the file is missing
	encrypt *string // by Encrypt: the name of the new keychain, or empty
	memory  atomic.Pointer[Record]
	mu      sync.Mutex // held while the record in memory changes
}

// New returns the keeper of an environment, in the directory dir or, if dir is empty, in memory.
func New(dir, name string, e cognito.Environment) *Keeper {
	id := strings.Join([]string{name, e.UserPoolID, e.ClientID, e.Endpoints.CognitoIDP}, "\x00")
	hash := sha256.Sum256([]byte(id))
	k := &Keeper{
		blank: Record{
			Version:     oldestVersion,
			Environment: name,
			UserPoolID:  e.UserPoolID,
			ClientID:    e.ClientID,
		},
		Keys: &keychain.Ring{Dir: dir},
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

// read reads one of the record's files. If it is missing, read returns the blank record. tokens are
// the refresh tokens in the file, even if it is damaged.
func (k *Keeper) read(path string) (r Record, tokens []string, err error) {
	data, err := files.ReadOwn(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return k.blank, nil, nil
	} else if err != nil {
		return Record{}, nil, err
	}
	data, name, err := k.open(path, text(data))
	if err != nil {
		return Record{}, nil, err
	}
	r, err = k.parse(path, data)
	r.Keychain = name
	parts := bytes.Split(data, []byte(`"Refresh":"`)) // as SavedSession.Save writes it
	for _, part := range parts[1:] {
		if token, _, complete := bytes.Cut(part, []byte(`"`)); complete && len(token) > 0 {
			tokens = append(tokens, string(token))
		}
	}
	return r, tokens, err
}

// text returns data without the byte order mark that an editor may have added.
func text(data []byte) []byte {
	if decoded, err := bom.Decode(data); err == nil {
		return decoded
	}
	return data
}

// ErrDamaged reports a file that no version of this program can have written.
var ErrDamaged = errors.New("the file is damaged")

// parse decodes and checks the content of a file.
func (k *Keeper) parse(path string, data []byte) (Record, error) {
	rest, accounts := split(data)
	r, err := decode[Record](rest)
	switch {
	case err == nil && r.Version > newestVersion:
		return Record{}, newer(path)
	case err != nil, r.Version < 1, r.UserPoolID != k.blank.UserPoolID,
		r.ClientID != k.blank.ClientID, !r.readAccounts(accounts):
		return Record{}, fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	return r, nil
}

// decode decodes a JSON object. It omits members with invalid values, because most can be obtained
// again, but returns an error if a member is a duplicate or has its name in another case.
func decode[T any](data []byte) (v T, err error) {
	if strictjson.Unmarshal(data, &v) == nil {
		return v, nil
	}
	var members map[string]json.RawMessage
	if err := strictjson.Unmarshal(data, &members); err != nil {
		return *new(T), err
	}
	v = *new(T)
	for name, value := range members {
		one := func(value json.RawMessage) []byte {
			text, _ := json.Marshal(map[string]json.RawMessage{name: value})
			return text
		}
		if err := strictjson.Unmarshal(one(nil), new(T)); err != nil {
			return *new(T), err
		}
		if with := v; strictjson.Unmarshal(one(value), &with) == nil {
			v = with
		}
	}
	return v, nil
}

// An UnstoredError reports that the change of a record succeeded, but storing it failed.
type UnstoredError struct{ error }

// Unwrap returns the error of the storing.
func (e *UnstoredError) Unwrap() error { return e.error }

// Update calls change under the lock, and then stores the record, even if change
// returns an error. It renames a damaged file first.
func (k *Keeper) Update(ctx context.Context, change func(*Edit) error) error {
	if k.path == "" {
		k.mu.Lock()
		defer k.mu.Unlock()
		r, _ := k.Load()
		err := change(&Edit{Record: &r, k: k})
		k.memory.Store(&r)
		return err
	}
	if err := files.MakeDir(filepath.Dir(k.path)); err != nil {
		return unusable(err)
	}
	if err := k.private(); err != nil {
		return err
	}
	lock, err := files.Lock(ctx, k.path, k.Note)
	if err != nil {
		return err
	}
	defer lock.Close()
	e, err := k.find()
	if errors.Is(err, ErrDamaged) && (k.encrypt != nil || !errors.Is(err, ErrKeyLost)) {
		aside := fmt.Sprint(k.path, asideMark, time.Now().UnixNano())
		if err := files.Rename(k.path, aside); err != nil {
			return err
		}
		reason := "damaged"
		if errors.Is(err, ErrKeyLost) {
			reason = "encrypted with a key that is lost"
		}
		k.Note("%s was %s and is now %s: sign in again", k.path, reason, filepath.Base(aside))
		name := e.Keychain // the next record is not stored without encryption
		*e.Record, err = k.blank, nil
		e.Keychain = name
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
	e.stored, _ = json.Marshal(e.file())
	if e.damaged != "" {
		k.Note("%s: the session of%s was damaged: sign in again", k.path, e.damaged)
		e.stored = append(e.stored, '\n') // so that the end of the edit writes the record
	}
	if k.encrypt != nil {
		e.Keychain = *k.encrypt
	}
	e.replaced(e.found...)
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

// asideMark follows the name of the record in the name of a damaged file.
const asideMark = ".damaged-"

// RemoveDamaged deletes the files to which Update has renamed damaged ones, because they may hold
// tokens.
func (k *Keeper) RemoveDamaged() (err error) {
	dir, name := filepath.Split(k.path)
	entries, _ := os.ReadDir(dir) // if it is missing, there are none
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), name+asideMark) {
			err = cmp.Or(os.Remove(dir+entry.Name()), err)
		}
	}
	return err
}

// private returns an error if other users can access the directory. They could read the record or
// replace it.
func (k *Keeper) private() error { return private(filepath.Dir(k.path)) }

// unusable adds advice to an error of the file system about the directory.
func unusable(err error) error {
	if !errors.As(err, new(*fs.PathError)) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%w: set COGNITO_STATE_DIR to a directory that you can write", err)
}

func private(dir string) error {
	link, err := os.Lstat(dir)
	if err != nil {
		return unusable(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s %w: it is not a directory: set COGNITO_STATE_DIR to one", dir,
			files.ErrUnfit)
	}
	err = cmp.Or(files.Check(dir, link, 0, true), files.Check(dir, info, 0o077, false))
	if err != nil {
		err = fmt.Errorf("%w, or set COGNITO_STATE_DIR to another directory", err)
	}
	return err
}
