package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// newKeeper returns a keeper in a directory of its own, and what it tells the user.
func newKeeper(t *testing.T) (*keeper, *strings.Builder) {
	t.Helper()
	var said strings.Builder
	a := &app{stderr: &said}
	k := &keeper{dir: t.TempDir(), name: "DEV-1", note: a.notef, ending: &a.ending}
	k.blank = record{Version: 1, Environment: "DEV", UserPoolID: "us-east-1_A", ClientID: "abc"}
	if err := os.Chmod(k.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return k, &said
}

// lay writes a file into the directory.
func (k *keeper) lay(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// written returns the text of a record.
func (k *keeper) written(serial int, user string) string {
	r := k.blank
	r.Serial, r.User = serial, user
	text, _ := json.Marshal(r)
	return string(text)
}

// files returns the names in the directory, the lock left out.
func (k *keeper) files(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(k.dir)
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

// What processes have left that were killed, or could not rename, is taken up or removed. All of it
// reads the same with the lock and without.
func TestFind(t *testing.T) {
	for _, test := range []struct {
		name  string
		files func(t *testing.T, k *keeper)
		want  string // the user
	}{
		{
			name:  "nothing",
			files: func(*testing.T, *keeper) {},
		},
		{
			name: "killed in state 1 or 2",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", strings.Repeat("\n", growth))
			},
			want: "old",
		},
		{
			name: "killed before state 1",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", "")
			},
			want: "old",
		},
		{
			name: "killed in state 3",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", k.written(8, "new"))
			},
			want: "new",
		},
		{
			name: "killed before the file was shortened",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", k.written(8, "new")+strings.Repeat("\n", growth))
			},
			want: "new",
		},
		{
			name: "a part of the new record",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				part := k.written(8, "new")[:50]
				k.lay(t, "DEV-1.1.new", part+strings.Repeat("\n", growth))
			},
			want: "old",
		},
		{
			name: "a new record without its middle",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				text := k.written(8, "n---w")
				lost := strings.Replace(text, "---", strings.Repeat("\n", 3), 1)
				k.lay(t, "DEV-1.1.new", lost)
			},
			want: "old",
		},
		{
			name: "the first record",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.1.new", k.written(1, "new"))
			},
			want: "new",
		},
		{
			name: "a replaced record",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.json", k.written(8, "new"))
				k.lay(t, "DEV-1.1.new", k.written(7, "old"))
				k.lay(t, "DEV-1.2.new", k.written(8, "also old"))
			},
			want: "new",
		},
		{
			name: "several new records",
			files: func(t *testing.T, k *keeper) {
				k.lay(t, "DEV-1.json", k.written(7, "old"))
				k.lay(t, "DEV-1.1.new", k.written(8, "newer"))
				k.lay(t, "DEV-1.2.new", k.written(10, "newest"))
				k.lay(t, "DEV-1.3.new", k.written(9, "newer"))
			},
			want: "newest",
		},
		{
			name: "beside a damaged record",
			files: func(t *testing.T, k *keeper) {
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
			if r, err := k.load(); err != nil || r.User != test.want {
				t.Errorf("load() = user %q, %v, want %q", r.User, err, test.want)
			}
			err := k.update(t.Context(), func(r *record, _ *edit) error {
				if r.User != test.want {
					t.Errorf("update() has user %q, want %q", r.User, test.want)
				}
				return nil
			})
			if err != nil || said.Len() > 0 {
				t.Errorf("update() = %v, want nil; said %q", err, said)
			}
			want := "DEV-1.json DEV-2.1.new"
			if test.want == "" {
				want = "DEV-2.1.new"
			}
			if got := k.files(t); got != want {
				t.Errorf("the directory has %s, want %s", got, want)
			}
			if r, err := k.load(); err != nil || r.User != test.want {
				t.Errorf("load() = user %q, %v after update(), want %q", r.User, err, test.want)
			}
		})
	}
}

