package sigv4

import (
	"cmp"
	"strconv"
)

// unreserved reports whether c is written as it is in a path or a query (RFC 3986 section 2.3). Everything else is
// %XX with upper-case digits; net/url leaves more as it is, and writes a space in a query as "+".
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// appendEncoded is UriEncode of the AWS documentation.
func appendEncoded(dst []byte, s string, keepSlash bool) []byte {
	for i := range len(s) {
		dst = appendEncodedByte(dst, s[i], keepSlash)
	}
	return dst
}

func appendEncodedByte(dst []byte, c byte, keepSlash bool) []byte {
	if unreserved(c) || c == '/' && keepSlash {
		return append(dst, c)
	}
	const digits = "0123456789ABCDEF"
	return append(dst, '%', digits[c>>4], digits[c&15])
}

// encodePath returns a decoded path with each of its segments encoded.
func encodePath(path string) string {
	if dst := appendEncoded(make([]byte, 0, 512), path, true); string(dst) != path {
		return string(dst)
	}
	return path
}

// encodeQuery returns query, parameters in the same order, with each name and value decoded and encoded again. A "%"
// without two hexadecimal digits stands for itself, and so does a "+".
func encodeQuery(query string) string {
	dst := make([]byte, 0, 512)
	inName := true
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case c == '&':
			dst, inName = append(dst, c), true
			continue
		case c == '=' && inName:
			dst, inName = append(dst, c), false
			continue
		case c == '%' && i+2 < len(query):
			if decoded, err := strconv.ParseUint(query[i+1:i+3], 16, 8); err == nil {
				c = byte(decoded)
				i += 2
			}
		}
		dst = appendEncodedByte(dst, c, false)
	}
	if string(dst) != query {
		return string(dst)
	}
	return query
}

// appendTrimmed appends a header value without white space around it and with one space for each run inside.
func appendTrimmed(dst []byte, value string) []byte {
	start, word := len(dst), 0
	for i := 0; i <= len(value); i++ {
		if i < len(value) && !space(value[i]) {
			continue
		}
		if word < i {
			if len(dst) > start {
				dst = append(dst, ' ')
			}
			dst = append(dst, value[word:i]...)
		}
		word = i + 1
	}
	return dst
}

func space(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, lower(s[i]))
	}
	return dst
}

// compareFold compares header names as if both were in lower case.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lower(a[i]), lower(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
