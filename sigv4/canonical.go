package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"time"
)

// The functions in this file and in key.go implement the steps of "Create a signed AWS API
// request" in the IAM User Guide, and have the names that it uses:
//
//	1  canonical request  method \n URI \n query \n headers \n signed headers \n payload hash
//	2  (its hash)         SHA-256 of the canonical request
//	3  string to sign     algorithm \n date \n credential scope \n hash
//	4  signature          HMAC of the string to sign under the signing key
//
// The credential scope is day/Region/service/aws4_request. Functions append their results to dst,
// which is a buffer on the stack of the caller.

const (
	algorithm   = "AWS4-HMAC-SHA256"
	emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// canonicalRequest appends the canonical request (step 1).
func canonicalRequest(dst []byte, r *request, query, headers []pair, signed []byte) []byte {
	dst = appendAll(dst, r.method, "\n")
	dst = append(canonicalURI(dst, r.path, r.s3), '\n')
	for i, p := range query {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(append(dst, p.name...), '=')
		dst = append(dst, p.value...)
	}
	dst = append(dst, '\n')
	for _, h := range headers {
		dst = append(append(dst, h.name...), ':')
		dst = append(append(dst, h.value...), '\n')
	}
	dst = append(append(dst, '\n'), signed...)
	return appendAll(dst, "\n", r.payloadHash)
}

// canonicalURI appends the path of the canonical request. For Amazon S3 that is the path as it is
// sent. For other services, the path is normalized, as normalize_url_path in botocore's utils.py
// does it, and encoded a second time.
//
// Normalization removes empty segments and dot segments (RFC 3986 section 5.2.4). Unlike in the
// RFC, the result ends with "/" only if the path does: "/a/b/.." becomes "/a".
func canonicalURI(dst []byte, p string, s3 bool) []byte {
	switch {
	case p == "":
		return append(dst, '/')
	case s3:
		return append(dst, p...)
	}
	clean := path.Clean(p)
	dst = appendEncoded(dst, clean, true)
	if clean != "/" && strings.HasSuffix(p, "/") {
		dst = append(dst, '/')
	}
	return dst
}

// signedHeaders appends the names of the headers, joined with ";".
func signedHeaders(dst []byte, headers []pair) []byte {
	for i, h := range headers {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = append(dst, h.name...)
	}
	return dst
}

// stringToSign appends the string to sign (steps 2 and 3).
func stringToSign(dst []byte, date string, scope, canonicalRequest []byte) []byte {
	sum := sha256.Sum256(canonicalRequest)
	dst = append(appendAll(dst, algorithm, "\n", date, "\n"), scope...)
	return hex.AppendEncode(append(dst, '\n'), sum[:])
}

// formatTime returns t in the form of X-Amz-Date.
func formatTime(t time.Time) string {
	b := t.UTC().AppendFormat(make([]byte, 0, 64), time.RFC3339) // 2013-05-24T00:00:00Z
	return string(slices.DeleteFunc(b, func(c byte) bool { return c == '-' || c == ':' }))
}

// credentialScope appends the credential scope, for which a signing key is valid.
func credentialScope(dst []byte, date, region, service string) []byte {
	return appendAll(dst, date[:len("20060102")], "/", region, "/", service, "/aws4_request")
}
