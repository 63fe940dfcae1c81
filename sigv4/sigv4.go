// Package sigv4 signs HTTP requests to AWS with Signature Version 4.
//
//	signer := &sigv4.Signer{Region: "eu-west-1", Service: "execute-api"}
//	err := signer.Sign(req, creds, "", time.Now())
//	resp, err := client.Do(req)
//
// [Signer.Presign] puts the signature in a URL, for someone who has no credentials. [Transport] signs every request of
// an http.Client.
//
// The rules are those of "AWS Signature Version 4 for API requests" in the AWS IAM User Guide and of "Authenticating
// Requests (AWS Signature Version 4)" in the Amazon S3 API Reference; where the two are silent, those of auth.py in
// botocore, the official Python client. Two things they describe are not here: bodies signed chunk by chunk
// (STREAMING-AWS4-HMAC-SHA256-PAYLOAD), and Signature Version 4A, whose signatures are good for several Regions.
package sigv4

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// UnsignedPayload is the payload hash of a request whose body is not covered by the signature. Only TLS protects such
// a body, so that it is refused unless the URL's scheme is https. Amazon S3 accepts it; few other services do.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

// Signer signs requests to one service in one Region. It may be used by several goroutines and must not be copied after
// its first use.
//
// It keeps the last signing key, which is good for one day, Region and service, with a SHA-256 of the secret access key
// that it was derived from, until it signs with another one, on another day, or with credentials that have expired,
// whose key it does not keep. fmt, log/slog and encoding/json print neither.
type Signer struct {
	// Region is the Region of the credential scope, for example "eu-west-1". Required.
	Region string

	// Service is the signing name of the service, for example "execute-api" or "s3". Required.
	//
	// For "s3" and its relatives "s3express", "s3-object-lambda" and "s3-outposts", the path is signed as it is sent, and
	// the payload hash is sent as X-Amz-Content-Sha256. For all others, the path is signed normalized and encoded twice.
	Service string

	key atomic.Pointer[cachedKey]
}

// cachedKey is a signing key and what it was derived from. It never changes.
type cachedKey struct {
	scope       string
	secret, key [sha256.Size]byte // secret is the SHA-256 of the secret access key
}

// Sign adds a signature to req, in the headers Authorization, X-Amz-Date, X-Amz-Security-Token (for temporary
// credentials) and X-Amz-Content-Sha256 (for Amazon S3, and with [UnsignedPayload]).
//
// payloadHash is the SHA-256 of the body as 64 lower-case hexadecimal digits, or [UnsignedPayload], or "": then it is
// computed here. For that, the body is read from req.GetBody, or in place and rewound if it is an io.Seeker, or else
// read into memory, which is refused above 16 MiB. t is the time of the signature; a service accepts it for about 5
// minutes, Amazon S3 and AWS STS for 15.
//
// Every header that is set is signed, except those that may change on the way: Connection, Expect, Keep-Alive,
// Proxy-Authenticate, Proxy-Authorization, Te, Trailer, Transfer-Encoding, Upgrade, User-Agent and X-Amzn-Trace-Id
// (SIGNED_HEADERS_BLACKLIST in botocore's auth.py); and Content-Length, which net/http takes from req.ContentLength.
//
// What is sent must be what was signed: Sign writes req.Host in lower case and without the scheme's own port, encodes
// the query (RFC 3986 section 2.1, order kept, "+" read as a space, as url.Values.Encode writes it), and for Amazon S3
// encodes the path from req.URL.Path, which is "/" and the key as it is. Do not change req afterwards.
//
// A request that carries a signature already is refused. To send one again, sign a fresh clone (http.Request.Clone)
// of the unsigned request each time. When Sign returns an error, req carries no signature.
func (s *Signer) Sign(req *http.Request, creds Credentials, payloadHash string, t time.Time) error {
	var r request
	var pairs [32]pair // on the stack, as the other buffers: few requests have more
	query, headers, err := s.read(&r, pairs[:0:16], pairs[16:16], req, &creds, t, false)
	if err != nil {
		return err
	}
	if r.payloadHash, err = resolvePayloadHash(req, payloadHash); err != nil {
		return err
	}

	// Nothing fails from here on, so that req may change. The values added share one array, as in http.Header.Clone.
	if req.Header == nil {
		req.Header = make(http.Header, 4)
	}
	req.URL, req.Host = r.url, r.host
	values := []string{r.date, creds.SessionToken, r.payloadHash, ""}
	req.Header["X-Amz-Date"] = values[0:1:1]
	headers = insert(headers, pair{"x-amz-date", r.date})
	if creds.SessionToken != "" {
		req.Header["X-Amz-Security-Token"] = values[1:2:2]
		headers = insert(headers, pair{"x-amz-security-token", creds.SessionToken})
	}
	if r.s3 || payloadHash == UnsignedPayload {
		req.Header["X-Amz-Content-Sha256"] = values[2:3:3]
		headers = insert(headers, pair{"x-amz-content-sha256", r.payloadHash})
	}
	signed := signedHeaders(make([]byte, 0, 256), headers)
	scope := credentialScope(make([]byte, 0, 128), r.date, s.Region, s.Service)
	signature := s.signature(make([]byte, 0, 64), canonicalRequest(make([]byte, 0, 2048), &r, query, headers, signed), &creds, scope, r.date, t)
	values[3] = algorithm + " Credential=" + creds.AccessKeyID + "/" + string(scope) + ", SignedHeaders=" + string(signed) + ", Signature=" + string(signature)
	req.Header["Authorization"] = values[3:]
	return nil
}

