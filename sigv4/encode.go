package sigv4

import (
	"encoding/hex"
	"strings"
)

// unreserved reports whether c is written as it is in a path or a query (RFC 3986 section 2.3). Everything else is
// %XX with upper-case digits; net/url leaves more as it is, and writes a space in a query as "+".
func unreserved(c byte) bool { return unreservedSet[c/64]>>(c%64)&1 != 0 }

// unreservedSet has a bit for each byte.
var unreservedSet = [4]uint64{
	1<<'-' | 1<<'.' | (1<<10-1)<<'0',
	1<<('_'-64) | 1<<('~'-64) | (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64),
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

const upperHex = "0123456789ABCDEF"

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
	return append(dst, '%', upperHex[c>>4], upperHex[c&15])
}

// readQuery inserts the parameters of query, encoded, and returns query with each name and value decoded and encoded
// again, in the same order. Most are in that form already and are read once.
func readQuery(sorted []pair, query string) ([]pair, string) {
	name, value := 0, 0 // where they begin
	for i := 0; i <= len(query); i++ {
		switch {
		case i < len(query) && unreserved(query[i]):
		case i == len(query) || query[i] == '&':
			switch {
			case value > name:
				sorted = insert(sorted, pair{query[name : value-1], query[value:i]})
			case i > name: // not as in "a=1&&b=2"
				sorted = insert(sorted, pair{query[name:i], ""})
			}
			name, value = i+1, 0
		case query[i] == '=' && value == 0:
			value = i + 1
		case query[i] == '%' && encodedAlready(query[i+1:]):
			i += 2
		default:
			return readQuery(sorted[:0], encodeQuery(query))
		}
	}
	return sorted, query
}

// encodedAlready reports whether s begins with the digits of a byte that appendEncodedByte would write so.
func encodedAlready(s string) bool {
	if len(s) < 2 {
		return false
	}
	high, low := strings.IndexByte(upperHex, s[0]), strings.IndexByte(upperHex, s[1])
	return high >= 0 && low >= 0 && !unreserved(byte(high<<4|low))
}

// encodeQuery decodes each name and value and encodes it again. A "%" without two hexadecimal digits stands for itself.
// A "+" is a space, as in all queries made by Go: what one means to a signature is not the same everywhere, so that none
// is ever sent.
func encodeQuery(query string) string {
	dst := make([]byte, 0, 512)
	inName := true
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case c == '=' && inName || c == '&':
			dst = append(dst, c)
			inName = c == '&'
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
	return string(dst)
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
