package files

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

var (
	// ErrExposed reports a file or directory that another user owns or can change.
	ErrExposed = errors.New("is accessible to other users")
	// ErrUnfit reports a path that does not hold a file of this program.
	ErrUnfit = errors.New("cannot be used")
)

// Check returns an error if other users have one of the permissions of mode, or if another user
// owns the file. That user could change the file at any time. If root is set, root may own it.
// Windows has other permissions, so Check does nothing there.
func Check(path string, info fs.FileInfo, mode fs.FileMode, root bool) error {
	uid, _, ok := owner(info)
	if !ok {
		return nil
	}
	if me := os.Geteuid(); uid != me && (uid != 0 || !root) {
		advice := fmt.Sprintf("if you trust it, run sudo chown %s %s", userName(me),
			shell.Word(path))
		if me == 0 {
			advice = "run this program as that user, without sudo"
		}
		return fmt.Errorf("%s %w: it belongs to %s: %s", path, ErrExposed, userName(uid), advice)
	}
	if has := info.Mode().Perm(); has&mode != 0 {
		change := "go-w"
		if info.IsDir() {
			change = "700"
		}
		return fmt.Errorf("%s %w (mode %#o): run chmod %s %s", path, ErrExposed, has, change,
			shell.Word(path))
	}
	return nil
}

// userName returns the name of a user, or its number if it has no name.
func userName(uid int) string {
	id := strconv.Itoa(uid)
	if found, err := user.LookupId(id); err == nil {
		return found.Username
	}
	return id
}

// openOwn opens a file that only this program writes. It does not follow links. It returns an error
// if another user owns the file or can write to it.
func openOwn(path string, flag int) (*os.File, error) { return open(path, flag|noFollow, true) }

// open opens a file and checks what was opened, because the path may change at any time. It follows
// links and accepts files of root, unless own is set.
func open(path string, flag int, own bool) (*os.File, error) {
	file, err := os.OpenFile(path, flag, 0o600)
	var info fs.FileInfo
	var statErr error
	// If the file cannot be opened, its owner or mode may explain why. Check then does not accept
	// root as the owner.
	switch {
	case err == nil:
		info, statErr = file.Stat()
	case own:
		info, statErr = os.Lstat(path)
	default:
		info, statErr = os.Stat(path)
	}
	switch {
	case statErr != nil:
		err = cmp.Or(err, statErr)
	case own && !info.Mode().IsRegular():
		err = fmt.Errorf("%s %w: it is not a regular file: remove it", path, ErrUnfit)
	case !info.Mode().IsRegular():
		err = cmp.Or(Check(path, info, 0, err == nil), err)
	default:
		err = cmp.Or(Check(path, info, 0o022, !own && err == nil), err)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// MakeDir creates a directory of mode 0700, and its parents. If root runs this program in the home
// directory of another user, as sudo -E does, MakeDir returns an error: that user could not use
// the files.
func MakeDir(dir string) error {
	for at := dir; os.Geteuid() == 0; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err == nil {
			if err := Check(at, info, 0, true); err != nil {
				return err
			}
			break
		} else if !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			return err
		}
	}
	return os.MkdirAll(dir, 0o700)
}

// Home returns the user's home directory. If no environment variable names it, Home looks it up in
// the user database.
func Home() (string, error) {
	dir, err := os.UserHomeDir()
	if err != nil {
		if me, failed := user.Current(); failed == nil && me.HomeDir != "" {
			return me.HomeDir, nil
		}
	}
	return dir, err
}
