package keychain

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"unsafe"
)

// The functions of the Data Protection API (Microsoft: dpapi.h). Package syscall loads crypt32.dll
// only from the system's directory.
var (
	crypt32       = syscall.NewLazyDLL("crypt32.dll")
	protectData   = crypt32.NewProc("CryptProtectData")
	unprotectData = crypt32.NewProc("CryptUnprotectData")
)

// uiForbidden is CRYPTPROTECT_UI_FORBIDDEN: the functions fail instead of showing a window.
const uiForbidden = 1

// A blob is a DATA_BLOB.
type blob struct {
	size uint32
	data *byte
}

// dpapiAvailable returns an error if the system lacks the interface.
func dpapiAvailable() error { return protectData.Find() }

// protect encrypts data for the user.
func protect(data []byte) ([]byte, error) { return convert(protectData, data) }

// unprotect decrypts data that protect has encrypted.
func unprotect(data []byte) ([]byte, error) { return convert(unprotectData, data) }

// convert calls one of the functions, which have the same parameters.
func convert(function *syscall.LazyProc, data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, errors.New("there is no data")
	}
	in, out := blob{uint32(len(data)), &data[0]}, blob{}
	ok, _, err := function.Call(uintptr(unsafe.Pointer(&in)), 0, 0, 0, 0, uiForbidden,
		uintptr(unsafe.Pointer(&out)))
	if ok == 0 {
		return nil, fmt.Errorf("%s: %w", function.Name, err)
	}
	defer syscall.LocalFree(syscall.Handle(unsafe.Pointer(out.data)))
	return bytes.Clone(unsafe.Slice(out.data, out.size)), nil
}
