package sigv4

import (
	"encoding/hex"
	"strings"
)

// unreserved reports whether c is written as it is in a path or a query (RFC 3986 section 2.3). Everything else is
// %XX with upper-case digits; net/url leaves more as it is, and writes a space in a query as "+".
func unreserved(c byte) bool {
	const digits, letters = 1<<10 - 1, 1<<26 - 1 // a bit for each; a shift by 64 or more leaves none
	const low uint64 = 1<<'-' | 1<<'.' | digits<<'0'
	const high uint64 = letters<<('A'-64) | letters<<('a'-64) | 1<<('_'-64) | 1<<('~'-64)
	return (low>>c|high>>(c-64))&1 != 0
}

// token is what may stand in a method or in the name of a header besides unreserved characters (RFC 9110 section 5.6.2).
const token = "!#$%&'*+^`|"

// only reports whether s has unreserved characters and those in others only, and is not empty.
func only(s, others string) bool {
	for i := range len(s) {
		if !unreserved(s[i]) && strings.IndexByte(others, s[i]) < 0 {
			return false
		}
	}
	return s != ""
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

// encodeQuery returns query, parameters in the same order, with each name and value decoded and encoded again. A "%"
// without two hexadecimal digits stands for itself. A "+" is a space, as in all queries made by Go: what one means to
// a signature is not the same everywhere, so that none is ever sent.
func encodeQuery(query string) string {
	dst := make([]byte, 0, 512)
	inName := true
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case unreserved(c) || c == '=' && inName || c == '&':
			dst = append(dst, c)
			inName = c == '&' || inName && c != '='
			continue
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(query):
			var decoded [1]byte
			if _, err := hex.Decode(decoded[:], []byte(query[i+1:i+3])); err == nil {
				c = decoded[0]
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

// canonicalValue returns the values of a header joined with ",", each without white space around it and with one space
// for each run inside.
func canonicalValue(values []string) string {
	if len(values) == 1 && strings.IndexByte(values[0], ' ') < 0 && strings.IndexByte(values[0], '\t') < 0 {
		return values[0]
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Join(strings.FieldsFunc(v, func(c rune) bool { return c == ' ' || c == '\t' }), " ")
	}
	return strings.Join(trimmed, ",")
}

func appendAll(dst []byte, parts ...string) []byte {
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return dst
}
