package sigv4

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// steps runs the named steps on headers as they are sent: no header is chosen or added. The request target is split
// by hand, so that bytes which net/url would not keep reach the steps.
func steps(method, target, service string, headers [][2]string, names []string, payloadHash string) string {
	path, query, _ := strings.Cut(target, "?")
	r := request{method: method, path: path, s3: (&Signer{Service: service}).s3(), payloadHash: payloadHash}
	var sorted []pair
	for _, name := range names {
		var values []string
		for _, h := range headers {
			if strings.EqualFold(h[0], name) {
				values = append(values, h[1])
			}
		}
		sorted = insert(sorted, pair{strings.ToLower(name), canonicalValue(values)})
	}
	parameters, _ := readQuery(nil, query)
	return string(canonicalRequest(nil, &r, parameters, sorted, signedHeaders(nil, sorted)))
}

// finish signs a canonical request and returns the string to sign and the signature.
func finish(secret, amzDate, region, service, canonical string) (string, string) {
	text := stringToSign(nil, amzDate, credentialScope(nil, amzDate, region, service), []byte(canonical))
	key := signingKey(secret, amzDate[:8], region, service)
	mac := hmacSHA256(key[:], text)
	return string(text), hex.EncodeToString(mac[:])
}

// parseTime returns the time of an X-Amz-Date.
func parseTime(t *testing.T, amzDate string) time.Time {
	t.Helper()
	at, err := time.Parse("20060102T150405Z", amzDate)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// splitURL returns the host and the request target, bytes untouched.
func splitURL(t *testing.T, raw string) (host, target string) {
	t.Helper()
	_, rest, ok := strings.Cut(raw, "://")
	if !ok {
		t.Fatalf("%q is no URL", raw)
	}
	i := strings.IndexByte(rest, '/')
	return rest[:i], rest[i:]
}

// TestBotocore compares each step with what botocore computed.
func TestBotocore(t *testing.T) {
	var file struct {
		Cases []struct {
			Name             string
			Method, URL      string
			Headers          [][2]string
			BodyB64          string `json:"body_b64"`
			Service, Region  string
			AccessKey        string                            `json:"access_key"`
			SecretKey        string                            `json:"secret_key"`
			SessionToken     string                            `json:"session_token"`
			Timestamp        string                            `json:"timestamp"`
			Expires          *int                              `json:"expires"`
			CanonicalRequest string                            `json:"canonical_request"`
			StringToSign     string                            `json:"string_to_sign"`
			Signature        string                            `json:"signature"`
			ResultURL        string                            `json:"result_url"`
			ResultHeaders    [][2]string                       `json:"result_headers"`
			Deviates         []struct{ Spec, Botocore string } `json:"deviates_from_spec"`
		}
	}
	if err := testvectors.Decode("sigv4_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	var signed, presigned, deviating int
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			lines := strings.Split(c.CanonicalRequest, "\n")
			payloadHash, names := lines[len(lines)-1], strings.Split(lines[len(lines)-2], ";")
			host, target := splitURL(t, c.ResultURL)
			target, _, _ = strings.Cut(target, "&X-Amz-Signature=")
			host = strings.TrimSuffix(strings.ToLower(host), ":443")
			got := steps(c.Method, target, c.Service, append(c.ResultHeaders, [2]string{"Host", host}), names, payloadHash)

			want := c.CanonicalRequest
			for _, d := range c.Deviates {
				if got == want {
					t.Error("flagged as deviating from the specification, yet the same")
				}
				want = strings.Replace(want, d.Botocore, d.Spec, 1)
				deviating++
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("canonical request (-want +got):\n%s", diff)
			}
			// The later steps start from botocore's own canonical request, which shows them right for deviating cases too.
			text, sig := finish(c.SecretKey, c.Timestamp, c.Region, c.Service, c.CanonicalRequest)
			if diff := cmp.Diff(c.StringToSign, text); diff != "" {
				t.Errorf("string to sign (-want +got):\n%s", diff)
			}
			if sig != c.Signature {
				t.Errorf("signature is %s, want %s", sig, c.Signature)
			}

			// Sign and Presign themselves, where net/http would send the bytes botocore signed.
			u, err := url.Parse(c.URL)
			_, rawTarget := splitURL(t, c.URL)
			rawPath, _, _ := strings.Cut(rawTarget, "?")
			if err != nil || len(c.Deviates) > 0 || u.EscapedPath() != rawPath || strings.HasPrefix(payloadHash, "STREAMING-") {
				return
			}
			body, err := base64.StdEncoding.DecodeString(c.BodyB64)
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequest(c.Method, c.URL, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range c.Headers {
				switch {
				case strings.EqualFold(h[0], "Content-Length"):
					return // net/http sends its own
				case !strings.EqualFold(h[0], "Authorization"): // botocore drops it, Sign refuses it
					req.Header.Add(h[0], h[1])
				}
			}
			hash := ""
			if payloadHash == UnsignedPayload {
				hash = UnsignedPayload
			}
			s := Signer{Region: c.Region, Service: c.Service}
			creds := Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.SecretKey, SessionToken: c.SessionToken}
			if c.Expires != nil {
				got, err := s.Presign(req, creds, time.Duration(*c.Expires)*time.Second, parseTime(t, c.Timestamp))
				if diff := cmp.Diff(c.ResultURL, got); err != nil || diff != "" {
					t.Errorf("presigned URL, %v (-want +got):\n%s", err, diff)
				}
				presigned++
				return
			}
			if err := s.Sign(req, creds, hash, parseTime(t, c.Timestamp)); err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(c.ResultHeaders, func(h [2]string) bool { return h[0] == "Authorization" })
			if diff := cmp.Diff(c.ResultHeaders[i][1], req.Header.Get("Authorization")); diff != "" {
				t.Errorf("Authorization (-want +got):\n%s", diff)
			}
			signed++
		})
	}
	if deviating != 1 || signed < 30 || presigned < 6 {
		t.Errorf("%d cases deviate, want 1; %d went through Sign, want at least 30, and %d through Presign, want 6", deviating, signed, presigned)
	}
}

// TestBotocoreWire signs the S3 requests that boto3 sent, whole operations with and without a session token.
func TestBotocoreWire(t *testing.T) {
	var file struct {
		Cases []struct {
			Service, Region, Operation string
			Config                     struct{ Token string }
			Request                    struct {
				Method, URL string
				Headers     map[string]string
			}
		}
	}
	if err := testvectors.Decode("wire_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	var signed int
	for _, c := range file.Cases {
		want := c.Request.Headers["Authorization"]
		if want == "" {
			continue
		}
		signed++
		req, err := http.NewRequest(c.Request.Method, c.Request.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range c.Request.Headers {
			switch name {
			case "Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token":
			default:
				req.Header.Set(name, value)
			}
		}
		creds := Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", SessionToken: c.Config.Token}
		s := Signer{Region: strings.Split(want, "/")[2], Service: c.Service}
		if err := s.Sign(req, creds, "", parseTime(t, c.Request.Headers["X-Amz-Date"])); err != nil {
			t.Fatal(err)
		}
		for name, value := range c.Request.Headers {
			if got := req.Header.Get(name); got != value {
				t.Errorf("%s of %s: %s is\n%q, want\n%q", c.Operation, c.Request.URL, name, got, value)
			}
		}
	}
	if signed < 5 {
		t.Errorf("%d signed requests in the vectors, want at least 5", signed)
	}
}
