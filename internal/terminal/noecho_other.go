//go:build !(darwin || freebsd || netbsd || openbsd || dragonfly || linux || windows)

package terminal

import (
	"errors"
	"os"
)

// noEcho knows no terminals here: secrets are read as from a pipe.
func noEcho(*os.File, bool) (restore func(), err error) {
	return nil, errors.ErrUnsupported
}

func size(*os.File) (columns, rows int) { return 0, 0 }
