package sigv4

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	example = Credentials{
		AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		SessionToken:    "TOK/+=",
	}
	at = time.Date(2023, 11, 5, 7, 8, 9, 0, time.FixedZone("somewhere", 3600))
)

func newRequest(tb testing.TB, method, rawURL string, body io.Reader) *http.Request {
	tb.Helper()
	req, err := http.NewRequest(method, rawURL, body)
	if err != nil {
		tb.Fatal(err)
	}
	return req
}

// listRequest returns a request for a listing of a bucket, with several parameters and headers.
func listRequest(tb testing.TB) *http.Request {
	tb.Helper()
	req := newRequest(tb, "GET", "https://example-bucket.s3.us-west-2.amazonaws.com/"+
		"?list-type=2&prefix=a%2B%2F%20%C3%A9&delimiter=%2F&max-keys=2&start-after=x%20y"+
		"&fetch-owner=true&continuation-token=tok%2B1%2F%3D&encoding-type=url", nil)
	req.Header.Set("X-Amz-Request-Payer", "requester")
	req.Header.Set("X-Amz-Expected-Bucket-Owner", "111122223333")
	req.Header.Set("X-Amz-Optional-Object-Attributes", "RestoreStatus")
	return req
}

// checkError checks that err begins with "sigv4: ", contains want, and has no secrets.
func checkError(t *testing.T, name string, err error, want string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "sigv4: ") ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("%s: error = %v, want one with %q", name, err, want)
		return
	}
	for _, secret := range []string{example.SecretAccessKey, example.SessionToken, "hunter2"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error = %q, which has a secret", name, err)
		}
	}
}

func TestSignArguments(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	type input struct {
		signer *Signer
		creds  Credentials
		hash   string
		scheme string
		at     time.Time
	}
	for _, test := range []struct {
		name   string
		change func(*input)
		want   string // in the error, or empty for none
	}{
		{
			"no Region",
			func(in *input) { in.signer.Region = "" },
			`Region ""`,
		},
		{
			"slash in the Region",
			func(in *input) { in.signer.Region = "us-east-1/s3" },
			`Region "us-east-1/s3"`,
		},
		{
			"line break in the Region",
			func(in *input) { in.signer.Region = "us\neast" },
			`Region "us\neast"`,
		},
		{
			"no service",
			func(in *input) { in.signer.Service = "" },
			`Service ""`,
		},
		{
			"line break in the service",
			func(in *input) { in.signer.Service = "s3\r" },
			`Service "s3\r"`,
		},
		{
			"no access key ID",
			func(in *input) { in.creds.AccessKeyID = "" },
			"no access key ID",
		},
		{
			"no secret access key",
			func(in *input) { in.creds.SecretAccessKey = "" },
			"no secret access key",
		},
		{
			"slash in the access key ID",
			func(in *input) { in.creds.AccessKeyID = "AK/ID" },
			"access key ID has an invalid character",
		},
		{
			"comma in the access key ID",
			func(in *input) { in.creds.AccessKeyID = "AKID, Signature" },
			"access key ID has an invalid character",
		},
		{
			"white space after the secret access key",
			func(in *input) { in.creds.SecretAccessKey = "hunter2\n" },
			"white space",
		},
		{
			"line break in the session token",
			func(in *input) { in.creds.SessionToken = "hunter2\r\nX: y" },
			"session token has white space",
		},
		{
			"short hash",
			func(in *input) { in.hash = hash[1:] },
			"payload hash",
		},
		{
			"upper-case hash",
			func(in *input) { in.hash = strings.ToUpper(hash) },
			"payload hash",
		},
		{
			"chunked payload",
			func(in *input) { in.hash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER" },
			"payload hash",
		},
		{
			"unsigned payload over http",
			func(in *input) { in.hash, in.scheme = UnsignedPayload, "http" },
			"needs the scheme https",
		},
		{
			"zero time",
			func(in *input) { in.at = time.Time{} },
			"time.Now()",
		},
		{
			"hash over http",
			func(in *input) { in.hash, in.scheme = hash, "http" },
			"",
		},
		{
			"unsigned payload",
			func(in *input) { in.hash = UnsignedPayload },
			"",
		},
		{
			"names that AWS does not use",
			func(in *input) {
				in.signer.Region, in.signer.Service = "Garage_1.local", "my-service"
				in.creds = Credentials{
					AccessKeyID:     "user@example.com",
					SecretAccessKey: "s p a c e",
				}
				in.scheme = "http"
			},
			"",
		},
	} {
		in := input{
			signer: &Signer{Region: "us-east-1", Service: "s3"},
			creds:  Credentials{AccessKeyID: "AKID", SecretAccessKey: "s", SessionToken: "t"},
			scheme: "https",
			at:     at,
		}
		test.change(&in)
		rawURL := in.scheme + "://localhost:9000/bucket/key"
		req := newRequest(t, "PUT", rawURL, strings.NewReader("body"))
		err := in.signer.Sign(req, in.creds, in.hash, in.at)
		if test.want != "" {
			checkError(t, test.name, err, test.want)
			if len(req.Header) != 0 {
				t.Errorf("%s: header after an error = %v, want none", test.name, req.Header)
			}
		} else if err != nil {
			t.Errorf("%s: Sign = %v, want nil", test.name, err)
		}
	}
}

func TestSignNilHeader(t *testing.T) {
	req := newRequest(t, "GET", "https://example.com/", nil)
	req.Header = nil
	s := Signer{Region: "us-east-1", Service: "s3"}
	if err := s.Sign(req, example, "", at); err != nil {
		t.Fatal(err)
	}
	if raw, err := wire(req); err != nil {
		t.Fatal(err)
	} else if err := oracle(raw, example.SecretAccessKey, true); err != nil {
		t.Errorf("oracle = %v, want nil", err)
	}
}

func TestSignAgain(t *testing.T) {
	s := Signer{Region: "us-east-1", Service: "s3"}
	req := newRequest(t, "PUT", "https://example.com/a+b", strings.NewReader("body"))
	before := *req.URL
	for i := range 3 {
		attempt := req.Clone(t.Context())
		if err := s.Sign(attempt, example, "", at.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.Sign(attempt, example, "", at); err == nil {
			t.Error("Sign of a signed request = nil, want an error")
		}
	}
	// WithContext shares the URL, which Sign must not change.
	if err := s.Sign(req.WithContext(t.Context()), example, "", at); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, *req.URL); diff != "" {
		t.Errorf("Sign changed a shared URL (-before +after):\n%s", diff)
	}
}
