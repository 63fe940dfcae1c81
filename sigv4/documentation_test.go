package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

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
	sign := func(e example, s *Signer, creds Credentials, host, timestamp string) {
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
		sign(e, &Signer{Region: file.Region, Service: file.Service}, s3, "examplebucket.s3.amazonaws.com", file.Timestamp)
	}
	users := file.ListUsers
	sign(users, &Signer{Region: users.Region, Service: users.Service},
		Credentials{AccessKeyID: users.AccessKey, SecretAccessKey: users.Secret}, "iam.amazonaws.com", "20150830T123600Z")

	presigned, err := (&Signer{Region: file.Region, Service: file.Service}).Presign(
		newRequest(t, "GET", "https://examplebucket.s3.amazonaws.com/test.txt", nil), s3, 24*time.Hour, parseTime(t, file.Timestamp))
	if err != nil || presigned != file.Presigned.URL {
		t.Errorf("presigned URL is %s (%v), want %s", presigned, err, file.Presigned.URL)
	}
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
		key := signingKey(k.Secret, k.Date, k.Region, k.Service)
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
		if mac := hmacSHA256(key, data); hex.EncodeToString(mac[:]) != c.MAC {
			t.Errorf("case %d is %x, want %s", i, mac, c.MAC)
		}
	}
	if len(file.Cases) < 6 {
		t.Errorf("%d cases, want 6", len(file.Cases))
	}
}
