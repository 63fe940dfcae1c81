package sigv4

import (
	"cmp"
	"strings"
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
	for i := range len(path) {
		if !unreserved(path[i]) && path[i] != '/' {
			return string(appendEncoded(make([]byte, 0, len(path)+len(path)/2), path, true))
		}
	}
	return path
}

// encodeQuery returns query, parameters in the same order, with each name and value decoded and encoded again. A "%"
// without two hexadecimal digits stands for itself, and so does a "+".
func encodeQuery(query string) string {
	if queryEncoded(query) {
		return query
	}
	dst := make([]byte, 0, len(query)+len(query)/2)
	inName := true
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c == '&':
			dst, inName = append(dst, c), true
		case c == '=' && inName:
			dst, inName = append(dst, c), false
		case c == '%' && escape(query[i:]):
			dst = appendEncodedByte(dst, unhex(query[i+1])<<4|unhex(query[i+2]), false)
			i += 2
		default:
			dst = appendEncodedByte(dst, c, false)
		}
	}
	return string(dst)
}

// queryEncoded reports whether encodeQuery would return query as it is.
func queryEncoded(query string) bool {
	inName := true
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c == '&':
			inName = true
		case c == '=' && inName:
			inName = false
		case c == '%' && escape(query[i:]):
			if strings.ToUpper(query[i:i+3]) != query[i:i+3] || unreserved(unhex(query[i+1])<<4|unhex(query[i+2])) {
				return false
			}
			i += 2
		case !unreserved(c):
			return false
		}
	}
	return true
}

// escape reports whether s begins with "%" and two hexadecimal digits.
func escape(s string) bool {
	return len(s) >= 3 && s[0] == '%' && unhex(s[1]) < 16 && unhex(s[2]) < 16
}

// unhex returns the value of a hexadecimal digit, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// appendTrimmed appends a header value without white space around it and with one space for each run inside.
func appendTrimmed(dst []byte, value string) []byte {
	start, space := len(dst), false
	for i := range len(value) {
		switch c := value[i]; c {
		case ' ', '\t', '\n', '\v', '\f', '\r':
			space = true
		default:
			if space && len(dst) > start {
				dst = append(dst, ' ')
			}
			dst, space = append(dst, c), false
		}
	}
	return dst
}

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
