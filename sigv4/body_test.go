package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// TestBody checks that Sign hashes bodies of all kinds and leaves them to be sent.
func TestBody(t *testing.T) {
	content := make([]byte, 100_000)
	rand.NewChaCha8([32]byte{}).Read(content)
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(offset int64) *os.File {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		return f
	}
	pipe, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		in.Write(content)
		in.Close()
	}()
	for _, test := range []struct {
		name string
		body io.Reader
		want []byte
	}{
		{"bytes", bytes.NewReader(content), content},
		{"file", open(0), content},
		{"file from the middle", open(50_000), content[50_000:]},
		{"pipe", pipe, content},
		{"stream", iotest.HalfReader(bytes.NewReader(content)), content},
		{"empty stream", iotest.HalfReader(strings.NewReader("")), nil},
		{"nil", nil, nil},
		{"NoBody", http.NoBody, nil},
	} {
		req := newRequest(t, "PUT", "https://example.com/key", test.body)
		s := Signer{Region: "us-east-1", Service: "s3"}
		if err := s.Sign(req, example, "", at); err != nil {
			t.Errorf("%s: Sign = %v, want nil", test.name, err)
			continue
		}
		sum := sha256.Sum256(test.want)
		want := hex.EncodeToString(sum[:])
		if got := req.Header.Get("X-Amz-Content-Sha256"); got != want {
			t.Errorf("%s: X-Amz-Content-Sha256 = %s, want %s", test.name, got, want)
		}
		if req.ContentLength != int64(len(test.want)) {
			t.Errorf("%s: ContentLength = %d, want %d",
				test.name, req.ContentLength, len(test.want))
		}
		if req.Body == nil {
			continue
		}
		got, err := io.ReadAll(req.Body)
		if err != nil || !bytes.Equal(got, test.want) {
			t.Errorf("%s: body after Sign has %d bytes, %v, want %d",
				test.name, len(got), err, len(test.want))
		}
	}
}

func TestBodyRefused(t *testing.T) {
	failing := errors.New("disk on fire")
	tooLong := func() io.Reader {
		return io.LimitReader(rand.NewChaCha8([32]byte{}), maxBuffered+10)
	}
	long := tooLong()
	s := Signer{Region: "us-east-1", Service: "s3"}
	for _, test := range []struct {
		name   string
		body   io.Reader
		change func(*http.Request)
		want   string
	}{
		{
			name: "over the limit",
			body: long,
			want: "over 16 MiB",
		},
		{
			name: "read error",
			body: io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(failing)),
			want: "disk on fire",
		},
		{
			name: "GetBody error",
			change: func(r *http.Request) {
				r.Body = io.NopCloser(strings.NewReader("a"))
				r.GetBody = func() (io.ReadCloser, error) { return nil, failing }
			},
			want: "disk on fire",
		},
		{
			name:   "wrong length",
			body:   strings.NewReader("four"),
			change: func(r *http.Request) { r.ContentLength = 5 },
			want:   "has 4 bytes, but Request.ContentLength is 5",
		},
	} {
		req := newRequest(t, "PUT", "https://example.com/key", test.body)
		if test.change != nil {
			test.change(req)
		}
		checkError(t, test.name, s.Sign(req, example, "", at), test.want)
		if test.body == long {
			n, err := io.Copy(io.Discard, req.Body)
			if n != maxBuffered+10 || err != nil {
				t.Errorf("%s: body after Sign has %d bytes, %v, want %d",
					test.name, n, err, maxBuffered+10)
			}
		}
	}
	// The remedies that the first error suggests.
	for _, hash := range []string{UnsignedPayload, strings.Repeat("0a", 32)} {
		req := newRequest(t, "PUT", "https://example.com/key", tooLong())
		if err := s.Sign(req, example, hash, at); err != nil {
			t.Errorf("Sign with hash %s = %v, want nil", hash, err)
		}
		if got := req.Header.Get("X-Amz-Content-Sha256"); got != hash {
			t.Errorf("X-Amz-Content-Sha256 = %s, want %s", got, hash)
		}
	}
}
