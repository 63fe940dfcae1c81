package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/keychain"
)

// growth is the maximum number of bytes that a refresh adds to a record: three tokens of 50,000
// bytes, the maximum that package cognitoidp accepts, and some space for the rest.
const growth = 3*50_000 + 4096

// An Edit is a record that this process changes under the lock.
//
// If refresh tokens rotate, only the one in the response is valid after a refresh. If the process
// is killed or the disk fails, that token is lost only in state 2:
//
//	    NAME.json  NAME.*.new
//	1.  old        blank       Reserve has made space for the new record
//	2.  old        blank       the pool has processed the refresh
//	3.  old        new         Store has written the new record into that space
//	4.  new                    and has renamed the file
//
// A complete record is deleted only after one with a higher serial number is synced to the disk. If
// an edit is interrupted, the next one therefore finds the newest record.
type Edit struct {
	*Record

	k        *Keeper
	stored   []byte   // the record as it was last written
	path     string   // the file with the record that was last written
	older    []string // files to delete after the next record is synced
	found    []string // refresh tokens in all files
	reserved *os.File // space for the record after a refresh
	release  func()   // ends the delay of the exit, if it is not nil
}

// find reads the newest complete record from NAME.json and the files NAME.*.new. A process leaves
// the latter if it is killed or its rename fails.
func (k *Keeper) find() (*Edit, error) {
	e := &Edit{k: k, path: k.path}
	r, tokens, err := k.read(e.path)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return nil, err
	}
	e.found = tokens
	left, _ := files.New(e.path)
	for _, path := range left {
		other, tokens, otherErr := k.read(path)
		e.found = append(e.found, tokens...)
		switch {
		case otherErr == nil && other.Serial > r.Serial:
			if e.path != k.path {
				e.older = append(e.older, e.path)
			}
			r, e.path, err = other, path, nil
		case k.encrypt == nil && errors.Is(otherErr, keychain.ErrNotFound):
			return nil, otherErr // it may be the newest record, and the keychain locked
		case otherErr == nil || errors.Is(otherErr, ErrDamaged):
			e.older = append(e.older, path)
		default:
			return nil, otherErr
		}
	}
	if k.User != "" {
		r.Choose(k.User)
	}
	e.Record = &r
	return e, err
}

// Reserve prepares a refresh. Until the edit ends, the process does not exit, and the disk has
// space for the new tokens.
func (e *Edit) Reserve() (err error) {
	if e.k.path == "" {
		return nil
	}
	if e.release == nil {
		if e.release, err = e.k.Hold(); err != nil {
			return err
		}
	}
	if err := files.Rehearse(e.k.path); err != nil {
		return err
	}
	if e.reserved == nil {
		if e.reserved, err = files.Create(e.k.path); err != nil {
			return err
		}
	}
	// In JSON, line ends are white space after a record and invalid in its strings. If the disk
	// loses a part of a record, the result is therefore not a complete record.
	size := len(e.stored) + growth
	if e.Keychain != "" {
		size = size*4/3 + maxHeader
	}
	return files.Reserve(e.reserved, size)
}

// close releases what Reserve has acquired.
func (e *Edit) close() {
	if e.reserved != nil {
		e.reserved.Close()
		os.Remove(e.reserved.Name())
	}
	if e.release != nil {
		e.release()
	}
}

// Store writes the record if it has changed, and renames its file to NAME.json.
func (e *Edit) Store() error {
	text, err := json.Marshal(e.file())
	if err != nil || e.k.path == "" {
		return err
	}
	if !bytes.Equal(text, e.stored) {
		e.Serial++
		text, _ = json.Marshal(e.file())
		data, err := e.k.seal(e.Record, text)
		if err != nil {
			return err
		}
		err = e.write(data)
		if err != nil {
			err = e.write(data) // to another file
		}
		if err != nil {
			return fmt.Errorf("the session could not be stored and may need a new sign-in: %w", err)
		}
		e.stored = text
	}
	if e.path == e.k.path {
		return nil
	}
	if err := files.Rename(e.path, e.k.path); err != nil {
		return fmt.Errorf("the session is in %s, which the next run reads: %w", e.path, err)
	}
	e.path = e.k.path
	return files.Sync(filepath.Dir(e.path))
}

// write writes text to the reserved space, or to a new file.
func (e *Edit) write(text []byte) (err error) {
	file := e.reserved
	if e.reserved = nil; file == nil {
		if file, err = files.Create(e.k.path); err != nil {
			return err
		}
	}
	if err = files.Write(file, text); err != nil {
		e.older = append(e.older, file.Name()) // it may be the only complete record
		return err
	}
	if e.path != e.k.path {
		e.older = append(e.older, e.path)
	}
	for _, path := range e.older {
		os.Remove(path)
	}
	e.path, e.older = file.Name(), nil
	return nil
}
