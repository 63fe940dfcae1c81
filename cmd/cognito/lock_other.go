//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package main

import (
	"errors"
	"os"
)

// tryLock knows no locks here.
func tryLock(*os.File) (bool, error) {
	return false,
		errors.New("this operating system has no file locks that this program knows: use -no-store")
}
