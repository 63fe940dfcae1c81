package sigv4

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxBuffered is how much of a body that cannot be read twice is kept in memory to be hashed.
const maxBuffered = 16 << 20

// wireTarget returns the URL and the Host header as they are to be sent. Neither req nor its URL is changed.
func wireTarget(req *http.Request, s3 bool) (*url.URL, string, error) {
	u := req.URL
	switch {
	case u == nil || u.Scheme != "https" && u.Scheme != "http":
		return nil, "", errors.New("sigv4: the request's URL has no scheme: use a whole URL that begins with https://")
	case u.Opaque != "":
		return nil, "", errors.New("sigv4: the request's URL is opaque: set URL.Path instead of URL.Opaque")
	case u.User != nil:
		return nil, "", errors.New("sigv4: the request's URL holds a user name, which net/http would send as Authorization: remove it")
	case u.Path != "" && u.Path[0] != '/':
		return nil, "", errors.New("sigv4: the path of the request's URL does not begin with \"/\": add it")
	}
	port := ":443"
	if u.Scheme == "http" {
		port = ":80"
	}
	host := strings.TrimSuffix(strings.ToLower(cmp.Or(req.Host, u.Host)), ":")
	host = strings.TrimSuffix(host, port)
	if host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]") != "" {
		return nil, "", fmt.Errorf("sigv4: host %q cannot be sent as it is: use ASCII letters, digits and \".-_\" (punycode for others)", host)
	}

	// In a query that was made by Go, "+" is a space. As to what it means to a signature, implementations differ: so it
	// is never sent.
	query := encodeQuery(strings.ReplaceAll(u.RawQuery, "+", "%20"))
	for parameter := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(parameter, "=")
		switch strings.ToLower(name) {
		case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature", "x-amz-security-token":
			return nil, "", fmt.Errorf("sigv4: the query has %s already: sign a clone of the request without a signature", name)
		}
	}
	path := u.EscapedPath()
	if s3 {
		path = encodePath(u.Path)
	}
	if query != u.RawQuery || path != u.EscapedPath() {
		c := *u
		c.RawQuery, c.RawPath = query, path
		u = &c
	}
	return u, host, nil
}

// signable appends the headers of h that are signed to dst, and refuses those that only a signer may set.
func signable(dst []field, h http.Header) ([]field, error) {
	for name, values := range h {
		if len(values) == 0 {
			continue // net/http sends nothing
		}
		if !token(name) {
			return nil, fmt.Errorf("sigv4: %q is not a header name: remove it", name)
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				return nil, fmt.Errorf("sigv4: header %s holds a control character: remove it", name)
			}
		}
		var buffer [64]byte
		switch string(appendLower(buffer[:0], name)) {
		case "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token":
			return nil, fmt.Errorf("sigv4: header %s is set already: sign a clone of the request without a signature", name)
		case "host":
			return nil, errors.New("sigv4: header Host is set, which net/http does not send: set Request.Host")
		case "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
			"transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id", "content-length":
			continue
		}
		for _, f := range dst {
			if strings.EqualFold(f.name, name) {
				return nil, fmt.Errorf("sigv4: header %s is set under two spellings, whose order is not known: use one", name)
			}
		}
		dst = append(dst, field{name, values})
	}
	return dst, nil
}

// token reports whether s is a token of RFC 9110 section 5.6.2: the text of a method or of a header name.
func token(s string) bool {
	for i := range len(s) {
		if c := lower(s[i]); (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.Contains("!#$%&'*+-.^_`|~", string(rune(c))) {
			return false
		}
	}
	return s != ""
}

// resolvePayloadHash returns the last line of the canonical request.
func resolvePayloadHash(req *http.Request, given string) (string, error) {
	switch {
	case given == UnsignedPayload && req.URL.Scheme != "https":
		return "", errors.New("sigv4: UnsignedPayload over plain http would protect the body from nobody: use https, or pass the hash")
	case given == UnsignedPayload:
		return given, nil
	case given != "" && (len(given) != 64 || strings.Trim(given, "0123456789abcdef") != ""):
		return "", errors.New("sigv4: the payload hash is not 64 lower-case hexadecimal digits: pass hex.EncodeToString of the SHA-256, or \"\"")
	case given != "":
		return given, nil
	case req.Body == nil || req.Body == http.NoBody:
		return emptySHA256, nil
	}
	hash := sha256.New()
	n, err := copyBody(hash, req)
	if err != nil {
		return "", err
	}
	if req.ContentLength > 0 && req.ContentLength != n {
		return "", fmt.Errorf("sigv4: the body has %d bytes and Request.ContentLength says %d: correct it", n, req.ContentLength)
	}
	req.ContentLength = n // where it was unknown: Amazon S3 takes no chunked transfer coding
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// copyBody writes the body to w and leaves it as it was, to be sent.
func copyBody(w io.Writer, req *http.Request) (int64, error) {
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return 0, fmt.Errorf("sigv4: getting the body to hash it: %w", err)
		}
		defer body.Close()
		return copyAll(w, body)
	}
	if seeker, ok := req.Body.(io.Seeker); ok {
		start, err := seeker.Seek(0, io.SeekCurrent)
		if err == nil {
			n, err := copyAll(w, req.Body)
			if _, e := seeker.Seek(start, io.SeekStart); err == nil && e != nil {
				err = fmt.Errorf("sigv4: rewinding the body after hashing it: %w", e)
			}
			return n, err
		}
		// A pipe is an os.File too and cannot seek.
	}
	var buffer bytes.Buffer
	n, err := copyAll(&buffer, io.LimitReader(req.Body, maxBuffered+1))
	if err == nil && n > maxBuffered {
		err = errors.New("sigv4: the body is above 16 MiB and cannot be read twice: set Request.GetBody, or use an io.ReadSeeker such as an os.File, or pass its hash or UnsignedPayload")
	}
	rest := req.Body
	if err != nil {
		// Nothing is lost: what was read comes first again.
		req.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(&buffer, rest), rest}
		return n, err
	}
	rest.Close()
	data := buffer.Bytes()
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	req.Body, _ = req.GetBody()
	w.Write(data)
	return n, nil
}

func copyAll(w io.Writer, r io.Reader) (int64, error) {
	n, err := io.Copy(w, r)
	if err != nil {
		err = fmt.Errorf("sigv4: reading the body to hash it: %w", err)
	}
	return n, err
}
