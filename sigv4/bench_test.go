package sigv4

import (
	"net/http"
	"strings"
	"testing"
)

// signList returns a function that signs a listing of a bucket with temporary credentials.
func signList(tb testing.TB) func() {
	req := listRequest(tb)
	header, signed := req.Header, make(http.Header, 8)
	creds := example
	creds.SessionToken = strings.Repeat("IQoJb3Jp", 100)
	s := Signer{Region: "us-west-2", Service: "s3"}
	return func() {
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
	b.ReportAllocs()
	for b.Loop() {
		sign()
	}
}
