package state

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/keychain"
	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// A sealed is the file of an encrypted record:
//
//	{"version":2,"environment":"DEV",...,"keychain":"secretservice","sealed":"BASE64"}
//
// Sealed is a random nonce and the record, encrypted by AES-256-GCM (NIST SP 800-38D). The other
// members are the additional authenticated data, in the form in which they are stored.
type sealed struct {
	Version     int    `json:"version"`
	Environment string `json:"environment"`
	UserPoolID  string `json:"user_pool_id"`
	ClientID    string `json:"client_id"`
	// Keychain is the name of the keychain that has the key.
	Keychain string `json:"keychain"`
	Sealed   []byte `json:"sealed,omitempty"`
}

// maxFile is the maximum size of a file in bytes. Base64 adds a third to the size of a record.
const maxFile = (maxRecord+growth)*4/3 + maxHeader

// maxHeader is more than the size of the members that are not encrypted.
const maxHeader = 4096

// Encrypt makes updates encrypt the record with the key in a keychain. With "none", they do not
// encrypt it. If name is empty, the record stays as it is. If the keychain has no key, Encrypt
// stores a new one. It returns an error if the key cannot be stored and read.
//
// Encrypt is for sign-ins: updates after it replace a record that cannot be decrypted. Other
// updates do not, because they would store the next session without encryption.
func (k *Keeper) Encrypt(ctx context.Context, name string) error {
	if k.path == "" {
		return nil
	}
	if err := k.private(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if name == "" {
		data, err := files.ReadOwn(k.path, maxFile)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !encrypted(data) {
			return nil
		}
		var s sealed
		if err == nil && (strictjson.Unmarshal(data, &s) != nil || s.Keychain == "") {
			err = fmt.Errorf("%s was encrypted and is damaged: choose a keychain", k.path)
		}
		if err != nil {
			return err
		}
		name = s.Keychain
	}
	if name == "none" {
		name = ""
	} else if err := k.Keys.Prepare(ctx, name, k.Note); err != nil {
		return fmt.Errorf("%w (nothing was sent; -keychain chooses another keychain, or none)", err)
	}
	k.encrypt = &name
	return nil
}

// encrypted reports whether the content of a file is that of an encrypted record, even if it is
// damaged. In a record that is not encrypted, the name of a user may be "keychain".
func encrypted(data []byte) bool {
	before, _, found := bytes.Cut(data, []byte(`"keychain":"`))
	return found && !bytes.Contains(before, []byte(`"names":{`))
}

// additional returns the cipher, and the additional authenticated data.
func (s sealed) additional(key []byte) (aead cipher.AEAD, data []byte, err error) {
	s.Sealed = nil
	if data, err = json.Marshal(s); err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err = cipher.NewGCMWithRandomNonce(block)
	return aead, data, err
}

// seal returns the content of the file of a record. text is the record in JSON.
func (k *Keeper) seal(r *Record, text []byte) ([]byte, error) {
	if r.Keychain == "" {
		return text, nil
	}
	key, err := k.Keys.Key(r.Keychain)
	if err != nil {
		return nil, err
	}
	s := sealed{
		Version:     newestVersion,
		Environment: r.Environment,
		UserPoolID:  r.UserPoolID,
		ClientID:    r.ClientID,
		Keychain:    r.Keychain,
	}
	aead, data, err := s.additional(key)
	if err != nil {
		return nil, err
	}
	s.Sealed = aead.Seal(nil, nil, text, data)
	return json.Marshal(s)
}

// ErrKeyLost reports an encrypted file that cannot be decrypted any more. It is also ErrDamaged.
var ErrKeyLost = errors.New("the file cannot be decrypted")

// A keyError is an error that errors.Is matches with ErrKeyLost and ErrDamaged.
type keyError struct{ error }

func (e keyError) Unwrap() error { return e.error }

// Is reports whether target is ErrKeyLost or ErrDamaged.
func (e keyError) Is(target error) bool { return target == ErrKeyLost || target == ErrDamaged }

// open returns the record in the content of a file, and the name of its keychain. If the keychain
// is unavailable for now, the error is not ErrKeyLost, unless Encrypt has replaced that keychain.
func (k *Keeper) open(path string, data []byte) (text []byte, name string, err error) {
	if !encrypted(data) {
		return data, "", nil
	}
	var s sealed
	err = strictjson.Unmarshal(data, &s)
	switch {
	case err == nil && s.Version > newestVersion:
		return nil, "", newer(path)
	case err != nil || s.Keychain == "":
		return nil, "", keyError{fmt.Errorf("%s: the file is damaged", path)}
	}
	replaced := k.encrypt != nil && *k.encrypt != s.Keychain
	for range 2 {
		key, err := k.Keys.Key(s.Keychain)
		if err != nil && (replaced || errors.Is(err, keychain.ErrNotFound)) {
			return nil, "", keyError{fmt.Errorf("%s: %w", path, err)}
		} else if err != nil {
			return nil, "", fmt.Errorf("%s is encrypted: %w", path, err)
		}
		if text, err = s.decrypt(key); err == nil {
			return text, s.Keychain, nil
		}
		k.Keys.Forget(s.Keychain) // another process may have replaced the key
	}
	return nil, "", keyError{fmt.Errorf("%s was encrypted with another key, or altered", path)}
}

// decrypt returns the record.
func (s sealed) decrypt(key []byte) ([]byte, error) {
	aead, header, err := s.additional(key)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, s.Sealed, header)
}

// newer returns the error for a file that a newer version has written.
func newer(path string) error {
	return fmt.Errorf("%s was written by a newer version of this program", path)
}