// Each step of storing can fail. What has the new record is kept.
func TestStoreFails(t *testing.T) {
	fail := errors.New("the change failed")
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, k *keeper, e *edit)
		err     error
		want    string // in the error
		said    string // in what the user is told
		files   string // before the next edit: a pattern
		next    string // the user in it
	}{
		{
			name:    "nothing",
			prepare: func(*testing.T, *keeper, *edit) {},
			files:   "DEV-1.json",
			next:    "new",
		},
		{
			name:    "the change itself",
			prepare: func(*testing.T, *keeper, *edit) {},
			err:     fail,
			want:    fail.Error(),
			files:   "DEV-1.json",
			next:    "new",
		},
		{
			name:    "writing in the reserved space",
			prepare: func(_ *testing.T, _ *keeper, e *edit) { e.reserved.Close() },
			files:   "DEV-1.json",
			next:    "new",
		},
		{
			name:    "renaming",
			prepare: func(t *testing.T, k *keeper, _ *edit) { k.block(t) },
			want:    "the session is in ",
			files:   "DEV-1.*.new",
			next:    "new",
		},
		{
			name: "writing, and renaming",
			prepare: func(t *testing.T, k *keeper, e *edit) {
				e.reserved.Close()
				k.block(t)
			},
			want:  "the session is in ",
			files: "DEV-1.*.new",
			next:  "new",
		},
		{
			name:    "renaming, and the change itself",
			prepare: func(t *testing.T, k *keeper, _ *edit) { k.block(t) },
			err:     fail,
			want:    fail.Error(),
			said:    "the session is in ",
			files:   "DEV-1.*.new",
			next:    "new",
		},
		{
			name: "writing anywhere",
			prepare: func(_ *testing.T, k *keeper, e *edit) {
				e.reserved.Close()
				k.name = "none/DEV-1"
			},
			want:  "the session could not be stored",
			files: "DEV-1.*.new DEV-1.json", // and no file that may have the record is deleted
			next:  "old",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, said := newKeeper(t)
			k.lay(t, "DEV-1.json", k.written(7, "old"))
			err := k.update(t.Context(), func(r *record, e *edit) error {
				if err := e.reserve(); err != nil {
					t.Fatal(err)
				}
				r.User = "new"
				test.prepare(t, k, e)
				first := e.store() // and again when the edit ends
				if want := strings.Contains(test.want+test.said, "session"); (first != nil) != want {
					t.Errorf("store() = %v, want an error: %v", first, want)
				}
				return test.err
			})
			k.name = "DEV-1"
			got := ""
			if err != nil {
				got = err.Error()
			}
			_, only := err.(unstored)
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("update() = %q, want %q", got, test.want)
			} else if want := got != "" && test.err == nil; only != want {
				t.Errorf("update() = %#v: unstored %v, want %v", err, only, want)
			}
			if test.said == "" && said.Len() > 0 || !strings.Contains(said.String(), test.said) {
				t.Errorf("said %q, want %q", said, test.said)
			}
			if info, err := os.Stat(k.path()); err == nil && info.IsDir() { // of block
				os.Remove(k.path())
			}
			got = k.files(t)
			if ok, _ := filepath.Match(test.files, got); !ok {
				t.Errorf("the directory has %s, want %s", got, test.files)
			}
			if r, err := k.load(); err != nil || r.User != test.next {
				t.Errorf("load() = user %q, %v, want %q", r.User, err, test.next)
			}
			err = k.update(t.Context(), func(r *record, _ *edit) error {
				r.User += "er"
				return nil
			})
			if got := k.files(t); err != nil || got != "DEV-1.json" {
				t.Errorf("the next update() = %v, and leaves %s", err, got)
			}
			if err := k.ending.hold(); err != nil || k.ending.held != 1 {
				t.Errorf("after the edit, hold() = %v, held %d, want nil, 1", err, k.ending.held)
			}
		})
	}
}

// block makes renaming fail: no file takes the name of a directory.
func (k *keeper) block(t *testing.T) {
	t.Helper()
	os.Remove(k.path())
	if err := os.Mkdir(k.path(), 0o700); err != nil {
		t.Fatal(err)
	}
}

// Without space for new tokens, nothing is refreshed. What was reserved is given back.
func TestReserveFails(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(k *keeper, e *edit)
	}{
		{"no file", func(k *keeper, _ *edit) { k.name = "none/DEV-1" }},
		{"no space", func(k *keeper, e *edit) {
			e.reserved, _ = os.Open(k.path()) // which cannot be written
		}},
		{"the process ends", func(k *keeper, _ *edit) { k.ending.wait(k.note) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, _ := newKeeper(t)
			k.lay(t, "DEV-1.json", k.written(7, "old"))
			err := k.update(t.Context(), func(_ *record, e *edit) error {
				if err := e.reserve(); err != nil {
					t.Fatal(err)
				}
				e.close()
				*e = edit{k: k, r: e.r, stored: e.stored, path: e.path}
				test.prepare(k, e)
				err := e.reserve()
				k.name = "DEV-1"
				if e.reserved != nil {
					e.reserved = nil // not ours
				}
				return err
			})
			if got := k.files(t); err == nil || got != "DEV-1.json" {
				t.Errorf("reserve() = %v, and leaves %s", err, got)
			}
		})
	}
}

