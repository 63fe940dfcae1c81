package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// The system's own errors are recognized, whatever their numbers are.
func TestErrorsOfSystem(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	if _, err := w.WriteString("x"); err == nil || !brokenPipe(err) {
		t.Errorf("brokenPipe(%v) = false, want true", err)
	}
	_, err = net.Dial("tcp", fakehttp.Nowhere)
	if err == nil || !refusedConnection(err) {
		t.Errorf("refusedConnection(%v) = false, want true", err)
	}
	for _, other := range []error{os.ErrNotExist, net.ErrClosed} {
		if brokenPipe(other) || refusedConnection(other) {
			t.Errorf("%v is taken for a broken pipe or a refused connection", other)
		}
	}
}

func TestBatchArguments(t *testing.T) {
	for _, path := range []string{`C:\a b\run.bat`, "run.CMD"} {
		if !batch(path) {
			t.Errorf("batch(%q) = false, want true", path)
		}
	}
	if batch("run.exe") {
		t.Error("batch(run.exe) = true, want false")
	}
	plain := []string{"", "a b", "-x=1", `C:\a b\c.txt`, "s3://bucket/key", "ü"}
	if err := batchArguments(plain); err != nil {
		t.Errorf("batchArguments(%q) = %v, want nil", plain, err)
	}
	for _, word := range []string{"a&calc", `"&calc`, "%PATH%", "!x!", "a|b", "a>b", "a<b", "a^b",
		"(a)", "a\nb"} {
		if err := batchArguments([]string{"x", word}); err == nil ||
			strings.Contains(err.Error(), word) {
			t.Errorf("batchArguments(%q) = %v, want an error without it", word, err)
		}
	}
}
