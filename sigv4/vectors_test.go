package sigv4

import (
	"bytes"
	"crypto/sha256"
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
	s3 := (&Signer{Service: service}).s3()
	r := request{method: method, path: path, normalize: !s3, encode: !s3, query: encodeQuery(query), payloadHash: payloadHash}
	for _, name := range names {
		f := field{name: name}
		for _, h := range headers {
			if strings.EqualFold(h[0], name) {
				f.values = append(f.values, h[1])
			}
		}
		r.headers = append(r.headers, f)
	}
	return string(canonicalRequest(nil, &r))
}

// finish signs a canonical request and returns the string to sign and the signature.
func finish(secret, amzDate, region, service, canonical string) (string, string) {
	text := stringToSign(nil, amzDate, region, service, []byte(canonical))
	return string(text), string(signature(nil, signingKey(secret, amzDate, region, service), text))
}

// parseTime returns the time of an X-Amz-Date.
func parseTime(t *testing.T, amzDate string) time.Time {
	t.Helper()
	at, err := time.Parse(timeFormat, amzDate)
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
	var signed, deviating int
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

			// Sign itself, where net/http would send the bytes botocore signed.
			u, err := url.Parse(c.URL)
			_, rawTarget := splitURL(t, c.URL)
			rawPath, _, _ := strings.Cut(rawTarget, "?")
			if err != nil || c.Expires != nil || len(c.Deviates) > 0 || u.EscapedPath() != rawPath || strings.HasPrefix(payloadHash, "STREAMING-") {
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
	if deviating != 1 || signed < 30 {
		t.Errorf("%d cases deviate, want 1; %d went through Sign, want at least 30", deviating, signed)
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

// TestS3Documentation signs the worked examples of the Amazon S3 API Reference and the AWS General Reference.
func TestS3Documentation(t *testing.T) {
	type example struct {
		Name, Method, Target, Path, Payload, Signature, URL string
		Headers                                             [][2]string
		PayloadHash                                         string `json:"payload_hash"`
		CanonicalSHA256                                     string `json:"canonical_request_sha256"`
		SignedHeaders                                       string `json:"signed_headers"`
		SeedSignature                                       string `json:"seed_signature"`
		Secret, Region, Service                             string
		AccessKey                                           string `json:"access_key"`
	}
	var file struct {
		Credentials struct {
			AccessKey string `json:"access_key"`
			SecretKey string `json:"secret_key"`
		}
		Region         string
		Service        string
		Timestamp      string
		SingleChunk    []example `json:"single_chunk"`
		Presigned      example
		Chunked        example
		ChunkedTrailer example                                                    `json:"chunked_trailer"`
		ListUsers      example                                                    `json:"iam_listusers"`
		SigningKeys    []struct{ Secret, Date, Region, Service, KSigning string } `json:"signing_keys"`
	}
	if err := testvectors.Decode("s3_docs_examples", &file); err != nil {
		t.Fatal(err)
	}
	s3 := Credentials{AccessKeyID: file.Credentials.AccessKey, SecretAccessKey: file.Credentials.SecretKey}
	sign := func(e example, s Signer, creds Credentials, host, timestamp string) {
		t.Helper()
		req, err := http.NewRequest(e.Method, "https://"+host+e.Target, strings.NewReader(e.Payload))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range e.Headers {
			switch strings.ToLower(h[0]) {
			case "host", "x-amz-date", "x-amz-content-sha256":
			default:
				req.Header.Add(h[0], h[1])
			}
		}
		if err := s.Sign(req, creds, e.PayloadHash, parseTime(t, timestamp)); err != nil {
			t.Fatal(err)
		}
		if got := req.Header.Get("Authorization"); !strings.HasSuffix(got, "SignedHeaders="+e.SignedHeaders+", Signature="+e.Signature) {
			t.Errorf("%s: Authorization is\n%s, want headers %s and signature %s", e.Name, got, e.SignedHeaders, e.Signature)
		}
		if e.PayloadHash == "" {
			return
		}
		computed := req.Clone(t.Context())
		for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Content-Sha256"} {
			computed.Header.Del(name)
		}
		if err := s.Sign(computed, creds, "", parseTime(t, timestamp)); err != nil || computed.Header.Get("Authorization") != req.Header.Get("Authorization") {
			t.Errorf("%s: with the hash computed: %v, %s", e.Name, err, computed.Header.Get("Authorization"))
		}
	}
	for _, e := range file.SingleChunk {
		sign(e, Signer{Region: file.Region, Service: file.Service}, s3, "examplebucket.s3.amazonaws.com", file.Timestamp)
	}
	users := file.ListUsers
	sign(users, Signer{Region: users.Region, Service: users.Service},
		Credentials{AccessKeyID: users.AccessKey, SecretAccessKey: users.Secret}, "iam.amazonaws.com", "20150830T123600Z")

	unsigned, _, _ := strings.Cut(file.Presigned.URL, "&X-Amz-Signature=")
	host, target := splitURL(t, unsigned)
	file.Presigned.Path, file.Presigned.Headers, file.Presigned.SignedHeaders = target, [][2]string{{"Host", host}}, "host"
	file.Chunked.Signature, file.ChunkedTrailer.Signature = file.Chunked.SeedSignature, file.ChunkedTrailer.SeedSignature
	for _, e := range []example{file.Presigned, file.Chunked, file.ChunkedTrailer} {
		canonical := steps(e.Method, e.Path, "s3", e.Headers, strings.Split(e.SignedHeaders, ";"), e.PayloadHash)
		if sum := sha256.Sum256([]byte(canonical)); hex.EncodeToString(sum[:]) != e.CanonicalSHA256 {
			t.Errorf("%s: canonical request is\n%s", e.Name, canonical)
		}
		if _, got := finish(s3.SecretAccessKey, file.Timestamp, file.Region, "s3", canonical); got != e.Signature {
			t.Errorf("%s: signature is %s, want %s", e.Name, got, e.Signature)
		}
	}

	for _, k := range file.SigningKeys {
		key := signingKey(k.Secret, k.Date+"T000000Z", k.Region, k.Service)
		if got := hex.EncodeToString(key[:]); got != k.KSigning {
			t.Errorf("signing key for %s is %s, want %s", k.Date, got, k.KSigning)
		}
	}
	if len(file.SingleChunk) < 4 || len(file.SigningKeys) < 2 {
		t.Error("examples are missing")
	}
}

func TestRFC4231(t *testing.T) {
	var file struct {
		Cases []struct{ Key, Data, MAC string }
	}
	if err := testvectors.Decode("rfc4231_hmac_sha256", &file); err != nil {
		t.Fatal(err)
	}
	for i, c := range file.Cases {
		key, err1 := hex.DecodeString(c.Key)
		data, err2 := hex.DecodeString(c.Data)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		a, b := hmacSHA256(key, data), hmacSHA256(key, string(data))
		if a != b || hex.EncodeToString(a[:]) != c.MAC {
			t.Errorf("case %d is %x, want %s", i, a, c.MAC)
		}
	}
	if len(file.Cases) < 6 {
		t.Errorf("%d cases, want 6", len(file.Cases))
	}
}
