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

// TestBody shows that a body which was hashed is still there to be sent, wherever it came from.
func TestBody(t *testing.T) {
	content := make([]byte, 100_000)
	rand.NewChaCha8([32]byte{}).Read(content)
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	halfway, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	halfway.Seek(50_000, io.SeekStart)
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
		{"file", opened, content},
		{"file from the middle", halfway, content[50_000:]},
		{"pipe", pipe, content},
		{"stream", iotest.HalfReader(bytes.NewReader(content)), content},
		{"empty stream", iotest.HalfReader(strings.NewReader("")), nil},
		{"nothing", nil, nil},
		{"no body", http.NoBody, nil},
	} {
		req := newRequest(t, "PUT", "https://example.com/key", test.body)
		s := Signer{Region: "us-east-1", Service: "s3"}
		if err := s.Sign(req, example, "", at); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if sum := sha256.Sum256(test.want); req.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: hash is %s, want %x", test.name, req.Header.Get("X-Amz-Content-Sha256"), sum)
		}
		if req.ContentLength != int64(len(test.want)) {
			t.Errorf("%s: ContentLength is %d, want %d", test.name, req.ContentLength, len(test.want))
		}
		if req.Body == nil {
			continue
		}
		got, err := io.ReadAll(req.Body)
		if err != nil || !bytes.Equal(got, test.want) {
			t.Errorf("%s: %d bytes are left to send and %v, want %d", test.name, len(got), err, len(test.want))
		}
	}
}

func TestRefusedBody(t *testing.T) {
	failing := errors.New("disk on fire")
	endless := io.LimitReader(rand.NewChaCha8([32]byte{}), maxBuffered+10)
	tests := []struct {
		name   string
		body   io.Reader
		change func(*http.Request)
		want   string
	}{
		{"above the cap", endless, nil, "above 16 MiB"},
		{"read error", io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(failing)), nil, "disk on fire"},
		{"GetBody error", nil, func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("a"))
			r.GetBody = func() (io.ReadCloser, error) { return nil, failing }
		}, "disk on fire"},
		{"wrong length", strings.NewReader("four"), func(r *http.Request) { r.ContentLength = 5 }, "has 4 bytes and Request.ContentLength says 5"},
	}
	for _, test := range tests {
		req := newRequest(t, "PUT", "https://example.com/key", test.body)
		if test.change != nil {
			test.change(req)
		}
		s := Signer{Region: "us-east-1", Service: "s3"}
		checkRefusal(t, test.name, s.Sign(req, example, "", at), test.want)
		if test.body == endless {
			n, err := io.Copy(io.Discard, req.Body)
			if n != maxBuffered+10 || err != nil {
				t.Errorf("%d bytes are left of a body above the cap (%v), want all", n, err)
			}
		}
	}
	// The ways out that the error names.
	for _, hash := range []string{UnsignedPayload, strings.Repeat("0a", 32)} {
		req := newRequest(t, "PUT", "https://example.com/key", io.LimitReader(rand.NewChaCha8([32]byte{}), maxBuffered+10))
		s := Signer{Region: "us-east-1", Service: "s3"}
		if err := s.Sign(req, example, hash, at); err != nil || req.Header.Get("X-Amz-Content-Sha256") != hash {
			t.Errorf("%s: %v, %v", hash, err, req.Header)
		}
	}
}
