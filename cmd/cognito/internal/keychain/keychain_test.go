package keychain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain makes the test binary a credential helper, when it is told to.
func TestMain(m *testing.M) {
	if fault := os.Getenv("TEST_KEYCHAIN_FAULT"); fault != "" {
		os.Exit(fakeHelper(fault, os.Getenv("TEST_KEYCHAIN_DIR"), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakeHelper stores secrets in files of a directory, like a credential helper of Docker or, if its
// first argument is that of a command of security(1), like that. It fails as fault says.
func fakeHelper(fault, dir string, args []string) (status int) {
	input, _ := io.ReadAll(os.Stdin)
	secret, account := "", string(input)
	if before, after, ok := strings.Cut(account, `","Username":"cognito","Secret":"`); ok {
		account, secret = before, strings.TrimSuffix(after, `"}`)
	} else if before, after, ok := strings.Cut(account, " -w "); ok {
		account, secret = before, strings.TrimSpace(after)
	} else if len(args) > 4 {
		account = args[4]
	}
	account = account[strings.LastIndexAny(account, "/ ")+1:]
	file := filepath.Join(dir, account)
	unlocked := filepath.Join(dir, "unlocked")
	switch command := args[0]; {
	case fault == "leak" && len(os.Getenv("AWS_SECRET_ACCESS_KEY")+os.Getenv("COGNITO_X")) > 0:
		fmt.Print("variables have leaked")
		return 1
	case fault == "hang" || fault == "hang in get" && command == "get":
		time.Sleep(time.Hour)
	case fault == "error on stdout", fault == "error in store" && command == "store":
		fmt.Println("pass not initialized: exit status 1\nmore")
		return 1
	case fault == "error on stderr":
		fmt.Fprintln(os.Stderr, "cannot connect to the session bus")
		return 1
	case fault == "silent":
		return 3
	case fault == "echo" && command == "store":
		fmt.Println("cannot store " + secret)
		return 1
	case fault == "long":
		fmt.Println(strings.Repeat("x", 2*maxOutput))
		return 0
	case command == "erase":
		os.Remove(file)
	case command == "store" || command == "-i":
		os.WriteFile(unlocked, nil, 0o600)
		switch fault {
		case "lose":
			return 0
		case "truncate":
			secret = secret[:20]
		case "replace":
			secret = strings.Repeat("A", 43) + "="
		}
		if os.WriteFile(file, []byte(secret), 0o600) != nil {
			return 9
		}
	case command == "get" || command == "find-generic-password":
		data, err := os.ReadFile(file)
		if _, locked := os.Stat(unlocked); fault == "locked" && locked != nil {
			err = locked
		}
		switch {
		case err != nil && fault == "empty if absent":
			fmt.Printf(`{"ServerURL":%q,"Username":"","Secret":""}`, input)
		case err != nil && command == "get":
			fmt.Println(absent)
			return 1
		case err != nil:
			return itemNotFound
		case fault == "no JSON":
			fmt.Println("hello")
		case command != "get":
			fmt.Println(string(data))
		default:
			fmt.Printf(`{"ServerURL":%q,"Username":"cognito","Secret":%q}`, input, data)
		}
	}
	return 0
}

// helper makes the test binary a credential helper with a fault, and returns its path.
func helper(t *testing.T, fault string) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0") // otherwise each process waits a second
	t.Setenv("TEST_KEYCHAIN_FAULT", fault)
	t.Setenv("TEST_KEYCHAIN_DIR", t.TempDir())
	return path
}

func noted(t *testing.T) func(string, ...any) {
	return func(format string, args ...any) { t.Errorf("note: "+format, args...) }
}

// A key is created once, and then read.
func TestRing(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("COGNITO_X", "x")
	name, dir := helper(t, "leak"), t.TempDir()
	one := &Ring{Dir: dir}
	if _, err := one.Key(name); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Key() before Prepare() = %v", err)
	}
	if err := one.Prepare(t.Context(), name, noted(t)); err != nil {
		t.Fatal(err)
	}
	key, err := one.Key(name)
	if err != nil || len(key) != keySize {
		t.Fatalf("Key() = %d bytes, %v", len(key), err)
	}
	two := &Ring{Dir: dir}
	if err := two.Prepare(t.Context(), name, noted(t)); err != nil {
		t.Fatal(err)
	}
	if other, err := two.Key(name); err != nil || string(other) != string(key) {
		t.Errorf("Key() of another ring = %x, %v, want %x", other, err, key)
	}
	kept, err := os.ReadDir(os.Getenv("TEST_KEYCHAIN_DIR"))
	if err != nil || len(kept) != 2 { // and the file unlocked
		t.Errorf("the keychain has %q, want one secret", kept)
	}
	os.RemoveAll(os.Getenv("TEST_KEYCHAIN_DIR"))
	if _, err := one.Key(name); err != nil {
		t.Errorf("Key() reads the key again: %v", err)
	}
	if _, err := (&Ring{Dir: dir}).Key(name); !errors.Is(err, ErrNotFound) {
		t.Errorf("Key() of a lost key = %v", err)
	}
}

// A directory has one key, by whichever symbolic links programs reach it.
func TestRingOfLinkedDirectory(t *testing.T) {
	name, parent := helper(t, "none"), t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	err := os.Symlink(parent, link)
	if err == nil {
		_, err = os.Readlink(link) // under Wine, there may be no link
	}
	if err != nil {
		t.Skipf("SKIPPED: this system has no symbolic links: %v", err)
	}
	one := &Ring{Dir: filepath.Join(link, "state")} // it does not exist yet
	if err := one.Prepare(t.Context(), name, noted(t)); err != nil {
		t.Fatal(err)
	}
	key, err := one.Key(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{parent, link} {
		other, err := (&Ring{Dir: filepath.Join(dir, "state")}).Key(name)
		if err != nil || string(other) != string(key) {
			t.Errorf("Key() of %s = %x, %v, want %x", dir, other, err, key)
		}
	}
}

// A key in a keychain that is locked, and does not say so, is not replaced.
func TestLocked(t *testing.T) {
	name, dir := helper(t, "locked"), t.TempDir()
	one := &Ring{Dir: dir}
	if err := one.Prepare(t.Context(), name, noted(t)); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(os.Getenv("TEST_KEYCHAIN_DIR"), "unlocked"))
	two := &Ring{Dir: dir}
	if _, err := two.Key(name); !errors.Is(err, ErrNotFound) {
		t.Errorf("Key() while it is locked = %v", err)
	}
	if err := two.Prepare(t.Context(), name, noted(t)); err != nil {
		t.Fatal(err)
	}
	before, _ := one.Key(name)
	if after, err := two.Key(name); err != nil || string(after) != string(before) {
		t.Errorf("Prepare() replaces the key: %v", err)
	}
}

// The helper pass of version 0.6 reports no error if there is no secret.
func TestEmptySecret(t *testing.T) {
	name, r := helper(t, "empty if absent"), &Ring{Dir: t.TempDir()}
	if _, err := r.Key(name); !errors.Is(err, ErrNotFound) {
		t.Errorf("Key() = %v, want ErrNotFound", err)
	}
	if err := r.Prepare(t.Context(), name, noted(t)); err != nil {
		t.Errorf("Prepare() = %v", err)
	}
}

// Every fault of a helper is an error of Prepare, with the helper's text but no secret.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		fault, want string
	}{
		{"hang", "no response within 1s: unlock the keychain, and try again"},
		{"hang in get", "no response within 1s: unlock the keychain, and try again"},
		{"error on stdout", "pass not initialized: exit status 1 more"},
		{"error in store", "pass not initialized: exit status 1 more"},
		{"error on stderr", "cannot connect to the session bus"},
		{"silent", "exit status 3 without a message"},
		{"echo", "cannot store …"},
		{"long", "its output has more than 65536 bytes"},
		{"lose", "it did not keep the key that was stored in it"},
		{"truncate", "what it stores for this program is not a key (20 bytes): remove it"},
		{"replace", "it returned another key than the one that was stored in it"},
		{"no JSON", "its response is not the JSON of a credential helper"},
	} {
		t.Run(test.fault, func(t *testing.T) {
			name := helper(t, test.fault)
			r := &Ring{Dir: t.TempDir(), Patience: time.Minute}
			if strings.HasPrefix(test.fault, "hang") {
				r.Patience = time.Second
			}
			err := r.Prepare(t.Context(), name, noted(t))
			if want := "keychain " + name + ": " + test.want; err == nil || err.Error() != want {
				t.Errorf("Prepare() = %v, want %s", err, want)
			}
			if errors.Is(err, ErrNotFound) {
				t.Error("Prepare() returns ErrNotFound")
			}
			if _, err := r.Key(name); err == nil && test.fault != "replace" {
				t.Error("Key() returns a key after a failed Prepare()")
			}
		})
	}
}