// read sets r and inserts into query and headers what is signed of req, as it will be sent, and refuses what cannot be.
// It does not change req. (The slices are not in r, which escapes to the heap with the URL.)
func (s *Signer) read(r *request, query, headers []pair, req *http.Request, creds *Credentials, t time.Time, presign bool) ([]pair, []pair, error) {
	r.method, r.date, r.s3 = cmp.Or(req.Method, http.MethodGet), formatTime(t), s.s3()
	err := creds.check()
	switch {
	case !only(s.Region, ""):
		err = fmt.Errorf("sigv4: Region %q is not the name of a Region: set it to one such as \"us-east-1\"", s.Region)
	case !only(s.Service, ""):
		err = fmt.Errorf("sigv4: Service %q is not a signing name: set it to one such as \"s3\" or \"execute-api\"", s.Service)
	case t.IsZero():
		err = errors.New("sigv4: the time of the signature is zero: pass time.Now()")
	case !only(r.method, token) || r.method == http.MethodConnect:
		err = fmt.Errorf("sigv4: method %q cannot be signed: use one such as GET", r.method)
	}
	if err == nil {
		query, err = r.readURL(query, req)
	}
	if err == nil {
		headers = insert(headers, pair{"host", r.host})
		headers, err = appendHeader(headers, req.Header, presign)
	}
	return query, headers, err
}

// signature appends the signature over a canonical request in lower-case hexadecimal.
func (s *Signer) signature(dst, canonical []byte, creds *Credentials, scope []byte, date string, t time.Time) []byte {
	text := stringToSign(make([]byte, 0, 256), date, scope, canonical)
	key := s.signingKey(creds, scope, t)
	mac := hmacSHA256(key[:], text)
	return hex.AppendEncode(dst, mac[:])
}

// signingKey returns the key for a credential scope: the cached one if it was derived from the same.
func (s *Signer) signingKey(creds *Credentials, scope []byte, t time.Time) [sha256.Size]byte {
	secret := sha256.Sum256(append(make([]byte, 0, 128), creds.SecretAccessKey...))
	expired := !creds.Expires.IsZero() && !t.Before(creds.Expires)
	if c := s.key.Load(); c != nil && !expired && c.scope == string(scope) && subtle.ConstantTimeCompare(c.secret[:], secret[:]) == 1 {
		return c.key
	}
	key := signingKey(creds.SecretAccessKey, string(scope[:len("20060102")]), s.Region, s.Service)
	if s.key.Store(nil); !expired {
		s.key.Store(&cachedKey{string(scope), secret, key})
	}
	return key
}

// s3 reports whether the service follows Amazon S3's rules.
func (s *Signer) s3() bool {
	return s.Service == "s3" || s.Service == "s3express" || s.Service == "s3-object-lambda" || s.Service == "s3-outposts"
}
