package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
)

// newKeeper returns a keeper in a directory of its own, and the notices that it writes.
func newKeeper(t *testing.T) (*Keeper, *strings.Builder) {
	t.Helper()
	var said strings.Builder
	dir := t.TempDir()
	k := New(dir, "DEV", cognito.Environment{UserPoolID: "us-east-1_A", ClientID: "abc"})
	k.path = filepath.Join(dir, "DEV-1.json")
	k.Note = func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) }
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return k, &said
}

// lay writes a file into the directory.
func (k *Keeper) lay(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(filepath.Dir(k.path), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// written returns the text of a record.
func (k *Keeper) written(serial int, user string) string {
	r := k.blank
	r.Serial, r.User = serial, user
	text, _ := json.Marshal(r)
	return string(text)
}

// files returns the names in the directory, the lock left out.
func (k *Keeper) files(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(k.path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Name() != "DEV-1.lock" {
			names = append(names, entry.Name())
		}
	}
	return strings.Join(names, " ")
}

// Files of processes that were killed, or could not rename them, are recovered or removed. The
// result is the same with and without the lock.
func TestFind(t *testing.T) {
	for _, test := range []struct {
		name  string
		files func(t *testing.T, k *Keeper)
		want  string // the user
	}{
		{
			name:  "nothing",
			files: func(*testing.T, *Keeper) {},
		},
		{
			name: "killed in state 1 or 2",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", strings.Repeat("\n", growth))
			},
			want: "old",
		},
		{
			name: "killed before state 1",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", "")
			},
			want: "old",
		},
		{
			name: "killed in state 3",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", k.written(8, "new"))
			},
			want: "new",
		},
		{
			name: "killed before the file was shortened",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", k.written(8, "new")+strings.Repeat("\n", growth))
			},
			want: "new",
		},
		{
			name: "a part of the new record",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				part := k.written(8, "new")[:50]
				k.lay(t, "DEV-1.1.new", part+strings.Repeat("\n", growth))
			},
			want: "old",
		},
		{
			name: "a new record without its middle",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				text := k.written(8, "n---w")
				lost := strings.Replace(text, "---", strings.Repeat("\n", 3), 1)
				k.lay(t, "DEV-1.1.new", lost)
			},
			want: "old",
		},
		{
			name: "the first record",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.1.new", k.written(1, "new"))
			},
			want: "new",
		},
		{
			name: "a replaced record",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", k.written(8, "new"))
				k.lay(t, "DEV-1.1.new", k.written(7, "old"))
				k.lay(t, "DEV-1.2.new", k.written(8, "also old"))
			},
			want: "new",
		},
		{
			name: "several new records",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", k.written(8, "newer"))
				k.lay(t, "DEV-1.2.new", k.written(10, "newest"))
				k.lay(t, "DEV-1.3.new", k.written(9, "newer"))
			},
			want: "newest",
		},
		{
			name: "beside a damaged record",
			files: func(t *testing.T, k *Keeper) {
				k.lay(t, "DEV-1.json", "damaged")
				k.lay(t, "DEV-1.1.new", k.written(1, "new"))
			},
			want: "new",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, said := newKeeper(t)
			test.files(t, k)
			k.lay(t, "DEV-2.1.new", k.written(99, "of another environment"))
			if r, err := k.Load(); err != nil || r.User != test.want {
				t.Errorf("Load() = user %q, %v, want %q", r.User, err, test.want)
			}
			err := k.Update(t.Context(), func(e *Edit) error {
				if e.User != test.want {
					t.Errorf("Update() has user %q, want %q", e.User, test.want)
				}
				return nil
			})
			if err != nil || said.Len() > 0 {
				t.Errorf("Update() = %v, want nil; said %q", err, said)
			}
			want := "DEV-1.json DEV-2.1.new"
			if test.want == "" {
				want = "DEV-2.1.new"
			}
			if got := k.files(t); got != want {
				t.Errorf("the directory has %s, want %s", got, want)
			}
			if r, err := k.Load(); err != nil || r.User != test.want {
				t.Errorf("Load() = user %q, %v after Update(), want %q", r.User, err, test.want)
			}
		})
	}
}