// Prepare ends with its context.
func TestPrepareCancelled(t *testing.T) {
	name := helper(t, "hang")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r := &Ring{Dir: t.TempDir(), Patience: time.Hour}
	if err := r.Prepare(ctx, name, noted(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Prepare() = %v", err)
	}
}

// Names that are not those of keychains are errors.
func TestNames(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, name := range []string{"", "../pass", "pass/../x", "-x", "a b", "none\x00", "pässe"} {
		_, err := new(Ring).Key(name)
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("Key(%q) = %v, want ErrUnknown", name, err)
		}
	}
	_, err := new(Ring).Key("pass")
	if err == nil || errors.Is(err, ErrNotFound) ||
		!strings.Contains(err.Error(), "the program docker-credential-pass was not found") {
		t.Errorf("Key(pass) without the program = %v", err)
	}
	if runtime.GOOS != "windows" {
		_, err := new(Ring).Key("dpapi")
		if err == nil || err.Error() != "keychain dpapi: it exists only on Windows" {
			t.Errorf("Key(dpapi) = %v", err)
		}
	}
	_, err = new(Ring).Key(filepath.Join(t.TempDir(), "missing"))
	if err == nil || errors.Is(err, ErrNotFound) ||
		!strings.Contains(err.Error(), "cannot be run") {
		t.Errorf("Key() of a missing program = %v", err)
	}
}

