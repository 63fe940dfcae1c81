package sigv4

// The steps of Signature Version 4, in the order and with the names of "Create a signed AWS API request" in the AWS
// IAM User Guide. Each appends to dst and returns it, so that signing needs one buffer.

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	timeFormat  = "20060102T150405Z"
	emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// request is what is signed of an HTTP request.
type request struct {
	method      string
	path        string // as it goes on the wire
	normalize   bool   // remove dot segments and empty segments from the path
	encode      bool   // encode the path once more
	query       string // as encodeQuery returns it
	headers     []field
	payloadHash string
}

// field is a header with all its values, in the order sent.
type field struct {
	name   string // in any case
	values []string
}

// canonicalRequest is step 1. It sorts r.headers.
func canonicalRequest(dst []byte, r *request) []byte {
	slices.SortFunc(r.headers, func(a, b field) int { return compareFold(a.name, b.name) })
	dst = append(dst, r.method...)
	dst = append(dst, '\n')
	dst = canonicalURI(dst, r.path, r.normalize, r.encode)
	dst = append(dst, '\n')
	dst = canonicalQuery(dst, r.query)
	dst = append(dst, '\n')
	dst = canonicalHeaders(dst, r.headers)
	dst = append(dst, '\n')
	dst = signedHeaders(dst, r.headers)
	dst = append(dst, '\n')
	return append(dst, r.payloadHash...)
}

// canonicalURI appends the path. Amazon S3 wants it untouched; every other service wants it normalized and encoded again.
func canonicalURI(dst []byte, path string, normalize, encode bool) []byte {
	if normalize {
		path = normalizePath(path)
	}
	switch {
	case path == "":
		return append(dst, '/')
	case encode:
		return appendEncoded(dst, path, true)
	}
	return append(dst, path...)
}

// normalizePath removes empty segments and dot segments, as normalize_url_path in botocore's utils.py does. That is
// RFC 3986 section 5.2.4 but for one thing: the result ends in "/" only if path does, so that "/a/b/.." becomes "/a"
// and not "/a/".
func normalizePath(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	if len(kept) > 0 && strings.HasSuffix(path, "/") {
		kept = append(kept, "")
	}
	return "/" + strings.Join(kept, "/")
}

// canonicalQuery appends the parameters of query, which encodeQuery returned, sorted by name and then by value.
func canonicalQuery(dst []byte, query string) []byte {
	type parameter struct{ name, value string }
	var array [16]parameter
	parameters := array[:0]
	for rest := query; rest != ""; {
		var p parameter
		p.name, rest, _ = strings.Cut(rest, "&")
		if p.name != "" { // as in "a=1&&b=2"
			p.name, p.value, _ = strings.Cut(p.name, "=")
			parameters = append(parameters, p)
		}
	}
	// Names are compared alone: as text, "a=" would come after "a-b=", since '=' is greater than '-'.
	slices.SortFunc(parameters, func(a, b parameter) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	for i, p := range parameters {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(append(dst, p.name...), '=')
		dst = append(dst, p.value...)
	}
	return dst
}

// canonicalHeaders appends a line for each header: name in lower case, values trimmed and joined with ",".
func canonicalHeaders(dst []byte, headers []field) []byte {
	for _, h := range headers {
		dst = append(appendLower(dst, h.name), ':')
		for i, v := range h.values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTrimmed(dst, v)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// signedHeaders appends the names of the headers, joined with ";".
func signedHeaders(dst []byte, headers []field) []byte {
	for i, h := range headers {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = appendLower(dst, h.name)
	}
	return dst
}

// stringToSign is steps 2 and 3. It appends to dst, which may share its array with the canonical request.
func stringToSign(dst []byte, amzDate, region, service string, canonicalRequest []byte) []byte {
	sum := sha256.Sum256(canonicalRequest)
	dst = append(dst, algorithm+"\n"...)
	dst = append(dst, amzDate...)
	dst = append(dst, '\n')
	dst = append(credentialScope(dst, amzDate, region, service), '\n')
	return hex.AppendEncode(dst, sum[:])
}

// credentialScope appends what a signature is good for: a day, a Region and a service.
func credentialScope(dst []byte, amzDate, region, service string) []byte {
	dst = append(dst, amzDate[:len("20060102")]...)
	dst = append(dst, '/')
	dst = append(dst, region...)
	dst = append(dst, '/')
	dst = append(dst, service...)
	return append(dst, "/aws4_request"...)
}

// signingKey is step 4a: the key for one day, Region and service. It is as secret as the access key for that scope.
func signingKey(secretAccessKey, amzDate, region, service string) [sha256.Size]byte {
	key := hmacSHA256(append([]byte("AWS4"), secretAccessKey...), amzDate[:len("20060102")])
	key = hmacSHA256(key[:], region)
	key = hmacSHA256(key[:], service)
	return hmacSHA256(key[:], "aws4_request")
}

// signature is step 4b. It appends the signature in lower-case hexadecimal.
func signature(dst []byte, key [sha256.Size]byte, stringToSign []byte) []byte {
	mac := hmacSHA256(key[:], stringToSign)
	return hex.AppendEncode(dst, mac[:])
}

// hmacSHA256 is HMAC (RFC 2104 section 2) with SHA-256. The inputs here are short, so that both hashes are computed over
// buffers on the stack: half the time of crypto/hmac, and none of its allocations.
func hmacSHA256[D string | []byte](key []byte, data D) [sha256.Size]byte {
	var block [sha256.BlockSize]byte
	if copy(block[:], key) < len(key) {
		sum := sha256.Sum256(key)
		block = [sha256.BlockSize]byte{}
		copy(block[:], sum[:])
	}
	for i := range block {
		block[i] ^= 0x36
	}
	inner := sha256.Sum256(append(append(make([]byte, 0, 320), block[:]...), data...))
	for i := range block {
		block[i] ^= 0x36 ^ 0x5c
	}
	return sha256.Sum256(append(append(make([]byte, 0, 96), block[:]...), inner[:]...))
}