// While the tokens are refreshed, the disk has space for the longest ones, and it is not sparse.
func TestReserve(t *testing.T) {
	k, _ := newKeeper(t)
	err := k.update(t.Context(), func(r *record, e *edit) error {
		if err := e.reserve(); err != nil {
			return err
		}
		text, err := os.ReadFile(e.reserved.Name())
		if len(text) < growth || strings.Trim(string(text), "\n") != "" {
			t.Errorf("reserve() makes %d bytes, want %d line ends", len(text), growth)
		}
		info, statErr := e.reserved.Stat()
		if statErr == nil && runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("reserve() makes a file of mode %v, want 0600", info.Mode())
		}
		return errors.Join(err, statErr)
	})
	if got := k.files(t); err != nil || got != "" {
		t.Errorf("update() = %v, and leaves %s", err, got)
	}
}

// Where a refreshed session cannot be stored, the command still has what it was run for.
func TestRefreshThatIsNotStored(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func(t *testing.T, path string)
		said string
	}{
		{
			name: "a file without its name",
			harm: func(t *testing.T, path string) {
				if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
					t.Error(err)
				}
			},
			said: "the session is in ",
		},
		{
			name: "a lost directory",
			harm: func(t *testing.T, path string) {
				if err := os.RemoveAll(filepath.Dir(path)); err != nil {
					t.Error(err)
				}
			},
			said: "the session could not be stored and may need a new sign-in: ",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			onUnix(t) // Windows keeps the files of a process
			m := newMachine(t)
			m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
			m.signedIn(t).forget(t)
			path, _ := m.record(t)
			m.fault.set(func(r *http.Request) *http.Response {
				if operation(r) == "GetTokensFromRefreshToken" {
					test.harm(t, path)
				}
				return nil
			})
			code, stdout, stderr := m.run(t, "", "credentials")
			if code != 0 || !strings.Contains(stdout, "AccessKeyId") ||
				!strings.Contains(stderr, test.said) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d: %s, want 0 and %q", code, stderr, test.said)
			}
			m.fault.set(nil)
			if err := os.Remove(path); err != nil {
				return // the session is lost
			}
			m.must(t, "", "token") // and the file has its name again
			m.forget(t)
			m.must(t, "", "credentials")
		})
	}
}

// New tokens are stored before they are used, as the process may be killed.
func TestRefreshIsStoredFirst(t *testing.T) {
	m := newMachine(t)
	m.signedIn(t).forget(t)
	path, old := m.record(t)
	var text []byte
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "GetCredentialsForIdentity" {
			text, _ = os.ReadFile(path)
		}
		return nil
	})
	m.must(t, "", "credentials")
	var stored record
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	if string(stored.Session) == string(old.Session) {
		t.Error("the new tokens are used before they are stored")
	}
}

// A login takes the place of what could not be renamed, and a logout revokes the newest token.
func TestNewestSession(t *testing.T) {
	m := newMachine(t)
	m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
	m.signedIn(t)
	path, old := m.record(t)
	beside := strings.TrimSuffix(path, ".json") + ".1.new"
	aside := func() { // as if a rename had failed
		t.Helper()
		m.forget(t)
		m.must(t, "", "token")
		text, err := json.Marshal(old)
		err = errors.Join(err, os.Rename(path, beside), os.WriteFile(path, text, 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	aside()
	revoked := ""
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "RevokeToken" {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			revoked = string(text)
			r.Body = io.NopCloser(strings.NewReader(revoked))
		}
		return nil
	})
	var newest record
	text, err := os.ReadFile(beside)
	if err = errors.Join(err, json.Unmarshal(text, &newest)); err != nil {
		t.Fatal(err)
	}
	m.must(t, "", "logout")
	if token := newest.session().Tokens.Refresh; !strings.Contains(revoked, token) {
		t.Error("logout has revoked another token than the newest")
	}
	if _, r := m.record(t); r.Session != nil {
		t.Error("logout leaves a session")
	}
	m.signedIn(t)
	_, old = m.record(t)
	aside()
	m.signedIn(t)
	if _, err := os.Stat(beside); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("login leaves %s: %v", beside, err)
	}
	m.forget(t)
	m.must(t, "", "credentials")
}
