package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"
)

// cachedKey is a signing key with the values from which it was derived. It is immutable.
type cachedKey struct {
	scope  string
	secret [sha256.Size]byte // SHA-256 of the secret access key
	key    [sha256.Size]byte
}

// signingKey returns the signing key for a credential scope. It uses the cached key if that was
// derived from the same values. It does not cache keys of expired credentials.
func (s *Signer) signingKey(creds *Credentials, scope []byte, t time.Time) [sha256.Size]byte {
	secret := sha256.Sum256(append(make([]byte, 0, 128), creds.SecretAccessKey...))
	expired := !creds.Expires.IsZero() && !t.Before(creds.Expires)
	c := s.key.Load()
	if c != nil && !expired && c.scope == string(scope) &&
		subtle.ConstantTimeCompare(c.secret[:], secret[:]) == 1 {
		return c.key
	}
	day := string(scope[:len("20060102")])
	key := signingKey(creds.SecretAccessKey, day, s.Region, s.Service)
	var cached *cachedKey
	if !expired {
		cached = &cachedKey{string(scope), secret, key}
	}
	s.key.Store(cached)
	return key
}

// signingKey derives the signing key ("Create a signed AWS API request", step 4). It must be kept
// as secret as the secret access key.
func signingKey(secretAccessKey, day, region, service string) [sha256.Size]byte {
	secret := append(append(make([]byte, 0, 128), "AWS4"...), secretAccessKey...)
	key := hmacSHA256(secret, []byte(day))
	key = hmacSHA256(key[:], []byte(region))
	key = hmacSHA256(key[:], []byte(service))
	return hmacSHA256(key[:], []byte("aws4_request"))
}

// hmacSHA256 returns the HMAC of data (RFC 2104 section 2) with SHA-256. Keys and data are short
// here, so that both hashes can run over buffers on the stack. That takes half the time of
// crypto/hmac and does not allocate.
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

// ipad and opad are 64 times the bytes 0x36 and 0x5c (RFC 2104 section 2).
const (
	ipad = "6666666666666666666666666666666666666666666666666666666666666666"
	opad = `\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\`
)