// Each step of storing can fail. A file with the new record is kept.
func TestStoreFails(t *testing.T) {
	fail := errors.New("the change failed")
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, k *Keeper, e *Edit)
		err     error
		want    string // in the error
		said    string // in what the user is told
		files   string // before the next edit: a pattern
		next    string // the user in it
	}{
		{
			name:    "nothing",
			prepare: func(*testing.T, *Keeper, *Edit) {},
			files:   "DEV-1.json",
			next:    "new",
		},
		{
			name:    "the change itself",
			prepare: func(*testing.T, *Keeper, *Edit) {},
			err:     fail,
			want:    fail.Error(),
			files:   "DEV-1.json",
			next:    "new",
		},
		{
			name:    "writing in the reserved space",
			prepare: func(_ *testing.T, _ *Keeper, e *Edit) { e.reserved.Close() },
			files:   "DEV-1.json",
			next:    "new",
		},
		{
			name:    "renaming",
			prepare: func(t *testing.T, k *Keeper, _ *Edit) { k.block(t) },
			want:    "the session is in ",
			files:   "DEV-1.*.new",
			next:    "new",
		},
		{
			name: "writing, and renaming",
			prepare: func(t *testing.T, k *Keeper, e *Edit) {
				e.reserved.Close()
				k.block(t)
			},
			want:  "the session is in ",
			files: "DEV-1.*.new",
			next:  "new",
		},
		{
			name:    "renaming, and the change itself",
			prepare: func(t *testing.T, k *Keeper, _ *Edit) { k.block(t) },
			err:     fail,
			want:    fail.Error(),
			said:    "the session is in ",
			files:   "DEV-1.*.new",
			next:    "new",
		},
		{
			name: "writing anywhere",
			prepare: func(_ *testing.T, k *Keeper, e *Edit) {
				e.reserved.Close()
				k.path = filepath.Join(filepath.Dir(k.path), "none", "DEV-1.json")
			},
			want:  "the session could not be stored",
			files: "DEV-1.*.new DEV-1.json", // and no file that may have the record is deleted
			next:  "old",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, said := newKeeper(t)
			path, held := k.path, 0
			k.Hold = func() (func(), error) {
				held++
				return func() { held-- }, nil
			}
			k.lay(t, "DEV-1.json", k.written(7, "old"))
			err := k.Update(t.Context(), func(e *Edit) error {
				if err := e.Reserve(); err != nil {
					t.Fatal(err)
				}
				e.User = "new"
				test.prepare(t, k, e)
				first := e.Store() // and again when the edit ends
				want := strings.Contains(test.want+test.said, "session")
				if (first != nil) != want {
					t.Errorf("Store() = %v, want an error: %v", first, want)
				}
				return test.err
			})
			k.path = path
			got := ""
			if err != nil {
				got = err.Error()
			}
			_, only := err.(*UnstoredError)
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("Update() = %q, want %q", got, test.want)
			} else if want := got != "" && test.err == nil; only != want {
				t.Errorf("Update() = %#v: unstored %v, want %v", err, only, want)
			}
			if test.said == "" && said.Len() > 0 || !strings.Contains(said.String(), test.said) {
				t.Errorf("said %q, want %q", said, test.said)
			}
			if info, err := os.Stat(k.path); err == nil && info.IsDir() { // of block
				os.Remove(k.path)
			}
			got = k.files(t)
			if ok, _ := filepath.Match(test.files, got); !ok {
				t.Errorf("the directory has %s, want %s", got, test.files)
			}
			if r, err := k.Load(); err != nil || r.User != test.next {
				t.Errorf("Load() = user %q, %v, want %q", r.User, err, test.next)
			}
			err = k.Update(t.Context(), func(e *Edit) error {
				e.User += "er"
				return nil
			})
			if got := k.files(t); err != nil || got != "DEV-1.json" {
				t.Errorf("the next Update() = %v, and leaves %s", err, got)
			}
			if held != 0 {
				t.Errorf("the edit leaves %d holds, want 0", held)
			}
		})
	}
}

// block makes renaming fail: no file takes the name of a directory.
func (k *Keeper) block(t *testing.T) {
	t.Helper()
	os.Remove(k.path)
	if err := os.Mkdir(k.path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// Without disk space for new tokens, nothing is refreshed, and the reserved space is released.
func TestReserveFails(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(k *Keeper, e *Edit)
	}{
		{"no file", func(k *Keeper, _ *Edit) {
			k.path = filepath.Join(filepath.Dir(k.path), "none", "DEV-1.json")
		}},
		{"no space", func(_ *Keeper, e *Edit) {
			e.reserved, _ = os.Open(os.DevNull) // which cannot be written
		}},
		{"the process ends", func(k *Keeper, _ *Edit) {
			k.Hold = func() (func(), error) { return nil, errors.New("the program is exiting") }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, _ := newKeeper(t)
			path := k.path
			k.lay(t, "DEV-1.json", k.written(7, "old"))
			err := k.Update(t.Context(), func(e *Edit) error {
				if err := e.Reserve(); err != nil {
					t.Fatal(err)
				}
				e.close()
				*e = Edit{k: k, Record: e.Record, stored: e.stored, path: e.path}
				test.prepare(k, e)
				err := e.Reserve()
				k.path = path
				if e.reserved != nil {
					e.reserved.Close()
					e.reserved = nil // not ours
				}
				return err
			})
			if got := k.files(t); err == nil || got != "DEV-1.json" {
				t.Errorf("Reserve() = %v, and leaves %s", err, got)
			}
		})
	}
}

// There is also space for the rest of a record in which a session is damaged.
func TestReserveDamaged(t *testing.T) {
	k, _ := newKeeper(t)
	r := k.blank
	r.User, r.Session = "ada", []byte("{}")
	r.Others = []Account{{User: "bob"}}
	r.Others[0].SetSession(saved(strings.Repeat("x", 2*growth)))
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	k.lay(t, "DEV-1.json", string(text))
	err = k.Update(t.Context(), func(e *Edit) error {
		if err := e.Reserve(); err != nil {
			return err
		}
		info, err := e.reserved.Stat()
		if err == nil && info.Size() < 3*growth {
			t.Errorf("Reserve() makes %d bytes, want %d", info.Size(), 3*growth)
		}
		return err
	})
	if r, loadErr := k.Load(); err != nil || loadErr != nil || len(r.Others) != 1 {
		t.Errorf("Update() = %v, and leaves %d users, %v", err, len(r.Others), loadErr)
	}
}

// While the tokens are refreshed, the disk has space for the longest ones, and it is not sparse.
func TestReserve(t *testing.T) {
	k, _ := newKeeper(t)
	err := k.Update(t.Context(), func(e *Edit) error {
		if err := e.Reserve(); err != nil {
			return err
		}
		text, err := os.ReadFile(e.reserved.Name())
		if len(text) < growth || strings.Trim(string(text), "\n") != "" {
			t.Errorf("Reserve() makes %d bytes, want %d line ends", len(text), growth)
		}
		info, statErr := e.reserved.Stat()
		if statErr == nil && runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("Reserve() makes a file of mode %v, want 0600", info.Mode())
		}
		return errors.Join(err, statErr)
	})
	if got := k.files(t); err != nil || got != "" {
		t.Errorf("Update() = %v, and leaves %s", err, got)
	}
}
