package sigv4

// The steps of Signature Version 4, in the order and with the names of "Create a signed AWS API request" in the AWS
// IAM User Guide. Each appends to dst, which is on its caller's stack, and returns it.

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"path"
	"strings"
	"time"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// canonicalRequest is step 1.
func canonicalRequest(dst []byte, r *request, query, headers []pair, signedHeaders []byte) []byte {
	dst = appendAll(dst, r.method, "\n")
	dst = append(canonicalURI(dst, r.path, r.s3), '\n')
	for i, p := range query {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(append(append(dst, p.name...), '='), p.value...)
	}
	dst = append(dst, '\n')
	for _, h := range headers {
		dst = append(append(append(append(dst, h.name...), ':'), h.value...), '\n')
	}
	dst = append(dst, '\n')
	dst = append(append(dst, signedHeaders...), '\n')
	return append(dst, r.payloadHash...)
}

// canonicalURI appends the path. Amazon S3 wants it untouched. Every other service wants it without empty segments and
// dot segments, as normalize_url_path in botocore's utils.py removes them, and encoded once more. That is RFC 3986
// section 5.2.4 but for one thing: the result ends in "/" only if the path does, so that "/a/b/.." becomes "/a" and not "/a/".
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

// stringToSign is steps 2 and 3.
func stringToSign(dst []byte, date string, scope, canonicalRequest []byte) []byte {
	sum := sha256.Sum256(canonicalRequest)
	dst = append(append(appendAll(dst, algorithm, "\n", date, "\n"), scope...), '\n')
	return hex.AppendEncode(dst, sum[:])
}

// formatTime writes t as 20130524T000000Z, by way of the layout that package time is fastest at.
func formatTime(t time.Time) string {
	s := t.UTC().AppendFormat(make([]byte, 0, 64), time.RFC3339) // 2013-05-24T00:00:00Z
	return string(s[:4]) + string(s[5:7]) + string(s[8:13]) + string(s[14:16]) + string(s[17:])
}

// credentialScope appends what a signature is good for: a day, a Region and a service.
func credentialScope(dst []byte, date, region, service string) []byte {
	return appendAll(dst, date[:len("20060102")], "/", region, "/", service, "/aws4_request")
}

// signingKey is step 4a: the key for one day, Region and service. It is as secret as the access key for that scope.
func signingKey(secretAccessKey, day, region, service string) [sha256.Size]byte {
	key := hmacSHA256(append(append(make([]byte, 0, 128), "AWS4"...), secretAccessKey...), []byte(day))
	key = hmacSHA256(key[:], []byte(region))
	key = hmacSHA256(key[:], []byte(service))
	return hmacSHA256(key[:], []byte("aws4_request"))
}

// hmacSHA256 is HMAC (RFC 2104 section 2) with SHA-256. The inputs here are short, so that both hashes are computed over
// buffers on the stack: half the time of crypto/hmac, and none of its allocations.
func hmacSHA256(key, data []byte) [sha256.Size]byte {
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	inner := append(make([]byte, 0, 320), ipad...)
	outer := append(make([]byte, 0, 96), opad...)
	subtle.XORBytes(inner, inner, key)
	subtle.XORBytes(outer, outer, key)
	sum := sha256.Sum256(append(inner, data...))
	return sha256.Sum256(append(outer, sum[:]...))
}

// ipad and opad are 64 bytes 0x36 and 0x5c.
const (
	ipad = "6666666666666666666666666666666666666666666666666666666666666666"
	opad = `\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\`
)
