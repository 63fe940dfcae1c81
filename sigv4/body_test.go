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
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"
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
		t.Cleanup(func() { f.Close() })
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		return f
	}
	pipe, in, err := os.Pipe()
	if runtime.GOARCH == "wasm" && err != nil {
		t.Skipf("SKIPPED: this system has no pipes: %v", err)
	} else if err != nil {
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

// TestContentSHA256 checks in which requests the payload hash is sent, what it is, and that the
// signature covers it, in headers and in presigned URLs.
func TestContentSHA256(t *testing.T) {
	const hash = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5" // of "body"
	for _, test := range []struct {
		name, service string
		given         string // the caller's header
		want          string // the header, or empty for none
		signed        bool   // whether a presigned URL has it among its signed headers
	}{
		{name: "s3", service: "s3", want: hash},
		{name: "s3express", service: "s3express", want: hash},
		{name: "s3-outposts", service: "s3-outposts", want: hash},
		{name: "s3-object-lambda", service: "s3-object-lambda", want: hash},
		{name: "OpenSearch Serverless", service: "aoss", want: hash, signed: true},
		{name: "S3 Glacier", service: "glacier", want: hash, signed: true},
		{name: "VPC Lattice", service: "vpc-lattice-svcs", want: UnsignedPayload, signed: true},
		{name: "other service", service: "es"},
		{
			name:    "hash for another service",
			service: "es",
			given:   hash,
			want:    hash,
			signed:  true,
		},
		{
			name:    "unsigned payload for another service",
			service: "mediastore",
			given:   UnsignedPayload,
			want:    UnsignedPayload,
			signed:  true,
		},
		{
			name:    "hash for Amazon S3",
			service: "s3",
			given:   hash,
			want:    hash,
			signed:  true,
		},
		{
			name:    "unsigned payload for Amazon S3",
			service: "s3",
			given:   UnsignedPayload,
			want:    UnsignedPayload,
			signed:  true,
		},
		{
			name:    "the only value for VPC Lattice",
			service: "vpc-lattice-svcs",
			given:   UnsignedPayload,
			want:    UnsignedPayload,
			signed:  true,
		},
	} {
		s := Signer{Region: "us-east-1", Service: test.service}
		request := func() *http.Request {
			req := newRequest(t, "PUT", "https://example.com/k", strings.NewReader("body"))
			if test.given != "" {
				req.Header.Set("X-Amz-Content-Sha256", test.given)
			}
			return req
		}
		check := func(kind string, req *http.Request) {
			t.Helper()
			raw, err := wire(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := oracle(raw, example.SecretAccessKey, s.s3()); err != nil {
				t.Errorf("%s: %s: oracle = %v, want nil", test.name, kind, err)
			}
		}

		signed := request()
		if err := s.Sign(signed, example, "", at); err != nil {
			t.Errorf("%s: Sign = %v, want nil", test.name, err)
			continue
		}
		if got := signed.Header.Get("X-Amz-Content-Sha256"); got != test.want {
			t.Errorf("%s: X-Amz-Content-Sha256 = %q, want %q", test.name, got, test.want)
		}
		check("Sign", signed)

		transport := Transport{Region: s.Region, Service: s.Service, Credentials: provide}
		transport.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
			if got := r.Header.Get("X-Amz-Content-Sha256"); got != test.want {
				t.Errorf("%s: Transport: X-Amz-Content-Sha256 = %q, want %q",
					test.name, got, test.want)
			}
			check("Transport", r)
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})
		if _, err := transport.RoundTrip(request()); err != nil {
			t.Errorf("%s: RoundTrip = %v, want nil", test.name, err)
		}

		link, err := s.Presign(request(), example, time.Minute, at)
		if err != nil {
			t.Errorf("%s: Presign = %v, want nil", test.name, err)
			continue
		}
		const names = "X-Amz-SignedHeaders=host%3Bx-amz-content-sha256&"
		if got := strings.Contains(link, names); got != test.signed {
			t.Errorf("%s: Presign = %s, has the header among its signed headers: %t, want %t",
				test.name, link, got, test.signed)
		}
		opened := newRequest(t, "PUT", link, strings.NewReader("body"))
		if test.signed {
			opened.Header.Set("X-Amz-Content-Sha256", test.want)
		}
		check("Presign", opened)
	}
}

// TestVPCLattice checks that the signature covers no body, as the service requires, and that a
// request in clear text leaves the machine only with a signed body.
func TestVPCLattice(t *testing.T) {
	s := Signer{Region: "us-east-1", Service: "vpc-lattice-svcs"}
	for _, test := range []struct {
		url, header, want string
	}{
		{url: "https://example.com/", want: UnsignedPayload},
		{url: "http://127.0.0.1:8080/", want: UnsignedPayload},
		{url: "http://127.0.0.1:8080/", header: UnsignedPayload, want: UnsignedPayload},
		{url: "http://example.com/", want: ""},
	} {
		content := &body{Reader: strings.NewReader("body")}
		req := newRequest(t, "PUT", test.url, content)
		if test.header != "" {
			req.Header.Set("X-Amz-Content-Sha256", test.header)
		}
		if err := s.Sign(req, example, "", at); err != nil {
			t.Errorf("Sign(%s) = %v, want nil", test.url, err)
		}
		if got := req.Header.Get("X-Amz-Content-Sha256"); got != test.want {
			t.Errorf("%s: X-Amz-Content-Sha256 = %q, want %q", test.url, got, test.want)
		}
		if test.want != "" && content.read != 0 {
			t.Errorf("%s: Sign read %d bytes of the body, want 0", test.url, content.read)
		}
	}
	req := newRequest(t, "PUT", "https://example.com/", strings.NewReader("body"))
	req.Header.Set("X-Amz-Content-Sha256", emptySHA256)
	checkError(t, "hash", s.Sign(req, example, "", at), "is neither")
}
