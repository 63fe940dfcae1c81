package main

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/bench/internal/child"
	"github.com/loginwithcognito/cognito/sigv4"
)

// canonicalBytes returns as many bytes as the canonical request of a kind of request has. It counts
// the parts that the AWS documentation lists ("Create a signed AWS API request"): the method, the
// path, the query, a line for each header, the names of the headers, and the hash of the body.
func canonicalBytes(kind string) []byte {
	req := newRequest(kind)
	signer := sigv4.Signer{Region: child.Region, Service: service}
	signer.Sign(req, sigv4.Credentials{
		AccessKeyID:     child.AccessKeyID,
		SecretAccessKey: child.SecretAccessKey,
		SessionToken:    child.SessionToken(),
	}, "", time.Now())
	authorization := req.Header.Get("Authorization")
	_, names, _ := strings.Cut(authorization, "SignedHeaders=")
	names, _, _ = strings.Cut(names, ",")
	n := len(req.Method) + len("\n/\n\n\n\n") + len(req.URL.RawQuery) + len(names) +
		len(emptyHash) + len("host:\n") + len(req.Host)
	for name, values := range req.Header {
		if name != "Authorization" {
			n += len(name) + len(values[0]) + len(":\n")
		}
	}
	return make([]byte, n)
}

// hashing does the part of signing that every signer needs: a hash of the body, if there is one, a
// hash of the canonical request, four HMACs to derive the key unless it is cached, and an HMAC of
// the string to sign.
func hashing(canonical []byte, body, derive bool, secret string) [sha256.Size]byte {
	if body {
		sha256.Sum256(document)
	}
	hash := sha256.Sum256(canonical)
	var key [sha256.Size]byte
	if derive {
		var first [sha256.BlockSize]byte
		n := copy(first[:], "AWS4")
		n += copy(first[n:], secret)
		key = hmac256(first[:n], []byte("20260102"))
		key = hmac256(key[:], []byte(child.Region))
		key = hmac256(key[:], []byte(service))
		key = hmac256(key[:], []byte("aws4_request"))
	}
	// The string to sign has about 135 bytes: the algorithm, the time, the scope and the hash in
	// hexadecimal.
	var toSign [160]byte
	copy(toSign[:], hash[:])
	return hmac256(key[:], toSign[:135])
}

// hmac256 returns the HMAC-SHA-256 (RFC 2104) of a key of at most 64 bytes and a message of at most
// 192. Unlike crypto/hmac, it does not allocate.
func hmac256(key, message []byte) [sha256.Size]byte {
	var inner [sha256.BlockSize + 192]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range sha256.BlockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	n := sha256.BlockSize + copy(inner[sha256.BlockSize:], message)
	sum := sha256.Sum256(inner[:n])
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}
