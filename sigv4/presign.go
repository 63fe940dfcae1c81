package sigv4

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Presign returns the URL of req with a signature in its query ("Authenticating Requests: Using
// Query Parameters" in the Amazon S3 API Reference). Until the URL expires, it allows its holder
// to make the request without credentials. Keep it as secret as a password.
//
// The request must be made with the method of req and with each header that [Signer.Sign] would
// sign, with the same value. If req.Header has Content-Length, it is signed too.
//
// For Amazon S3, the signature does not cover the body. To allow one body only, set the header
// Content-Length or X-Amz-Checksum-Sha256, which is the SHA-256 in base64. For other services, the
// signature covers the body of req, which Presign reads as Sign does. Presign changes nothing else
// in req. If it requires X-Amz-Content-Sha256 (see [Signer.Service]) and req has none, the request
// must be made with that header, too.
//
// expires is counted from t and is between 1 second and 7 days. Fractions of a second are dropped.
// The URL holds the session token and expires with the credentials, so that an expiry after
// creds.Expires is an error. For a URL that is valid for as long as possible, pass
// min(expires, creds.Expires.Sub(t)).
//
// The scheme must be https or wss unless the host is a loopback address. The host is req.Host, if
// that is set. Amazon S3 allows the segments "." and ".." in a key, but browsers and most programs
// remove them from a URL before they send the request. net/http does not.
func (s *Signer) Presign(
	req *http.Request, creds Credentials, expires time.Duration, t time.Time,
) (string, error) {
	r := request{presigned: true}
	query, headers, err := s.read(&r, nil, nil, req, &creds, t)
	if err != nil {
		return "", err
	}
	target, parseErr := url.Parse(r.url.Scheme + "://" + r.host)
	seconds := expires / time.Second
	end := t.Truncate(time.Second).Add(seconds * time.Second)
	switch {
	case parseErr != nil:
		return "", fmt.Errorf("sigv4: host %q is invalid in a URL", r.host)
	case !secure(target):
		return "", fmt.Errorf("sigv4: presigned URL for %s needs the scheme https", r.host)
	case seconds < 1 || seconds > 7*24*60*60:
		return "", fmt.Errorf("sigv4: presigned URL cannot expire after %v: "+
			"use 1 second to 7 days (168h)", expires)
	case !creds.Expires.IsZero() && end.After(creds.Expires):
		return "", fmt.Errorf("sigv4: presigned URL would outlive its credentials, which expire "+
			"at %s: use at most %v or newer credentials", creds.Expires.UTC().Format(time.RFC3339),
			max(0, creds.Expires.Sub(t).Truncate(time.Second)))
	}
	sendHash, err := s.resolvePayloadHash(&r, req, "")
	if err != nil {
		return "", err
	}
	if sendHash {
		headers = insert(headers, pair{"x-amz-content-sha256", r.payloadHash})
	}

	token := creds.SessionToken
	if s.OmitSessionToken {
		token = ""
	}
	signed := signedHeaders(nil, headers)
	scope := credentialScope(nil, r.date, s.Region, s.Service)
	sent := []byte(r.url.RawQuery)
	for _, p := range []pair{
		{"X-Amz-Algorithm", algorithm},
		{"X-Amz-Credential", creds.AccessKeyID + "/" + string(scope)},
		{"X-Amz-Date", r.date},
		{"X-Amz-Expires", strconv.Itoa(int(seconds))},
		{"X-Amz-SignedHeaders", string(signed)},
		{"X-Amz-Security-Token", token},
	} {
		if p.value != "" {
			p.value = string(appendEncoded(nil, p.value, false))
			query = insert(query, p)
			sent = appendAll(sent, "&", p.name, "=", p.value)
		}
	}
	sent = append(sent, "&X-Amz-Signature="...)
	sent = s.signature(sent, &r, query, headers, signed, scope, &creds, t)
	if token != creds.SessionToken {
		sent = appendEncoded(append(sent, "&X-Amz-Security-Token="...), creds.SessionToken, false)
	}
	sent = bytes.TrimPrefix(sent, []byte("&")) // if req has no query
	return target.String() + cmp.Or(r.path, "/") + "?" + string(sent), nil
}
