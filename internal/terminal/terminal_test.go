package terminal

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestReadSecretFromPipe(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"secret\n", "secret"},
		{"secret\r\n", "secret"},
		{"secret", "secret"},
		{" with spaces \nand more\n", " with spaces "},
		{"pässwörd\n", "pässwörd"},
		{"", "error"},
		{strings.Repeat("x", 5000) + "\n", "error"},
	} {
		r, w, err := os.Pipe()
		if runtime.GOARCH == "wasm" && err != nil {
			t.Skipf("SKIPPED: this system has no pipes: %v", err)
		} else if err != nil {
			t.Fatal(err)
		}
		go func() { // the system's buffer may be small
			w.WriteString(test.in)
			w.Close()
		}()
		if Is(r) {
			t.Error("a pipe is taken for a terminal")
		}
		var out bytes.Buffer
		got, err := ReadSecret(t.Context(), r, &out, "Password: ")
		if err != nil {
			got = "error"
		}
		if got != test.want || out.Len() > 0 {
			t.Errorf("%.20q: got %q (%v), want %q; wrote %q", test.in, got, err, test.want, &out)
		}
		r.Close()
	}
}
