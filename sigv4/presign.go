package sigv4

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Presign returns the URL of req with a signature in its query. Until it expires, whoever has the URL can make that one
// request without credentials: treat it as a secret.
//
// The request must be made as req says: with its method, and with every header that [Signer.Sign] would sign, with the
// same value. Content-Length is signed too if it is set in req.Header. For Amazon S3 the body may be any: to allow one
// only, set Content-Length to its size, or X-Amz-Checksum-Sha256 to its SHA-256 in base64. For other services the body
// of req is signed, and is read as Sign reads it; nothing else of req changes.
//
// expires is from 1 second to 7 days, counted from t; a fraction of a second is dropped. The URL holds the session token
// and dies with the credentials: where creds.Expires is set and earlier, Presign returns an error. For a URL that lives
// as long as they let it, pass min(expires, creds.Expires.Sub(t)).
//
// The scheme must be https, except for a loopback address. The host is that of req.Host if it is set. Browsers and most
// other programs remove the segments "." and ".." from a path before they send it, though Amazon S3 takes them as
// part of a key: net/http does not.
func (s *Signer) Presign(req *http.Request, creds Credentials, expires time.Duration, t time.Time) (string, error) {
	var r request
	query, headers, err := s.read(&r, nil, nil, req, &creds, t, true)
	if err != nil {
		return "", err
	}
	target, parseErr := url.Parse(r.url.Scheme + "://" + r.host)
	seconds := expires / time.Second
	end := t.Truncate(time.Second).Add(seconds * time.Second)
	switch {
	case parseErr != nil:
		return "", fmt.Errorf("sigv4: host %q cannot stand in a URL: use one such as \"example.com\" or \"[::1]:8080\"", r.host)
	case target.Scheme != "https" && !loopback(target.Hostname()):
		return "", fmt.Errorf("sigv4: a presigned URL of %s needs https: change the URL's scheme", r.host)
	case seconds < 1 || seconds > 7*24*60*60:
		return "", fmt.Errorf("sigv4: a presigned URL cannot expire after %v: use 1 second to 7 days (168h)", expires)
	case !creds.Expires.IsZero() && end.After(creds.Expires):
		return "", fmt.Errorf("sigv4: a presigned URL cannot last until %s with credentials that expire at %s: ask for %v at most, or get newer credentials first",
			end.UTC().Format(time.RFC3339), creds.Expires.UTC().Format(time.RFC3339), max(0, creds.Expires.Sub(t).Truncate(time.Second)))
	}
	if r.payloadHash = UnsignedPayload; !r.s3 {
		if r.payloadHash, err = resolvePayloadHash(req, ""); err != nil {
			return "", err
		}
	}

	signed := signedHeaders(nil, headers)
	scope := credentialScope(nil, r.date, s.Region, s.Service)
	sent := []byte(r.url.RawQuery)
	for _, p := range []pair{
		{"X-Amz-Algorithm", algorithm},
		{"X-Amz-Credential", creds.AccessKeyID + "/" + string(scope)},
		{"X-Amz-Date", r.date},
		{"X-Amz-Expires", strconv.FormatInt(int64(seconds), 10)},
		{"X-Amz-SignedHeaders", string(signed)},
		{"X-Amz-Security-Token", creds.SessionToken},
	} {
		if p.value != "" {
			p.value = string(appendEncoded(nil, p.value, false))
			query = insert(query, p)
			sent = appendAll(sent, "&", p.name, "=", p.value)
		}
	}
	canonical := canonicalRequest(nil, &r, query, headers, signed)
	sent = s.signature(append(sent, "&X-Amz-Signature="...), canonical, &creds, scope, r.date, t)
	return target.String() + cmp.Or(r.path, "/") + "?" + strings.TrimPrefix(string(sent), "&"), nil
}
