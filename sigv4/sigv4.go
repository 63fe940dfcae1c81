// Package sigv4 signs HTTP requests with AWS Signature Version 4.
//
//	signer := &sigv4.Signer{Region: "eu-west-1", Service: "execute-api"}
//	err := signer.Sign(req, creds, "", time.Now())
//	resp, err := client.Do(req)
//
// [Signer.Sign] puts the signature in the headers of a request. [Signer.Presign] puts it in a
// URL, which works without credentials. [Transport] signs each request of an http.Client.
//
// The package implements "AWS Signature Version 4 for API requests" in the [IAM User Guide] and,
// for [Amazon S3], "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API
// Reference. Where these are silent, it does what auth.py in botocore, Amazon's Python client,
// does. It does not sign bodies in chunks (STREAMING-AWS4-HMAC-SHA256-PAYLOAD) and does not
// implement Signature Version 4A.
//
// [IAM User Guide]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
// [Amazon S3]: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
package sigv4

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// UnsignedPayload is the payload hash of a request whose body the signature does not cover. Only
// TLS then protects the body, so the URL's scheme must be https. Amazon S3 accepts such
// requests, and VPC Lattice accepts no others.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

// Signer signs requests to one service in one Region. It is safe for concurrent use. It must not
// be copied after first use.
//
// A Signer caches the last signing key, which is valid for one day, Region and service, and the
// SHA-256 of the secret access key from which it derived the key. It drops both when it signs
// with another secret access key, on another day, or with expired credentials. fmt, log/slog and
// encoding/json do not print them.
type Signer struct {
	// Region is the Region of the service, such as "eu-west-1". It is required.
	Region string

	// Service is the signing name of the service, such as "execute-api" or "s3". It is required.
	//
	// For "s3", "s3express", "s3-object-lambda" and "s3-outposts", the path is signed as it is
	// sent. For other services, the path is signed in normalized form and encoded twice. The
	// payload hash is sent as X-Amz-Content-Sha256 for these four, "aoss" and "glacier". For
	// "vpc-lattice-svcs", the header is [UnsignedPayload].
	Service string

	// OmitSessionToken leaves the session token out of the signature. The request or URL still
	// has it. AWS IoT requires this for MQTT over WebSocket ("iotdevicegateway").
	OmitSessionToken bool

	key atomic.Pointer[cachedKey]
}

