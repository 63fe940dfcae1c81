package s3list

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/transport"
)

// plain is the first place from at on where text has to be looked at more closely, or the end.
func (s *scanner) plain(at int) int {
	for i, c := range s.body[at:] {
		if c < ' ' || c >= utf8.RuneSelf || c == '<' || c == '&' || c == ']' {
			return at + i
		}
	}
	return len(s.body)
}

// chars reads text up to the next "<". What it returns is in body as it stands, or at the end of own.
func (s *scanner) chars() []byte {
	start, own := s.at, len(s.own)
	for {
		from := s.at
		s.at = s.plain(from)
		stop := s.at == len(s.body) || s.body[s.at] == '<'
		if stop && from == start {
			return s.body[start:s.at]
		}
		s.own = append(s.own, s.body[from:s.at]...)
		if stop || s.err != nil {
			return s.own[own:]
		}
		if bytes.HasPrefix(s.body[s.at:], []byte("]]>")) {
			s.fail(`"]]>" in text`)
		}
		s.character()
	}
}

// value passes over the value of an attribute, up to and including the quote.
func (s *scanner) value(quote byte) {
	for s.err == nil && s.peek() != quote {
		if s.peek() == '<' {
			s.fail(`"<" in the value of an attribute`)
		}
		s.character()
	}
	if s.err == nil {
		s.at++
	}
}

// cdata reads what follows "<![CDATA[".
func (s *scanner) cdata() []byte {
	own := len(s.own)
	for text := s.until("]]>"); len(text) > 0 && s.err == nil; {
		n := 0
		s.own, n = s.appendCharacter(s.own, text)
		text = text[n:]
	}
	return s.own[own:]
}

// character reads one character, or a reference to one, to the end of own.
func (s *scanner) character() {
	n := 0
	if s.peek() == '&' {
		s.own, n = s.appendReference(s.own, s.body[s.at:])
	} else {
		s.own, n = s.appendCharacter(s.own, s.body[s.at:])
	}
	s.at += n
}

// appendCharacter appends the first character of text, and says how long it was there. A line ends in "\n", whatever it
// is on the wire (XML 1.0, 2.11).
func (s *scanner) appendCharacter(to, text []byte) ([]byte, int) {
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
func (s *scanner) appendReference(to, text []byte) ([]byte, int) {
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
func (s *scanner) allowed(r rune) {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		s.fail(fmt.Sprintf("illegal character code %U", r))
	}
}
