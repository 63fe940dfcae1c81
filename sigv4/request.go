package sigv4

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// request holds the parts of an HTTP request that are signed, apart from the query and the
// headers, in the form in which they are sent.
type request struct {
	method, date string
	url          *url.URL
	host, path   string
	s3           bool // whether the path is signed as it is
	presigned    bool // whether the signature is in the query
	payloadHash  string
	declared     string // X-Amz-Content-Sha256 if the caller has set it
}

// pair is an encoded parameter of the query, or a header with its name in lower case and its
// canonical value.
type pair struct{ name, value string }

// insert adds p to pairs that are sorted by name and then by value. The order differs from that of
// the joined texts, in which "a=" would follow "a-b=", because "=" is greater than "-".
func insert(sorted []pair, p pair) []pair {
	sorted = append(sorted, p)
	for i := len(sorted) - 1; i > 0; i-- {
		q := &sorted[i-1]
		if q.name < p.name || q.name == p.name && q.value <= p.value {
			break
		}
		sorted[i], *q = *q, p
	}
	return sorted
}

// readURL sets the fields of r that come from the URL of req and inserts the parameters of the
// query into query.
func (r *request) readURL(query []pair, req *http.Request) ([]pair, error) {
	u := req.URL
	switch {
	case u == nil || u.Scheme != "https" && u.Scheme != "http" &&
		u.Scheme != "wss" && u.Scheme != "ws":
		return nil, errors.New("sigv4: request URL has no scheme: use one with https://")
	case u.Opaque != "":
		return nil, errors.New("sigv4: request URL is opaque: set URL.Path, not URL.Opaque")
	case u.User != nil:
		return nil, errors.New("sigv4: request URL has a user name: net/http would send it")
	case u.Path != "" && u.Path[0] != '/':
		return nil, errors.New(`sigv4: path of the request URL does not begin with "/"`)
	}
	port := ":443"
	if u.Scheme == "http" || u.Scheme == "ws" {
		port = ":80"
	}
	r.host = strings.TrimSuffix(strings.ToLower(cmp.Or(req.Host, u.Host)), ":")
	r.host = strings.TrimSuffix(r.host, port)
	if !only(r.host, ":[]") {
		return nil, fmt.Errorf("sigv4: host %q is invalid: use ASCII (punycode)", r.host)
	}
	query, encoded := readQuery(query, u.RawQuery)
	for _, p := range query {
		switch strings.ToLower(p.name) {
		case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires",
			"x-amz-signedheaders", "x-amz-signature", "x-amz-security-token":
			return nil, fmt.Errorf("sigv4: query already has %s: sign an unsigned clone", p.name)
		}
	}
	escaped := u.EscapedPath()
	r.url, r.path = u, escaped
	if r.s3 {
		r.path = string(appendEncoded(make([]byte, 0, 256), u.Path, true))
	}
	if encoded != u.RawQuery || r.path != escaped {
		c := *u
		c.RawQuery, c.RawPath = encoded, r.path
		r.url = &c
	}
	return query, nil
}

// readHeader inserts the headers that are signed into sorted. It returns an error for headers
// that only a signer sets. It leaves out those that proxies and clients may change, which AWS's
// SDKs do not sign: SIGNED_HEADERS_BLACKLIST in botocore's auth.py and ALWAYS_UNSIGNABLE_HEADERS
// in Smithy's signature-v4, except Cache-Control, which Amazon S3 stores with an object.
func (r *request) readHeader(sorted []pair, header http.Header) ([]pair, error) {
	for name, values := range header {
		if len(values) == 0 {
			continue // net/http does not send it
		}
		if !only(name, tokenChars) {
			return nil, fmt.Errorf("sigv4: header name %q is invalid", name)
		}
		for _, v := range values {
			for i := range len(v) {
				if v[i] < ' ' && v[i] != '\t' || v[i] == 0x7f {
					return nil, fmt.Errorf("sigv4: header %s has a control character", name)
				}
			}
		}
		lower := strings.ToLower(name)
		switch lower {
		case "authorization", "x-amz-date", "x-amz-security-token":
			return nil, fmt.Errorf("sigv4: header %s is already set: sign an unsigned clone", name)
		case "host":
			return nil, errors.New("sigv4: header Host is set: set Request.Host instead")
		case "content-length":
			if !r.presigned {
				continue
			}
		case "x-amz-content-sha256":
			r.declared = cmp.Or(canonicalValue(values), "empty")
		case "accept-encoding", "connection", "expect", "forwarded", "from", "keep-alive",
			"max-forwards", "pragma", "referer", "te", "trailer", "transfer-encoding", "upgrade",
			"user-agent", "via", "x-amzn-trace-id":
			continue
		}
		if strings.HasPrefix(lower, "proxy-") || strings.HasPrefix(lower, "sec-") ||
			strings.HasPrefix(lower, "x-forwarded-") {
			continue
		}
		for _, h := range sorted {
			if h.name == lower {
				return nil, fmt.Errorf("sigv4: header %s has two spellings: use one", name)
			}
		}
		sorted = insert(sorted, pair{lower, canonicalValue(values)})
	}
	return sorted, nil
}