// Sign adds a signature to req. It sets the headers Authorization and X-Amz-Date. For temporary
// credentials, it also sets X-Amz-Security-Token. For the services that [Signer.Service] lists
// and with [UnsignedPayload], it also sets X-Amz-Content-Sha256.
//
// payloadHash is the SHA-256 of the body in lower-case hexadecimal, or [UnsignedPayload]. If it
// is empty, Sign hashes the body: it reads a copy from req.GetBody if that is set, or reads and
// rewinds an [io.Seeker], or else keeps up to 16 MiB in memory. A larger body is an error.
//
// Callers may set X-Amz-Content-Sha256 for any service. It must be the hash of the body or
// [UnsignedPayload], which replaces payloadHash.
//
// t is the time of the signature. Most services accept it for 5 minutes, and Amazon S3 and AWS
// STS for 15.
//
// Sign signs all headers except those that proxies may change, as AWS's SDKs do: Accept-Encoding,
// Connection, Expect, Forwarded, From, Keep-Alive, Max-Forwards, Pragma, Referer, Te, Trailer,
// Transfer-Encoding, Upgrade, User-Agent, Via, X-Amzn-Trace-Id, and all that begin with Proxy-,
// Sec- or X-Forwarded-. It does not sign Content-Length, which net/http sends from
// req.ContentLength.
//
// The request must be sent as it was signed. Callers must not change it afterwards, and Sign
// normalizes what net/http would send in another form:
//
//   - It converts req.Host to lower case and removes the default port of the scheme.
//   - It encodes the query as RFC 3986 section 2.1 describes and keeps the order of parameters. A
//     "+" in the query is a space, as [net/url.Values.Encode] writes it.
//   - For Amazon S3, it encodes req.URL.Path, which must be "/" and the key.
//
// A request that is already signed is an error. To send a request again, sign a new clone of the
// unsigned request ([http.Request.Clone]). If Sign returns an error, req has no signature.
func (s *Signer) Sign(
	req *http.Request, creds Credentials, payloadHash string, t time.Time,
) error {
	var r request
	var pairs [32]pair // on the stack; few requests have more
	query, headers, err := s.read(&r, pairs[:0:16], pairs[16:16], req, &creds, t)
	if err != nil {
		return err
	}
	sendHash, err := s.resolvePayloadHash(&r, req, payloadHash)
	if err != nil {
		return err
	}

	// No error is possible from here on, so that req can change. The new header values share one
	// array, as in http.Header.Clone.
	if req.Header == nil {
		req.Header = make(http.Header, 4)
	}
	req.URL, req.Host = r.url, r.host
	values := []string{r.date, creds.SessionToken, r.payloadHash, ""}
	req.Header["X-Amz-Date"] = values[0:1:1]
	headers = insert(headers, pair{"x-amz-date", r.date})
	if creds.SessionToken != "" {
		req.Header["X-Amz-Security-Token"] = values[1:2:2]
		if !s.OmitSessionToken {
			headers = insert(headers, pair{"x-amz-security-token", creds.SessionToken})
		}
	}
	if sendHash {
		req.Header["X-Amz-Content-Sha256"] = values[2:3:3]
		headers = insert(headers, pair{"x-amz-content-sha256", r.payloadHash})
	}
	signed := signedHeaders(make([]byte, 0, 256), headers)
	scope := credentialScope(make([]byte, 0, 128), r.date, s.Region, s.Service)
	signature := s.signature(make([]byte, 0, 64), &r, query, headers, signed, scope, &creds, t)
	values[3] = algorithm + " Credential=" + creds.AccessKeyID + "/" + string(scope) +
		", SignedHeaders=" + string(signed) + ", Signature=" + string(signature)
	req.Header["Authorization"] = values[3:]
	return nil
}

// read checks the input of a signature. It sets all fields of r but payloadHash and appends to
// query and headers the pairs that are signed, sorted. It does not change req.
//
// The slices are not fields of r: escape analysis would move their arrays to the heap, because
// other fields of r become part of req.
func (s *Signer) read(
	r *request, query, headers []pair, req *http.Request, creds *Credentials, t time.Time,
) ([]pair, []pair, error) {
	r.method, r.date, r.s3 = cmp.Or(req.Method, http.MethodGet), formatTime(t), s.s3()
	err := creds.check()
	switch {
	case !only(s.Region, ""):
		err = fmt.Errorf(`sigv4: Region %q is invalid: use a name such as "us-east-1"`, s.Region)
	case !only(s.Service, ""):
		err = fmt.Errorf(`sigv4: Service %q is invalid: use a signing name such as "s3"`, s.Service)
	case t.IsZero():
		err = errors.New("sigv4: the time of the signature is zero: use time.Now()")
	case !only(r.method, tokenChars) || r.method == http.MethodConnect:
		err = fmt.Errorf("sigv4: method %q cannot be signed", r.method)
	}
	if err == nil {
		query, err = r.readURL(query, req)
	}
	if err == nil {
		headers, err = r.readHeader(insert(headers, pair{"host", r.host}), req.Header)
	}
	return query, headers, err
}

// signature appends the signature to dst, in hexadecimal.
func (s *Signer) signature(
	dst []byte, r *request, query, headers []pair, signed, scope []byte,
	creds *Credentials, t time.Time,
) []byte {
	canonical := canonicalRequest(make([]byte, 0, 2048), r, query, headers, signed)
	text := stringToSign(make([]byte, 0, 256), r.date, scope, canonical)
	key := s.signingKey(creds, scope, t)
	mac := hmacSHA256(key[:], text)
	return hex.AppendEncode(dst, mac[:])
}

// s3 reports whether the service has the rules of Amazon S3.
func (s *Signer) s3() bool {
	switch s.Service {
	case "s3", "s3express", "s3-object-lambda", "s3-outposts":
		return true
	}
	return false
}
