package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// growth bounds what a refresh adds to a record: an ID, an access and a refresh token of 50,000 bytes
// each, the most that package cognitoidp accepts, and what else is stored with them.
const growth = 3*50_000 + 4096

// An edit changes the record while its process holds the lock.
//
// A refresh may leave its response as the only place with a valid refresh token. So its result is
// stored like this, and a process that is killed, or a disk that fails, loses it in none but the first
// two states:
//
//	NAME.json    NAME.*.new            state
//	old          blank                 reserve has made room for the new record
//	old          blank                 the pool has answered
//	old          new, or a part of it  store has written the new record into it
//	new          -                     and renamed it
//
// A file with a complete record is deleted only when a newer one is safe, which its serial number
// shows. What an edit leaves behind, the next one takes up: see [keeper.find].
type edit struct {
	k        *keeper
	r        *record
	stored   []byte          // the record as it was last written
	session  json.RawMessage // the session in it
	path     string          // of the file that has it
	older    []string        // files to delete when a newer one is written
	reserved *os.File        // room for the record after a refresh
	release  func()          // ends what reserve holds
}

// reserve prepares a refresh: until close, the process does not end, and there is room on the disk for
// the tokens. An error means that they could not be stored.
func (e *edit) reserve() error {
	if e.k.dir == "" || e.reserved != nil {
		return nil
	}
	if e.release == nil {
		release, err := e.k.ending.hold()
		if err != nil {
			return err
		}
		e.release = release
	}
	text, err := json.Marshal(e.r)
	if err != nil {
		return err
	}
	if e.reserved, err = e.k.newFile(); err != nil {
		return err
	}
	// A line end is white space after a record and an error within its strings. So a record of which
	// the disk has lost a part cannot be taken for a complete one.
	blank := bytes.Repeat([]byte("\n"), len(text)+growth)
	if _, err = e.reserved.Write(blank); err == nil {
		err = e.reserved.Sync()
	}
	if err == nil {
		err = syncPath(e.k.dir)
	}
	if err != nil {
		e.unreserve()
	}
	return err
}

func (e *edit) unreserve() {
	if e.reserved != nil {
		e.reserved.Close()
		os.Remove(e.reserved.Name())
		e.reserved = nil
	}
}

// close ends what reserve began.
func (e *edit) close() {
	e.unreserve()
	if e.release != nil {
		e.release()
	}
}

// store writes the record, if it has changed, and gives the file its name.
func (e *edit) store() error {
	text, err := json.Marshal(e.r)
	if err != nil || e.k.dir == "" {
		return err
	}
	if !bytes.Equal(text, e.stored) {
		e.r.Serial++
		if text, err = json.Marshal(e.r); err != nil {
			return err
		}
		if err := e.write(text); err != nil {
			advice := ""
			if !bytes.Equal(e.r.Session, e.session) {
				advice = ": a new sign-in may be needed"
			}
			return fmt.Errorf("the session could not be stored: %w%s", err, advice)
		}
		e.stored, e.session = text, e.r.Session
	}
	if e.path == e.k.path() {
		return nil
	}
	if err := e.k.rename(e.path); err != nil {
		return fmt.Errorf("the session is in %s, which the next run takes up: %w", e.path, err)
	}
	e.path = e.k.path()
	return nil
}

// write writes text into the reserved file, or a new one, which takes the place of older files beside
// the record.
func (e *edit) write(text []byte) error {
	var errs error
	for range 2 {
		file, err := e.reserved, error(nil)
		if e.reserved = nil; file == nil {
			file, err = e.k.newFile()
		}
		if err == nil {
			err = overwrite(file, text)
		}
		if err == nil {
			if e.path != e.k.path() {
				e.older = append(e.older, e.path)
			}
			for _, path := range e.older {
				os.Remove(path)
			}
			e.path, e.older = file.Name(), nil
			return nil
		}
		errs = errors.Join(errs, err)
		if file != nil {
			e.older = append(e.older, file.Name()) // its text may be complete, and only not synced
		}
	}
	return errs
}

// newFile makes an empty file beside the record. Its mode is 0600.
func (k *keeper) newFile() (*os.File, error) { return os.CreateTemp(k.dir, k.name+".*.new") }

// overwrite makes text the content of file, safe from a power failure, and closes it.
func overwrite(file *os.File, text []byte) error {
	_, err := file.WriteAt(text, 0)
	if err != nil {
		file.Truncate(0) // another file may need the space: not every file system writes in place
	} else {
		file.Truncate(int64(len(text))) // if this fails, the rest is white space
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// rename gives a file the record's name.
func (k *keeper) rename(path string) error {
	if err := patient(func() error { return os.Rename(path, k.path()) }); err != nil {
		return err
	}
	return syncPath(k.dir)
}

// syncPath makes a file, or the names in a directory, safe from a power failure. Windows has no such
// call for directories, and some file systems have none either.
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

// find reads the record: the newest complete one among the file with its name and those beside it,
// which a process leaves that was killed or could not rename. It returns where the record is, and the
// files beside it that are older or incomplete.
func (k *keeper) find() (r record, path string, older []string, err error) {
	path = k.path()
	r, err = k.read(path)
	if err != nil && !errors.Is(err, errDamaged) {
		return r, path, nil, err
	}
	names, _ := fs.Glob(os.DirFS(k.dir), k.name+".*.new")
	for _, name := range names {
		beside := filepath.Join(k.dir, name)
		other, otherErr := k.read(beside)
		switch {
		case otherErr == nil && other.Serial > r.Serial:
			if path != k.path() {
				older = append(older, path)
			}
			r, path, err = other, beside, nil
		case otherErr == nil || errors.Is(otherErr, errDamaged):
			older = append(older, beside)
		default:
			return r, path, nil, otherErr
		}
	}
	return r, path, older, err
}
