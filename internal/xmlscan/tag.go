package xmlscan

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// startTag reads a start tag after its "<". It opens the element and returns its name.
func (s *Scanner) startTag() []byte {
	for i, c := range s.Body[s.At:] { // the usual case: a name of ASCII letters, then ">"
		if c == '>' && i > 0 && s.depth < MaxDepth {
			name := s.Body[s.At : s.At+i]
			s.At += i + 1
			s.open[s.depth] = name
			s.depth++
			return name
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			break
		}
	}
	name, local := s.name()
	for s.space(); s.Err == nil; s.space() {
		if s.take(">") || s.take("/>") {
			if s.depth == MaxDepth {
				s.malformed(fmt.Sprintf("more than %d nested elements", MaxDepth))
				return nil
			}
			s.open[s.depth] = name
			s.depth++
			s.empty = s.Body[s.At-2] == '/'
			return local
		}
		s.attribute()
	}
	return nil
}

// attribute reads an attribute and discards it.
func (s *Scanner) attribute() {
	s.name()
	s.space()
	equals := s.take("=")
	s.space()
	quote := s.peek()
	if !equals || quote != '"' && quote != '\'' {
		s.malformed("attribute without a quoted value")
		return
	}
	for s.At++; s.Err == nil && s.peek() != quote; {
		if s.peek() == '<' {
			s.malformed(`"<" in the value of an attribute`)
		}
		s.charData()
	}
	if s.Err == nil {
		s.At++
	}
}

// endTag reads an end tag after its "</", and closes the element.
func (s *Scanner) endTag() {
	matches := s.depth > 0 && s.Take(s.open[s.depth-1])
	s.space()
	if !matches || !s.take(">") {
		s.malformed("unexpected end tag")
		return
	}
	s.depth--
}

// instruction reads a processing instruction after its "<?". If it is the XML declaration, version
// and encoding must be 1.0 and UTF-8.
func (s *Scanner) instruction() {
	target := s.word()
	s.space()
	data := s.until("?>")
	if string(target) != "xml" {
		return
	}
	if v := declared(data, "version="); v != "" && v != "1.0" {
		s.malformed("unsupported version of XML")
	}
	if v := declared(data, "encoding="); v != "" && !strings.EqualFold(v, "utf-8") {
		s.malformed("unsupported encoding")
	}
}

// declared returns the quoted value after name in an XML declaration, or "". It is as lenient as
// procInst in encoding/xml.
func declared(data []byte, name string) string {
	for {
		_, after, found := bytes.Cut(data, []byte(name))
		if !found || len(after) == 0 {
			return ""
		}
		data = after[1:]
		if quote := after[0]; quote == '"' || quote == '\'' {
			value, _, found := bytes.Cut(data, []byte{quote})
			if !found {
				return ""
			}
			return string(value)
		}
	}
}

// name reads the name of an element or attribute. local is the part after the namespace prefix.
func (s *Scanner) name() (name, local []byte) {
	name = s.word()
	prefix, local, _ := bytes.Cut(name, []byte(":"))
	if bytes.IndexByte(local, ':') >= 0 {
		s.malformed("name with two colons")
	}
	if len(prefix) == 0 || len(local) == 0 {
		return name, name
	}
	return name, local
}

// word reads a name with all its colons.
func (s *Scanner) word() []byte {
	for start := s.At; ; s.At++ {
		switch c := s.peek(); {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':':
		case (c >= '0' && c <= '9' || c == '-' || c == '.') && s.At > start:
		default:
			if s.At == start || c >= utf8.RuneSelf {
				s.malformed("missing name, or name that is not ASCII,")
			}
			return s.Body[start:s.At]
		}
	}
}
