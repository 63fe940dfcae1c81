// Package keychain keeps the keys of encrypted files in the keychain of the system.
//
// A keychain stores one key of 32 bytes for each state directory, because the keychains of some
// systems cannot store more than 2,560 bytes. Its name is one of these:
//
//   - "dpapi": Windows encrypts the key for the user. It is in the file key.dpapi.
//   - "macos": the login keychain of macOS.
//   - the name of a credential helper of Docker, such as "secretservice", "pass", "osxkeychain" or
//     "wincred", or the absolute path of one.
package keychain

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
)

// keySize is the size of a key in bytes.
const keySize = 32

// ErrNotFound reports that a keychain returned no key for the directory. Some keychains report the
// same while they are locked.
var ErrNotFound = errors.New("it is locked, or has no key for this directory")

// ErrUnknown reports that a name is not that of a keychain.
var ErrUnknown = errors.New("it is unknown: use dpapi, macos, or the name or absolute " +
	"path of a docker-credential helper")

// A Ring reads the keys of a state directory. It reads each only once, unless [Ring.Forget] is
// called.
type Ring struct {
	// Dir is the state directory, whose path identifies the key.
	Dir string
	// Patience is how long a program may take, because a locked keychain may prompt the user. If
	// it is 0, that is 10 seconds.
	Patience time.Duration

	mu   sync.Mutex
	keys map[string][]byte // by the name of the keychain
}

// A store reads and writes a secret of printable ASCII characters.
type store struct {
	get func(context.Context) (string, error)
	set func(ctx context.Context, secret string) error
	// erase removes the secret. It is nil if get never returns ErrNotFound because of a lock.
	erase func(context.Context)
}

// Key returns the key in a keychain. It takes no context, because the record of a session is read
// by functions without one. Patience limits the time.
func (r *Ring) Key(name string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := r.keys[name]; key != nil {
		return key, nil
	}
	s, err := r.open(name, r.id())
	var key []byte
	if err == nil {
		key, err = s.key(context.Background())
	}
	return r.remember(name, key, err)
}

// Forget makes the next call of Key read the key again.
func (r *Ring) Forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.keys, name)
}

// Prepare makes sure that a keychain has a key. A new key is stored and read again,
// because some keychains lose or truncate what they store. Prepare holds a lock in the directory,
// so that two processes do not create different keys. note receives notices for the user.
func (r *Ring) Prepare(
	ctx context.Context, name string, note func(format string, args ...any),
) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.open(name, ""); err != nil {
		_, err = r.remember(name, nil, err)
		return err
	}
	if err := files.MakeDir(r.Dir); err != nil {
		return err
	}
	s, err := r.open(name, r.id())
	if err != nil {
		return err
	}
	// Not "key", which is the lock of key.dpapi.
	lock, err := files.Lock(ctx, filepath.Join(r.Dir, "keychain"), note)
	if err != nil {
		return err
	}
	defer lock.Close()
	key, err := s.key(ctx)
	if errors.Is(err, ErrNotFound) && s.erase != nil {
		// docker-credential-secretservice finds nothing in a locked keychain, but asks the user to
		// unlock it before it stores anything. Storing another key unlocks it, and keeps this one.
		// Other directories have other locks, so this directory has a key of its own for that.
		var other store
		if other, err = r.open(name, "test "+r.id()); err == nil {
			_, err = other.create(ctx)
		}
		if err == nil {
			other.erase(ctx)
			key, err = s.key(ctx)
		}
	}
	if errors.Is(err, ErrNotFound) {
		key, err = s.create(ctx)
	}
	_, err = r.remember(name, key, err)
	return err
}

// remember keeps a key, or adds the name of the keychain to an error.
func (r *Ring) remember(name string, key []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("keychain %s: %w", name, err)
	}
	if r.keys == nil {
		r.keys = make(map[string][]byte)
	}
	r.keys[name] = key
	return key, nil
}

// key reads the key.
func (s store) key(ctx context.Context) ([]byte, error) {
	secret, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(secret))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("what it stores for this program is not a key (%d bytes): remove it",
			len(secret))
	}
	return key, nil
}

// create stores a new key, and checks that the keychain returns it.
func (s store) create(ctx context.Context) ([]byte, error) {
	key := make([]byte, keySize)
	rand.Read(key)
	if err := s.set(ctx, base64.StdEncoding.EncodeToString(key)); err != nil {
		return nil, err
	}
	got, err := s.key(ctx)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, errors.New("it did not keep the key that was stored in it")
	case err != nil:
		return nil, err
	case subtle.ConstantTimeCompare(got, key) != 1:
		return nil, errors.New("it returned another key than the one that was stored in it")
	}
	return key, nil
}

// id returns the path of the directory without symbolic links, by which programs may reach it.
func (r *Ring) id() string {
	if path, err := filepath.EvalSymlinks(r.Dir); err == nil {
		return path
	}
	return r.Dir
}

// open returns the store for the key of id, which is a state directory or names another key.
func (r *Ring) open(name, id string) (store, error) {
	hash := sha256.Sum256([]byte(id))
	account := hex.EncodeToString(hash[:16])
	switch {
	case name == "dpapi":
		return r.dpapi()
	case name == "macos":
		return r.security("/usr/bin/security", account), nil
	case filepath.IsAbs(name):
		return r.helper(name, account), nil
	case name == "" || strings.Trim(name, letters) != "" || strings.HasPrefix(name, "-"):
		return store{}, ErrUnknown
	}
	path, err := exec.LookPath("docker-credential-" + name)
	if err != nil {
		return store{}, fmt.Errorf("the program docker-credential-%s was not found: install it",
			name)
	}
	return r.helper(path, account), nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// dpapi returns a store in a file, which Windows encrypts for the user.
func (r *Ring) dpapi() (store, error) {
	path := filepath.Join(r.Dir, "key.dpapi")
	if err := dpapiAvailable(); err != nil {
		return store{}, err
	}
	return store{
		get: func(context.Context) (string, error) { return readProtected(path) },
		set: func(ctx context.Context, secret string) error {
			wrapped, err := protect([]byte(secret))
			if err != nil {
				return err
			}
			file := files.Target{
				Path:    path,
				Limit:   maxOutput,
				Mode:    0o600,
				Trusted: true,
				Note:    func(string, ...any) {},
			}
			return file.Update(ctx, func([]byte) ([]byte, error) { return wrapped, nil })
		},
	}, nil
}

// readProtected reads a file that Windows has encrypted.
func readProtected(path string) (string, error) {
	wrapped, err := files.ReadOwn(path, maxOutput)
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNotFound
	} else if err != nil {
		return "", err
	}
	secret, err := unprotect(wrapped)
	return string(secret), err
}
