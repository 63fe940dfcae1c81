package xmlscan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/awshttp"
)

// plain returns the offset, at or after at, of the first byte that needs a closer look: a control
// character, a byte that is not ASCII, "<", "&" or "]". It returns len(Body) if there is none.
//
// It tests eight bytes at once. The expression x-ones&^x has the highest bit of a byte set where
// that byte of x is zero, and possibly, by a carry, in the bytes after the first such byte. So only
// the first bit that is set in found is reliable, and only that one is used.
func (s *Scanner) plain(at int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(s.Body); at += 8 {
		text := binary.LittleEndian.Uint64(s.Body[at:])
		tag, reference, bracket := text^'<'*ones, text^'&'*ones, text^']'*ones
		found := text | (text - ' '*ones) // not ASCII, or a control character
		found |= (tag-ones)&^tag | (reference-ones)&^reference | (bracket-ones)&^bracket
		if found &= high; found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for ; at < len(s.Body); at++ {
		if c := s.Body[at]; c < ' ' || c >= utf8.RuneSelf || c == '<' || c == '&' || c == ']' {
			break
		}
	}
	return at
}

// Plain reads text up to the next "<", "&", "]", control character or byte outside ASCII, and
// returns it.
func (s *Scanner) Plain() []byte {
	start := s.At
	s.At = s.plain(start)
	return s.Body[start:s.At]
}

// Chars reads text up to the next "<" and returns it, decoded. The text is valid until Body is
// changed or [Scanner.Forget] is called.
func (s *Scanner) Chars() []byte {
	start, own := s.At, len(s.own)
	for {
		from := s.At
		s.At = s.plain(from)
		stop := s.At == len(s.Body) || s.Body[s.At] == '<'
		if stop && from == start {
			return s.Body[start:s.At]
		}
		s.own = append(s.own, s.Body[from:s.At]...)
		if stop || s.Err != nil {
			return s.own[own:]
		}
		if bytes.HasPrefix(s.Body[s.At:], []byte("]]>")) {
			s.malformed(`"]]>" in text`)
		}
		s.charData()
	}
}

// cdata reads a CDATA section after its "<![CDATA[".
func (s *Scanner) cdata() []byte {
	own := len(s.own)
	for text := s.until("]]>"); len(text) > 0 && s.Err == nil; {
		text = text[s.character(text):]
	}
	return s.own[own:]
}

// charData reads a character or a reference to one, and appends the character to own.
func (s *Scanner) charData() {
	if s.peek() == '&' {
		s.At += s.reference(s.Body[s.At:])
	} else {
		s.At += s.character(s.Body[s.At:])
	}
}

// character appends the first character of text to own and returns its length in text. A line end
// becomes "\n" (XML 1.0, section 2.11).
func (s *Scanner) character(text []byte) int {
	r, n := utf8.DecodeRune(text)
	switch {
	case n == 0:
		s.malformed("unexpected EOF")
	case r == utf8.RuneError && n == 1:
		s.malformed("invalid UTF-8")
		n = 0
	case bytes.HasPrefix(text, []byte("\r\n")): // the "\n" is the next character
	case r == '\r':
		s.own = append(s.own, '\n')
	default:
		s.allowed(r)
		s.own = append(s.own, text[:n]...)
	}
	return n
}

// reference is like character, for text that begins with "&".
func (s *Scanner) reference(text []byte) int {
	name, _, found := bytes.Cut(text[1:], []byte(";"))
	var c rune
	switch string(name) {
	case "quot":
		c = '"'
	case "amp":
		c = '&'
	case "lt":
		c = '<'
	case "gt":
		c = '>'
	case "apos":
		c = '\''
	default:
		number, ok := number(name)
		c, found = number, found && ok
	}
	if !found {
		name = name[:min(len(name), 40)]
		s.malformed("invalid character entity &" + awshttp.Clean(string(name), 40))
		return 0
	}
	s.allowed(c)
	s.own = utf8.AppendRune(s.own, c) // U+FFFD for a surrogate, as in encoding/xml
	return len("&") + len(name) + len(";")
}

// number returns the character of a numeric reference without its "&" and ";": "#233" or "#xE9".
func number(name []byte) (c rune, ok bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := string(name[1:]), 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), err == nil && n <= unicode.MaxRune
}

// allowed fails if r is a character that XML documents must not contain (XML 1.0, section 2.2).
func (s *Scanner) allowed(r rune) {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		s.malformed(fmt.Sprintf("illegal character code %U", r))
	}
}
