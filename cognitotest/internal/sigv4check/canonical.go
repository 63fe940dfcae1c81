package sigv4check

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// canonicalRequest returns the text whose hash is signed ("Task 1: Create a canonical request").
func (c *check) canonicalRequest() string {
	var headers strings.Builder
	for _, name := range c.signed {
		values := c.headers[name]
		if values == nil {
			continue // The header is missing. Without its line the signature will not match.
		}
		var trimmed []string
		for _, value := range values {
			words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' })
			trimmed = append(trimmed, strings.Join(words, " "))
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.Join(trimmed, ","))
	}
	return strings.Join([]string{
		c.method,
		c.canonicalPath(),
		c.canonicalQuery(),
		headers.String(),
		strings.Join(c.signed, ";"),
		c.payload,
	}, "\n")
}

// canonicalPath returns the path as the service canonicalizes it. S3 percent-encodes each segment
// once and normalizes nothing, because "//" and ".." are valid keys. All other services remove dot
// segments and empty segments, and encode the escaped path again.
func (c *check) canonicalPath() string {
	var segments []string
	for segment := range strings.SplitSeq(c.path, "/") {
		switch {
		case c.Service == "s3":
			if plain, err := url.PathUnescape(segment); err == nil {
				segment = plain
			}
			segments = append(segments, encode(segment))
		case segment == "..":
			segments = segments[:max(len(segments)-1, 0)]
		case segment != "" && segment != ".":
			segments = append(segments, encode(segment))
		}
	}
	path := strings.Join(segments, "/")
	if c.Service == "s3" && path != "" {
		return path
	}
	if path != "" && strings.HasSuffix(c.path, "/") {
		path += "/"
	}
	return "/" + path
}

// canonicalQuery returns the encoded parameters except the signature, sorted by encoded name and
// then by encoded value.
func (c *check) canonicalQuery() string {
	var encoded []string
	for _, p := range c.query {
		if p.name != "X-Amz-Signature" {
			// A space sorts before every character of an encoded name, and "=" does not.
			encoded = append(encoded, encode(p.name)+" "+encode(p.value))
		}
	}
	slices.Sort(encoded)
	return strings.ReplaceAll(strings.Join(encoded, "&"), " ", "=")
}

// encode is UriEncode of the documentation. It escapes every byte except the unreserved characters
// of RFC 3986 section 2.3.
func encode(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
			strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
