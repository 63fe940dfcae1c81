package xmlscan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode"
	"unicode/utf8"

	transport "github.com/loginwithcognito/cognito/internal/awshttp"
)

// plain is the first place from at on where text has to be looked at more closely, or the end: control characters, what
// is not ASCII, "<", "&" and "]". It looks at eight bytes at once. A byte's highest bit is set in found if it is one of
// these, and, by a carry, perhaps in bytes behind the first of them; x-ones&^x has it where a byte of x is zero.
func (s *Scanner) plain(at int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(s.Body); at += 8 {
		text := binary.LittleEndian.Uint64(s.Body[at:])
		tag, reference, bracket := text^'<'*ones, text^'&'*ones, text^']'*ones
		found := text | (text - ' '*ones) | (tag-ones)&^tag | (reference-ones)&^reference | (bracket-ones)&^bracket
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

// Plain reads text as far as it stands in Body as it is meant.
func (s *Scanner) Plain() []byte {
	start := s.At
	s.At = s.plain(start)
	return s.Body[start:s.At]
}

// Chars reads text up to the next "<". What it returns is in Body as it stands, or at the end of own.
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
			s.fail(`"]]>" in text`)
		}
		s.character()
	}
}

// value passes over the value of an attribute, up to and including the quote.
func (s *Scanner) value(quote byte) {
	for s.Err == nil && s.peek() != quote {
		if s.peek() == '<' {
			s.fail(`"<" in the value of an attribute`)
		}
		s.character()
	}
	if s.Err == nil {
		s.At++
	}
}

// cdata reads what follows "<![CDATA[".
func (s *Scanner) cdata() []byte {
	own := len(s.own)
	for text := s.until("]]>"); len(text) > 0 && s.Err == nil; {
		n := 0
		s.own, n = s.appendCharacter(s.own, text)
		text = text[n:]
	}
	return s.own[own:]
}

// character reads one character, or a reference to one, to the end of own.
func (s *Scanner) character() {
	n := 0
	if s.peek() == '&' {
		s.own, n = s.appendReference(s.own, s.Body[s.At:])
	} else {
		s.own, n = s.appendCharacter(s.own, s.Body[s.At:])
	}
	s.At += n
}

// appendCharacter appends the first character of text, and says how long it was there. A line ends in "\n", whatever it
// is on the wire (XML 1.0, 2.11).
func (s *Scanner) appendCharacter(to, text []byte) ([]byte, int) {
	if len(text) == 0 {
		s.fail("unexpected EOF")
		return to, 0
	}
	if bytes.HasPrefix(text, []byte("\r\n")) {
		return append(to, '\n'), 2
	}
	if text[0] == '\r' {
		return append(to, '\n'), 1
	}
	r, n := utf8.DecodeRune(text)
	if r == utf8.RuneError && n == 1 {
		s.fail("invalid UTF-8")
		return to, 0
	}
	s.allowed(r)
	return append(to, text[:n]...), n
}

// appendReference is appendCharacter for a text that begins with "&".
func (s *Scanner) appendReference(to, text []byte) ([]byte, int) {
	name, _, found := bytes.Cut(text[1:], []byte(";"))
	if found {
		n := len(name) + len("&;")
		switch string(name) {
		case "quot":
			return append(to, '"'), n
		case "amp":
			return append(to, '&'), n
		case "lt":
			return append(to, '<'), n
		case "gt":
			return append(to, '>'), n
		case "apos":
			return append(to, '\''), n
		}
		if r, ok := number(name); ok {
			to = utf8.AppendRune(to, r) // U+FFFD for half of a surrogate pair
			s.allowed(r)
			return to, n
		}
	}
	s.fail("invalid character entity &" + transport.Clean(string(name[:min(len(name), 40)]), 40))
	return to, 0
}

// number is the character with the number that follows "&": "#233" or "#xE9".
func number(name []byte) (r rune, ok bool) {
	digits, base := bytes.TrimPrefix(name, []byte("#")), rune(10)
	if len(digits) == len(name) {
		return 0, false
	}
	if len(digits) > 0 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	for _, c := range digits {
		d := rune(c) - '0'
		switch {
		case c >= 'a' && c <= 'f':
			d = rune(c) - 'a' + 10
		case c >= 'A' && c <= 'F':
			d = rune(c) - 'A' + 10
		case c < '0' || c > '9':
			return 0, false
		}
		if r = r*base + d; d >= base || r > unicode.MaxRune {
			return 0, false
		}
	}
	return r, len(digits) > 0
}

// allowed fails for a character that no XML document may have (XML 1.0, 2.2).
func (s *Scanner) allowed(r rune) {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		s.fail(fmt.Sprintf("illegal character code %U", r))
	}
}
