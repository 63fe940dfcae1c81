package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// growth is the maximum number of bytes that a refresh adds to a record: three tokens of 50,000
// bytes, the maximum that package cognitoidp accepts, and some space for the rest.
const growth = 3*50_000 + 4096

// An edit is a record that this process changes under the lock.
//
// If refresh tokens rotate, only the one in the response is valid after a refresh. If the process
// is killed or the disk fails, that token is lost only in state 2:
//
//	    NAME.json  NAME.*.new
//	1.  old        blank       reserve has made space for the new record
//	2.  old        blank       the pool has processed the refresh
//	3.  old        new         store has written the new record into that space
//	4.  new                    and has renamed the file
//
// A complete record is deleted only after one with a higher serial number is synced to the disk. If
// an edit is interrupted, the next one therefore finds the newest record.
type edit struct {
	k        *keeper
	r        *record
	stored   []byte   // the record as it was last written
	path     string   // the file with the record that was last written
	older    []string // files to delete after the next record is synced
	reserved *os.File // space for the record after a refresh
	held     bool     // the exit of the process is delayed
}

// find reads the newest complete record from NAME.json and the files NAME.*.new. A process leaves
// the latter if it is killed or its rename fails.
func (k *keeper) find() (*edit, error) {
	e := &edit{k: k, path: k.path()}
	r, err := k.read(e.path)
	if err != nil && !errors.Is(err, errDamaged) {
		return nil, err
	}
	names, _ := fs.Glob(os.DirFS(k.dir), k.name+".*.new")
	for _, name := range names {
		path := filepath.Join(k.dir, name)
		other, otherErr := k.read(path)
		switch {
		case otherErr == nil && other.Serial > r.Serial:
			if e.path != k.path() {
				e.older = append(e.older, e.path)
			}
			r, e.path, err = other, path, nil
		case otherErr == nil || errors.Is(otherErr, errDamaged):
			e.older = append(e.older, path)
		default:
			return nil, otherErr
		}
	}
	e.r = &r
	return e, err
}

// reserve prepares a refresh. Until close is called, the process does not exit, and the disk has
// space for the new tokens.
func (e *edit) reserve() (err error) {
	if e.k.dir == "" {
		return nil
	}
	if !e.held {
		if err := e.k.ending.hold(); err != nil {
			return err
		}
		e.held = true
	}
	if e.reserved == nil {
		if e.reserved, err = e.k.newFile(); err != nil {
			return err
		}
	}
	// In JSON, line ends are white space after a record and invalid in its strings. If the disk
	// loses a part of a record, the result is therefore not a complete record.
	_, err = e.reserved.WriteAt(bytes.Repeat([]byte("\n"), len(e.stored)+growth), 0)
	return cmp.Or(err, e.reserved.Sync(), syncPath(e.k.dir))
}

// close releases the space and the hold of reserve.
func (e *edit) close() {
	if e.reserved != nil {
		e.reserved.Close()
		os.Remove(e.reserved.Name())
	}
	if e.held {
		e.k.ending.release()
	}
}

// store writes the record if it has changed, and renames its file to NAME.json.
func (e *edit) store() error {
	text, err := json.Marshal(e.r)
	if err != nil || e.k.dir == "" {
		return err
	}
	if !bytes.Equal(text, e.stored) {
		e.r.Serial++
		text, _ = json.Marshal(e.r)
		err := e.write(text)
		if err != nil {
			err = e.write(text) // to another file
		}
		if err != nil {
			return fmt.Errorf("the session could not be stored and may need a new sign-in: %w", err)
		}
		e.stored = text
	}
	if e.path == e.k.path() {
		return nil
	}
	if err := patient(func() error { return os.Rename(e.path, e.k.path()) }); err != nil {
		return fmt.Errorf("the session is in %s, which the next run reads: %w", e.path, err)
	}
	e.path = e.k.path()
	return syncPath(e.k.dir)
}

// write writes text to the reserved space, or to a new file.
func (e *edit) write(text []byte) (err error) {
	file := e.reserved
	if e.reserved = nil; file == nil {
		if file, err = e.k.newFile(); err != nil {
			return err
		}
	}
	if _, err = file.WriteAt(text, 0); err != nil {
		file.Truncate(0) // free the space: some file systems do not write in place
	} else {
		file.Truncate(int64(len(text))) // if it fails, white space remains
		err = file.Sync()
	}
	if err = cmp.Or(err, file.Close()); err != nil {
		e.older = append(e.older, file.Name()) // it may be the only complete record
		return err
	}
	if e.path != e.k.path() {
		e.older = append(e.older, e.path)
	}
	for _, path := range e.older {
		os.Remove(path)
	}
	e.path, e.older = file.Name(), nil
	return nil
}

// newFile creates an empty file of mode 0600.
func (k *keeper) newFile() (*os.File, error) { return os.CreateTemp(k.dir, k.name+".*.new") }

// syncPath syncs a file, or the names in a directory, to the disk. It ignores that Windows and some
// file systems cannot sync directories.
func syncPath(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	err = file.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}