// security(1) receives the secret on its standard input.
func TestSecurity(t *testing.T) {
	for _, test := range []struct{ fault, want string }{
		{"none", ""},
		{"lose", "it did not keep the key that was stored in it"},
		{"silent", "exit status 3 without a message"},
	} {
		r := new(Ring)
		s := r.security(helper(t, test.fault), "account")
		if test.fault != "silent" {
			if _, err := s.key(t.Context()); err != ErrNotFound {
				t.Errorf("key() = %v, want ErrNotFound", err)
			}
		}
		key, err := s.create(t.Context())
		if fmt.Sprint(err) != test.want && (err != nil || test.want != "") {
			t.Errorf("%s: create() = %v, want %q", test.fault, err, test.want)
		}
		if got, err := s.key(t.Context()); test.want == "" &&
			(err != nil || string(got) != string(key) || len(key) != keySize) {
			t.Errorf("key() = %x, %v, want %x", got, err, key)
		}
	}
}

// Directories have their own locks, and create their keys at the same time.
func TestDirectoriesAtOnce(t *testing.T) {
	name, parent := helper(t, "none"), t.TempDir()
	var running sync.WaitGroup
	for i := range 8 {
		running.Go(func() {
			ring := &Ring{Dir: filepath.Join(parent, fmt.Sprint(i)), Patience: time.Minute}
			if err := ring.Prepare(t.Context(), name, noted(t)); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
}
