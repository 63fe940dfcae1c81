package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// documented is a worked example of the AWS documentation.
type documented struct {
	Name, Method, Target, Path, Payload, Signature, URL string
	Headers                                             [][2]string
	PayloadHash                                         string `json:"payload_hash"`
	CanonicalSHA256                                     string `json:"canonical_request_sha256"`
	SignedHeaders                                       string `json:"signed_headers"`
	SeedSignature                                       string `json:"seed_signature"`
	Secret, Region, Service                             string
	AccessKey                                           string `json:"access_key"`
}

// check signs the example with the hash that it gives and with a hash that Sign computes.
func (d documented) check(
	t *testing.T, s *Signer, creds Credentials, host, timestamp string,
) {
	t.Helper()
	suffix := "SignedHeaders=" + d.SignedHeaders + ", Signature=" + d.Signature
	for _, hash := range []string{d.PayloadHash, ""} {
		req := newRequest(t, d.Method, "https://"+host+d.Target, strings.NewReader(d.Payload))
		for _, h := range d.Headers {
			switch strings.ToLower(h[0]) {
			case "host", "x-amz-date", "x-amz-content-sha256":
			default:
				req.Header.Add(h[0], h[1])
			}
		}
		if err := s.Sign(req, creds, hash, parseTime(t, timestamp)); err != nil {
			t.Fatalf("%s: Sign with hash %q = %v, want nil", d.Name, hash, err)
		}
		if got := req.Header.Get("Authorization"); !strings.HasSuffix(got, suffix) {
			t.Errorf("%s: Sign with hash %q: Authorization = %s, want suffix %s",
				d.Name, hash, got, suffix)
		}
	}
}

// TestS3Documentation signs the examples of the Amazon S3 API Reference and of the AWS General
// Reference.
func TestS3Documentation(t *testing.T) {
	var file struct {
		Credentials struct {
			AccessKey string `json:"access_key"`
			SecretKey string `json:"secret_key"`
		}
		Region         string
		Service        string
		Timestamp      string
		SingleChunk    []documented `json:"single_chunk"`
		Presigned      documented
		Chunked        documented
		ChunkedTrailer documented `json:"chunked_trailer"`
		ListUsers      documented `json:"iam_listusers"`
		SigningKeys    []struct {
			Secret, Date, Region, Service, KSigning string
		} `json:"signing_keys"`
	}
	if err := testvectors.Decode("s3_docs_examples", &file); err != nil {
		t.Fatal(err)
	}
	if len(file.SingleChunk) < 4 || len(file.SigningKeys) < 2 {
		t.Fatalf("the file has %d examples and %d signing keys, want at least 4 and 2",
			len(file.SingleChunk), len(file.SigningKeys))
	}
	creds := Credentials{
		AccessKeyID:     file.Credentials.AccessKey,
		SecretAccessKey: file.Credentials.SecretKey,
	}
	s3 := &Signer{Region: file.Region, Service: file.Service}
	for _, d := range file.SingleChunk {
		d.check(t, s3, creds, "examplebucket.s3.amazonaws.com", file.Timestamp)
	}
	d := file.ListUsers
	iam := &Signer{Region: d.Region, Service: d.Service}
	keys := Credentials{AccessKeyID: d.AccessKey, SecretAccessKey: d.Secret}
	d.check(t, iam, keys, "iam.amazonaws.com", "20150830T123600Z")

	req := newRequest(t, "GET", "https://examplebucket.s3.amazonaws.com/test.txt", nil)
	got, err := s3.Presign(req, creds, 24*time.Hour, parseTime(t, file.Timestamp))
	if err != nil || got != file.Presigned.URL {
		t.Errorf("Presign = %s, %v, want %s", got, err, file.Presigned.URL)
	}

	// The steps that Sign does not take: a presigned request as it is received, and the seed
	// signatures of chunked uploads.
	unsigned, _, _ := strings.Cut(file.Presigned.URL, "&X-Amz-Signature=")
	host, target := splitURL(t, unsigned)
	file.Presigned.Path, file.Presigned.SignedHeaders = target, "host"
	file.Presigned.Headers = [][2]string{{"Host", host}}
	file.Chunked.Signature = file.Chunked.SeedSignature
	file.ChunkedTrailer.Signature = file.ChunkedTrailer.SeedSignature
	for _, d := range []documented{file.Presigned, file.Chunked, file.ChunkedTrailer} {
		names := strings.Split(d.SignedHeaders, ";")
		text := canonical(d.Method, d.Path, "s3", d.Headers, names, d.PayloadHash)
		if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != d.CanonicalSHA256 {
			t.Errorf("%s: SHA-256 of the canonical request = %x, want %s, for\n%s",
				d.Name, sum, d.CanonicalSHA256, text)
		}
		_, signature := signCanonical(
			creds.SecretAccessKey, file.Timestamp, file.Region, "s3", text)
		if signature != d.Signature {
			t.Errorf("%s: signature = %s, want %s", d.Name, signature, d.Signature)
		}
	}

	for _, k := range file.SigningKeys {
		key := signingKey(k.Secret, k.Date, k.Region, k.Service)
		if got := hex.EncodeToString(key[:]); got != k.KSigning {
			t.Errorf("signingKey(%s, %s, %s) = %s, want %s",
				k.Date, k.Region, k.Service, got, k.KSigning)
		}
	}
}

// TestRFC4231 runs the RFC's test vectors through hmacSHA256.
func TestRFC4231(t *testing.T) {
	var file struct {
		Cases []struct{ Key, Data, MAC string }
	}
	if err := testvectors.Decode("rfc4231_hmac_sha256", &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 6 {
		t.Errorf("the file has %d cases, want at least 6", len(file.Cases))
	}
	for i, c := range file.Cases {
		key, err1 := hex.DecodeString(c.Key)
		data, err2 := hex.DecodeString(c.Data)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if mac := hmacSHA256(key, data); hex.EncodeToString(mac[:]) != c.MAC {
			t.Errorf("case %d: hmacSHA256 = %x, want %s", i, mac, c.MAC)
		}
	}
}
