package sigv4

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// signList returns a function that signs a request for a listing with temporary credentials.
func signList(tb testing.TB) func(*Signer) {
	req := listRequest(tb)
	header, signed := req.Header, make(http.Header, 8)
	creds := example
	creds.SessionToken = strings.Repeat("IQoJb3Jp", 100)
	return func(s *Signer) {
		clear(signed)
		for name, values := range header {
			signed[name] = values
		}
		req.Header = signed
		if err := s.Sign(req, creds, "", at); err != nil {
			tb.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	sign := signList(b)
	b.Run("key cached", func(b *testing.B) {
		b.ReportAllocs()
		s := &Signer{Region: "us-west-2", Service: "s3"}
		for b.Loop() {
			sign(s)
		}
	})
	b.Run("key derived", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sign(&Signer{Region: "us-west-2", Service: "s3"})
		}
	})
}

// TestAllocations checks that the buffers of Sign are on the stack.
func TestAllocations(t *testing.T) {
	sign, s := signList(t), &Signer{Region: "us-west-2", Service: "s3"}
	if n := testing.AllocsPerRun(100, func() { sign(s) }); n > 6 {
		t.Errorf("Sign of a listing allocates %v times, want at most 6", n)
	}
	const rawURL = "https://example-bucket.s3.us-west-2.amazonaws.com/?delete="
	req := newRequest(t, "POST", rawURL, bytes.NewReader(make([]byte, 1024)))
	req.Header.Set("Content-Type", "application/xml")
	header := req.Header
	n := testing.AllocsPerRun(100, func() {
		req.Header = header.Clone() // allocates 3 times
		if err := s.Sign(req, example, "", at); err != nil {
			t.Fatal(err)
		}
	})
	if n > 3+8 {
		t.Errorf("Sign of a POST allocates %v times, want at most 8", n-3)
	}
}
