package sigv4

import (
	"strconv"
	"strings"
)

// unreserved reports whether c is an unreserved character (RFC 3986 section 2.3). All other bytes
// are signed and sent as %XX with upper-case digits. net/url encodes fewer of them, and writes a
// space in a query as "+".
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// tokenChars holds the characters that are not unreserved but valid in a method or in a header
// name (token in RFC 9110 section 5.6.2).
const tokenChars = "!#$%&'*+^`|"

// only reports whether s is not empty and has only unreserved characters and those in others.
func only(s, others string) bool {
	for i := range len(s) {
		if !unreserved(s[i]) && strings.IndexByte(others, s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

const upperHex = "0123456789ABCDEF"

// appendEncoded appends UriEncode(s) of the AWS documentation.
func appendEncoded(dst []byte, s string, keepSlash bool) []byte {
	for i := range len(s) {
		if c := s[i]; unreserved(c) || c == '/' && keepSlash {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// encoded reports whether s begins with the two digits that appendEncoded writes for a byte.
func encoded(s string) bool {
	if len(s) < 2 {
		return false
	}
	high, low := strings.IndexByte(upperHex, s[0]), strings.IndexByte(upperHex, s[1])
	return high >= 0 && low >= 0 && !unreserved(byte(high<<4|low))
}

// readQuery inserts the parameters of query into sorted, encoded, and returns them with the
// encoded query. Most queries are encoded and take one pass without a copy.
func readQuery(sorted []pair, query string) ([]pair, string) {
	name, value := 0, 0 // where they begin; value is 0 before the first "="
	for i := 0; i <= len(query); i++ {
		switch {
		case i < len(query) && unreserved(query[i]):
		case i == len(query) || query[i] == '&':
			if value > 0 {
				sorted = insert(sorted, pair{query[name : value-1], query[value:i]})
			} else if i > name { // otherwise it is empty, as in "a=1&&b=2"
				sorted = insert(sorted, pair{query[name:i], ""})
			}
			name, value = i+1, 0
		case query[i] == '=' && value == 0:
			value = i + 1
		case query[i] == '%' && encoded(query[i+1:]):
			i += 2
		default:
			return readQuery(sorted[:0], encodeQuery(query))
		}
	}
	return sorted, query
}

// encodeQuery decodes each name and value of query and encodes it again. A "%" without two
// hexadecimal digits is a literal one. A "+" is a space, as in all queries that Go encodes.
// Services disagree about the meaning of "+" in a signature, so that the result never has one.
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
			if n, err := strconv.ParseUint(query[i+1:i+3], 16, 8); err == nil {
				c = byte(n)
				i += 2
			}
		}
		dst = appendEncoded(dst, string([]byte{c}), false)
	}
	return string(dst)
}

// canonicalValue returns the values of a header, joined with ",". In each value, it removes
// leading and trailing white space and replaces each other run of white space by one space.
func canonicalValue(values []string) string {
	if v := values[0]; len(values) == 1 &&
		strings.IndexByte(v, ' ') < 0 && strings.IndexByte(v, '\t') < 0 {
		return v
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		words := strings.FieldsFunc(v, func(c rune) bool { return c == ' ' || c == '\t' })
		trimmed[i] = strings.Join(words, " ")
	}
	return strings.Join(trimmed, ",")
}

func appendAll(dst []byte, parts ...string) []byte {
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return dst
}
