// Package sigv4 signs HTTP requests to AWS with Signature Version 4.
//
//	signer := sigv4.Signer{Region: "eu-west-1", Service: "execute-api"}
//	err := signer.Sign(req, creds, "", time.Now())
//	resp, err := client.Do(req)
//
// [Transport] does the same for every request of an http.Client.
//
// The rules are those of "AWS Signature Version 4 for API requests" in the AWS IAM User Guide and of "Authenticating
// Requests (AWS Signature Version 4)" in the Amazon S3 API Reference; where the two are silent, those of auth.py in
// botocore, the official Python client.
package sigv4

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// UnsignedPayload is the payload hash of a request whose body is not covered by the signature. Only TLS protects such
// a body, so that it is refused unless the URL's scheme is https. Amazon S3 accepts it; few other services do.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

// Signer signs requests to one service in one Region. It holds no secret and may be used by several goroutines.
type Signer struct {
	// Region is the Region of the credential scope, for example "eu-west-1". Required.
	Region string

	// Service is the signing name of the service, for example "execute-api" or "s3". Required.
	//
	// For "s3" and its relatives "s3express", "s3-object-lambda" and "s3-outposts", the path is signed as it is sent, and
	// the payload hash is sent as X-Amz-Content-Sha256. For all others, the path is signed normalized and encoded twice.
	Service string
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
	if err := s.check(); err != nil {
		return err
	}
	if err := creds.check(); err != nil {
		return err
	}
	if t.IsZero() {
		return errors.New("sigv4: the time of the signature is zero: pass time.Now()")
	}
	r := request{method: cmp.Or(req.Method, http.MethodGet), normalize: !s.s3(), encode: !s.s3()}
	if !token(r.method) || r.method == http.MethodConnect {
		return fmt.Errorf("sigv4: method %q cannot be signed: use one such as GET", r.method)
	}
	target, host, err := wireTarget(req, s.s3())
	if err != nil {
		return err
	}
	r.path, r.query = target.EscapedPath(), target.RawQuery

	var array [24]field // on the stack: few requests have more headers
	if r.headers, err = signable(array[:0], req.Header); err != nil {
		return err
	}
	if r.payloadHash, err = resolvePayloadHash(req, payloadHash); err != nil {
		return err
	}

	// Nothing fails from here on, so that req may change. The values added share one array, as in http.Header.Clone.
	if req.Header == nil {
		req.Header = make(http.Header, 4)
	}
	req.URL, req.Host = target, host
	values := make([]string, 0, 4)
	set := func(name, value string) []string {
		values = append(values, value)
		req.Header[name] = values[len(values)-1 : len(values) : len(values)]
		return req.Header[name]
	}
	date := t.UTC().Format(timeFormat)
	r.headers = append(r.headers, field{"Host", []string{host}}, field{"X-Amz-Date", set("X-Amz-Date", date)})
	if creds.SessionToken != "" {
		r.headers = append(r.headers, field{"X-Amz-Security-Token", set("X-Amz-Security-Token", creds.SessionToken)})
	}
	if s.s3() || payloadHash == UnsignedPayload {
		r.headers = append(r.headers, field{"X-Amz-Content-Sha256", set("X-Amz-Content-Sha256", r.payloadHash)})
	}

	canonical := canonicalRequest(make([]byte, 0, 4096), &r)
	text := stringToSign(make([]byte, 0, 256), date, s.Region, s.Service, canonical)
	key := signingKey(creds.SecretAccessKey, date, s.Region, s.Service)

	authorization := append(canonical[:0], algorithm+" Credential="...)
	authorization = append(append(authorization, creds.AccessKeyID...), '/')
	authorization = credentialScope(authorization, date, s.Region, s.Service)
	authorization = signedHeaders(append(authorization, ", SignedHeaders="...), r.headers)
	authorization = signature(append(authorization, ", Signature="...), key, text)
	set("Authorization", string(authorization))
	return nil
}

func (s *Signer) check() error {
	switch {
	case !scopeText(s.Region):
		return fmt.Errorf("sigv4: Region %q is not the name of a Region: set it to one such as \"us-east-1\"", s.Region)
	case !scopeText(s.Service):
		return fmt.Errorf("sigv4: Service %q is not a signing name: set it to one such as \"s3\" or \"execute-api\"", s.Service)
	}
	return nil
}

// s3 reports whether the service follows Amazon S3's rules.
func (s *Signer) s3() bool {
	switch s.Service {
	case "s3", "s3express", "s3-object-lambda", "s3-outposts":
		return true
	}
	return false
}

// scopeText reports whether s can stand between the slashes of a credential scope.
func scopeText(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}
