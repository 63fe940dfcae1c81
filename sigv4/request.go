package sigv4

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// request is what is signed of an HTTP request besides its query and its headers, as it will be sent.
type request struct {
	method, date string
	url          *url.URL
	host, path   string
	s3           bool // the path is signed as it is
	payloadHash  string
}

// pair is a parameter of the query, encoded, or a header: its name in lower case and its canonical value.
type pair struct{ name, value string }

// insert keeps pairs sorted by name and then by value. Names are compared alone: as text, "a=" would come after "a-b=",
// since '=' is greater than '-'.
func insert(sorted []pair, p pair) []pair {
	sorted = append(sorted, p)
	for i := len(sorted) - 1; i > 0 && (p.name < sorted[i-1].name || p.name == sorted[i-1].name && p.value < sorted[i-1].value); i-- {
		sorted[i-1], sorted[i] = p, sorted[i-1]
	}
	return sorted
}

// readURL sets the fields that come from the URL, and inserts into query its parameters.
func (r *request) readURL(query []pair, req *http.Request) ([]pair, error) {
	u := req.URL
	switch {
	case u == nil || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("sigv4: the request's URL has no scheme: use a whole URL that begins with https://")
	case u.Opaque != "":
		return nil, errors.New("sigv4: the request's URL is opaque: set URL.Path instead of URL.Opaque")
	case u.User != nil:
		return nil, errors.New("sigv4: the request's URL holds a user name, which net/http would send as Authorization: remove it")
	case u.Path != "" && u.Path[0] != '/':
		return nil, errors.New("sigv4: the path of the request's URL does not begin with \"/\": add it")
	}
	port := ":443"
	if u.Scheme == "http" {
		port = ":80"
	}
	r.host = strings.TrimSuffix(strings.ToLower(cmp.Or(req.Host, u.Host)), ":")
	r.host = strings.TrimSuffix(r.host, port)
	if !only(r.host, ":[]") {
		return nil, fmt.Errorf("sigv4: host %q cannot be sent as it is: use ASCII letters, digits and \".-_\" (punycode for others)", r.host)
	}
	query, encoded := readQuery(query, u.RawQuery)
	for _, p := range query {
		if len(p.name) > 6 && strings.EqualFold(p.name[:6], "x-amz-") {
			switch strings.ToLower(p.name[6:]) {
			case "algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token":
				return nil, fmt.Errorf("sigv4: the query has %s already: sign a clone of the request without a signature", p.name)
			}
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

// appendHeader inserts the headers that are signed, and refuses those that only a signer may set.
func appendHeader(sorted []pair, header http.Header, presign bool) ([]pair, error) {
	for name, values := range header {
		if len(values) == 0 {
			continue // net/http sends nothing
		}
		if !only(name, token) {
			return nil, fmt.Errorf("sigv4: %q is not a header name: remove it", name)
		}
		for _, v := range values {
			for i := range len(v) {
				if v[i] < ' ' && v[i] != '\t' || v[i] == 0x7f {
					return nil, fmt.Errorf("sigv4: header %s holds a control character: remove it", name)
				}
			}
		}
		lower := strings.ToLower(name)
		switch lower {
		case "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token":
			return nil, fmt.Errorf("sigv4: header %s is set already: sign a clone of the request without a signature", name)
		case "host":
			return nil, errors.New("sigv4: header Host is set, which net/http does not send: set Request.Host")
		case "content-length":
			if !presign {
				continue
			}
		case "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
			"transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id":
			continue
		}
		for _, h := range sorted {
			if h.name == lower {
				return nil, fmt.Errorf("sigv4: header %s is set under two spellings, whose order is not known: use one", name)
			}
		}
		sorted = insert(sorted, pair{lower, canonicalValue(values)})
	}
	return sorted, nil
}
