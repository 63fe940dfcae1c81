//go:build !windows

package keychain

import "errors"

var errNoDPAPI = errors.New("it exists only on Windows")

// dpapiAvailable returns an error, because only Windows has the interface.
func dpapiAvailable() error { return errNoDPAPI }

func protect([]byte) ([]byte, error) { return nil, errNoDPAPI }

func unprotect([]byte) ([]byte, error) { return nil, errNoDPAPI }
