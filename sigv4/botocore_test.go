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

// canonical returns the canonical request for headers as they are sent. Of these, names are
// signed. It splits target by hand, so that it also works for bytes that net/url would change.
func canonical(
	method, target, service string, headers [][2]string, names []string, payloadHash string,
) string {
	path, query, _ := strings.Cut(target, "?")
	s3 := (&Signer{Service: service}).s3()
	r := request{method: method, path: path, s3: s3, payloadHash: payloadHash}
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

// signCanonical returns the string to sign and the signature of a canonical request.
func signCanonical(secret, amzDate, region, service, canonical string) (text, signature string) {
	scope := credentialScope(nil, amzDate, region, service)
	b := stringToSign(nil, amzDate, scope, []byte(canonical))
	key := signingKey(secret, amzDate[:8], region, service)
	mac := hmacSHA256(key[:], b)
	return string(b), hex.EncodeToString(mac[:])
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

// splitURL returns the host and the request target of a URL, without decoding them.
func splitURL(t *testing.T, raw string) (host, target string) {
	t.Helper()
	_, rest, ok := strings.Cut(raw, "://")
	if !ok {
		t.Fatalf("%q is not a URL", raw)
	}
	i := strings.IndexByte(rest, '/')
	return rest[:i], rest[i:]
}

// botocoreCase is a request that botocore signed.
type botocoreCase struct {
	Name             string
	Method, URL      string
	Headers          [][2]string
	BodyB64          string `json:"body_b64"`
	Service, Region  string
	AccessKey        string `json:"access_key"`
	SecretKey        string `json:"secret_key"`
	SessionToken     string `json:"session_token"`
	Timestamp        string
	Expires          *int
	CanonicalRequest string      `json:"canonical_request"`
	StringToSign     string      `json:"string_to_sign"`
	Signature        string      `json:"signature"`
	ResultURL        string      `json:"result_url"`
	ResultHeaders    [][2]string `json:"result_headers"`

	// Deviates lists the parts of the canonical request in which botocore departs from the AWS
	// documentation.
	Deviates []struct{ Spec, Botocore string } `json:"deviates_from_spec"`
}

// payloadHash and signedNames return the last two lines of the canonical request.
func (c botocoreCase) payloadHash() string {
	return c.CanonicalRequest[strings.LastIndexByte(c.CanonicalRequest, '\n')+1:]
}

func (c botocoreCase) signedNames() []string {
	lines := strings.Split(c.CanonicalRequest, "\n")
	return strings.Split(lines[len(lines)-2], ";")
}

// checkSteps compares each step of the signature with what botocore computed.
func (c botocoreCase) checkSteps(t *testing.T) {
	host, target := splitURL(t, c.ResultURL)
	target, _, _ = strings.Cut(target, "&X-Amz-Signature=")
	host = strings.TrimSuffix(strings.ToLower(host), ":443")
	headers := append(c.ResultHeaders, [2]string{"Host", host})
	got := canonical(c.Method, target, c.Service, headers, c.signedNames(), c.payloadHash())
	want := c.CanonicalRequest
	for _, d := range c.Deviates {
		if got == want {
			t.Error("the case is marked as a deviation, but the canonical request is the same")
		}
		want = strings.Replace(want, d.Botocore, d.Spec, 1)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("canonical request differs (-want +got):\n%s", diff)
	}

	// The later steps start from botocore's canonical request, so that they are also checked if
	// botocore deviates.
	text, signature := signCanonical(
		c.SecretKey, c.Timestamp, c.Region, c.Service, c.CanonicalRequest)
	if diff := cmp.Diff(c.StringToSign, text); diff != "" {
		t.Errorf("string to sign differs (-want +got):\n%s", diff)
	}
	if signature != c.Signature {
		t.Errorf("signature = %s, want %s", signature, c.Signature)
	}
}

// request returns the request of the case. It returns nil if net/http would send other bytes than
// botocore signed, or a Content-Length of its own, or if Sign signs fewer headers.
func (c botocoreCase) request(t *testing.T) *http.Request {
	u, err := url.Parse(c.URL)
	_, target := splitURL(t, c.URL)
	path, _, _ := strings.Cut(target, "?")
	if err != nil || u.EscapedPath() != path || len(c.Deviates) > 0 ||
		strings.HasPrefix(c.payloadHash(), "STREAMING-") {
		return nil
	}
	body, err := base64.StdEncoding.DecodeString(c.BodyB64)
	if err != nil {
		t.Fatal(err)
	}
	req := newRequest(t, c.Method, c.URL, bytes.NewReader(body))
	for _, h := range c.Headers {
		switch {
		case strings.EqualFold(h[0], "Content-Length"):
			return nil
		case strings.EqualFold(h[0], "Accept-Encoding"): // botocore signs it; proxies change it
			return nil
		case !strings.EqualFold(h[0], "Authorization"): // botocore drops it; Sign refuses it
			req.Header.Add(h[0], h[1])
		}
	}
	return req
}

func TestBotocore(t *testing.T) {
	var file struct{ Cases []botocoreCase }
	if err := testvectors.Decode("sigv4_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	var signed, presigned, deviating int
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			deviating += len(c.Deviates)
			c.checkSteps(t)
			req := c.request(t)
			if req == nil {
				return
			}
			s := Signer{Region: c.Region, Service: c.Service}
			creds := Credentials{
				AccessKeyID:     c.AccessKey,
				SecretAccessKey: c.SecretKey,
				SessionToken:    c.SessionToken,
			}
			at := parseTime(t, c.Timestamp)
			if c.Expires != nil {
				presigned++
				got, err := s.Presign(req, creds, time.Duration(*c.Expires)*time.Second, at)
				if diff := cmp.Diff(c.ResultURL, got); err != nil || diff != "" {
					t.Errorf("Presign: %v (-want +got):\n%s", err, diff)
				}
				return
			}
			signed++
			hash := ""
			if c.payloadHash() == UnsignedPayload {
				hash = UnsignedPayload
			}
			if err := s.Sign(req, creds, hash, at); err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(c.ResultHeaders, func(h [2]string) bool {
				return h[0] == "Authorization"
			})
			want, got := c.ResultHeaders[i][1], req.Header.Get("Authorization")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Authorization differs (-want +got):\n%s", diff)
			}
		})
	}
	if deviating != 1 || signed < 30 || presigned < 6 {
		t.Errorf("deviating = %d, signed = %d, presigned = %d, want 1, at least 30, at least 6",
			deviating, signed, presigned)
	}
}

// TestBotocoreWire signs the Amazon S3 requests that boto3 sent, with and without a session token.
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
		authorization := c.Request.Headers["Authorization"]
		if authorization == "" {
			continue
		}
		signed++
		req := newRequest(t, c.Request.Method, c.Request.URL, nil)
		for name, value := range c.Request.Headers {
			switch name {
			case "Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token":
			default:
				req.Header.Set(name, value)
			}
		}
		creds := Credentials{
			AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
			SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
			SessionToken:    c.Config.Token,
		}
		s := Signer{Region: strings.Split(authorization, "/")[2], Service: c.Service}
		at := parseTime(t, c.Request.Headers["X-Amz-Date"])
		if err := s.Sign(req, creds, "", at); err != nil {
			t.Fatal(err)
		}
		for name, want := range c.Request.Headers {
			if got := req.Header.Get(name); got != want {
				t.Errorf("%s %s: %s = %q, want %q", c.Operation, c.Request.URL, name, got, want)
			}
		}
	}
	if signed < 5 {
		t.Errorf("the vectors have %d signed requests, want at least 5", signed)
	}
}
