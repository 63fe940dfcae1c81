package xmlscan

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	transport "github.com/loginwithcognito/cognito/internal/awshttp"
)

// startTag reads what follows the "<" of a start tag.
func (s *Scanner) startTag() []byte {
	for i, c := range s.Body[s.At:] { // most often there is a plain name and then the end of the tag
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
				s.fail(fmt.Sprintf("more than %d elements in one another", MaxDepth))
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

// attribute passes over an attribute.
func (s *Scanner) attribute() {
	s.name()
	s.space()
	equals := s.take("=")
	s.space()
	quote := s.peek()
	if !equals || quote != '"' && quote != '\'' {
		s.fail("an attribute without a value in quotes")
		return
	}
	s.At++
	s.value(quote)
}

// endTag reads what follows "</", and closes the element.
func (s *Scanner) endTag() {
	name, _ := s.name()
	s.space()
	switch {
	case s.Err != nil:
	case s.depth == 0 || string(name) != string(s.open[s.depth-1]):
		s.fail("the end tag </" + transport.Clean(string(name), 40) + "> does not belong here")
	case !s.take(">"):
		s.fail("no > after the name in an end tag")
	default:
		s.depth--
	}
}

// instruction reads what follows "<?". In the XML declaration, the version and the encoding must be the known ones.
func (s *Scanner) instruction() {
	start := s.At
	s.word()
	target := s.Body[start:s.At]
	s.space()
	data := s.until("?>")
	if string(target) != "xml" || s.Err != nil {
		return
	}
	if v := declared(data, "version="); v != "" && v != "1.0" {
		s.fail("a version of XML that is not 1.0")
	}
	if v := declared(data, "encoding="); v != "" && !strings.EqualFold(v, "utf-8") {
		s.fail("an encoding that is not UTF-8")
	}
}

// declared is the value in quotes after name in an XML declaration; "" if there is none.
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

// name reads the name of an element or attribute. local is what follows the prefix, if there is one.
func (s *Scanner) name() (name, local []byte) {
	start := s.At
	s.word()
	name = s.Body[start:s.At]
	prefix, local, _ := bytes.Cut(name, []byte(":"))
	if bytes.IndexByte(local, ':') >= 0 {
		s.fail("a name with two colons")
	}
	if len(prefix) == 0 || len(local) == 0 {
		return name, name
	}
	return name, local
}

// word reads a name, colons included.
func (s *Scanner) word() {
	start := s.At
	for {
		switch c := s.peek(); {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':':
		case (c >= '0' && c <= '9' || c == '-' || c == '.') && s.At > start:
		default:
			if s.At == start || c >= utf8.RuneSelf {
				s.fail("no name, or not one in ASCII, where one must be")
			}
			return
		}
		s.At++
	}
}
