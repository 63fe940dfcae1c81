package s3list

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/transport"
)

// maxDepth is how deep elements may be nested. S3's documents have four levels.
const maxDepth = 64

// A scanner reads the elements of an XML 1.0 document that is wholly in memory, each as it is asked for. It reads what
// encoding/xml reads, with the same result, and refuses what that refuses (the tests compare them), except for three
// things that it refuses and that no S3 document has: document types and other declarations, names that are not ASCII,
// and elements nested deeper than maxDepth. It keeps nothing but the names of the open elements, so that a document
// cannot make it use more memory than the document's own size.
//
// After an error there are no more elements and no more text: callers look at err when they are through.
type scanner struct {
	body  []byte
	at    int              // all before it has been read
	open  [maxDepth][]byte // names of the elements that have begun and not ended
	depth int              // how many there are
	empty bool             // the innermost is <like this/>
	own   []byte           // text that is not in body as it stands
	err   error
}

// child reads up to the next child of the innermost open element, opens it and returns its name, without a namespace
// prefix. It returns nil at the element's end, which closes it. Text on the way is passed over.
func (s *scanner) child() []byte {
	for {
		if _, name, end := s.next(); name != nil || end {
			return name
		}
	}
}

// skip closes the innermost open element, whatever else it holds.
func (s *scanner) skip() {
	for depth := s.depth; s.depth >= depth && s.err == nil; {
		s.next()
	}
}

// text closes the innermost open element and returns its text, without that of its children. It is valid for as long as
// body is, and until own is emptied.
func (s *scanner) text() []byte {
	if !s.empty && s.depth > 0 { // most often there is plain text and then the end tag
		name, end := s.open[s.depth-1], s.plain(s.at)
		tag := s.body[end:]
		if n := len(name) + 2; len(tag) > n && tag[0] == '<' && tag[1] == '/' && tag[n] == '>' && string(tag[2:n]) == string(name) {
			text := s.body[s.at:end]
			s.at = end + n + 1
			s.depth--
			return text
		}
	}
	start := len(s.own)
	for stop := start; ; stop = len(s.own) {
		text, name, end := s.next()
		if end {
			return s.own[start:stop:stop]
		}
		if name != nil {
			s.skip()
		}
		s.own = append(s.own[:stop], text...) // over what next left there, which may be this text
	}
}

// next reads one thing inside the innermost open element: text, the start of a child, which it opens and whose name it
// returns, or the element's end, which closes it. Comments and processing instructions are none of these. An error is
// an end.
func (s *scanner) next() (text, name []byte, end bool) {
	switch {
	case s.err != nil:
		return nil, nil, true
	case s.empty:
		s.empty = false
		s.depth--
		return nil, nil, true
	case s.at == len(s.body):
		s.fail("unexpected EOF")
		return nil, nil, true
	case s.body[s.at] != '<':
		return s.chars(), nil, s.err != nil
	}
	s.at++
	switch s.peek() {
	case '/':
		s.at++
		s.endTag()
		return nil, nil, true
	case '?':
		s.at++
		s.instruction()
	case '!':
		s.at++
		switch {
		case s.take("--"):
			if s.until("--"); s.err == nil && !s.take(">") {
				s.fail(`"--" in a comment`)
			}
		case s.take("[CDATA["):
			text = s.cdata()
		case s.peek() == 0:
			s.fail("unexpected EOF")
		default: // S3 sends no document type, and entities are not wanted
			s.failWith(errors.New("the answer has a document type or another declaration: it is no S3 document"))
		}
	default:
		name = s.startTag()
	}
	return text, name, s.err != nil
}

// startTag reads what follows the "<" of a start tag.
func (s *scanner) startTag() []byte {
	for i, c := range s.body[s.at:] { // most often there is a plain name and then the end of the tag
		if c == '>' && i > 0 && s.depth < maxDepth {
			name := s.body[s.at : s.at+i]
			s.at += i + 1
			s.open[s.depth] = name
			s.depth++
			return name
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			break
		}
	}
	name, local := s.name()
	for s.space(); s.err == nil; s.space() {
		if s.take(">") || s.take("/>") {
			if s.depth == maxDepth {
				s.fail(fmt.Sprintf("more than %d elements in one another", maxDepth))
				return nil
			}
			s.open[s.depth] = name
			s.depth++
			s.empty = s.body[s.at-2] == '/'
			return local
		}
		s.attribute()
	}
	return nil
}

// attribute passes over an attribute.
func (s *scanner) attribute() {
	s.name()
	s.space()
	equals := s.take("=")
	s.space()
	quote := s.peek()
	if !equals || quote != '"' && quote != '\'' {
		s.fail("an attribute without a value in quotes")
		return
	}
	s.at++
	s.value(quote)
}

// endTag reads what follows "</", and closes the element.
func (s *scanner) endTag() {
	name, _ := s.name()
	s.space()
	switch {
	case s.err != nil:
	case s.depth == 0 || string(name) != string(s.open[s.depth-1]):
		s.fail("the end tag </" + transport.Clean(string(name), 40) + "> does not belong here")
	case !s.take(">"):
		s.fail("no > after the name in an end tag")
	default:
		s.depth--
	}
}

// instruction reads what follows "<?". In the XML declaration, the version and the encoding must be the known ones.
func (s *scanner) instruction() {
	start := s.at
	s.word()
	target := s.body[start:s.at]
	s.space()
	data := s.until("?>")
	if string(target) != "xml" || s.err != nil {
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
func (s *scanner) name() (name, local []byte) {
	start := s.at
	s.word()
	name = s.body[start:s.at]
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
func (s *scanner) word() {
	start := s.at
	for {
		switch c := s.peek(); {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':':
		case (c >= '0' && c <= '9' || c == '-' || c == '.') && s.at > start:
		default:
			if s.at == start || c >= utf8.RuneSelf {
				s.fail("no name, or not one in ASCII, where one must be")
			}
			return
		}
		s.at++
	}
}

// peek is the next byte; 0, which no document may have, at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.body) {
		return s.body[s.at]
	}
	return 0
}

// take reads text if it comes next.
func (s *scanner) take(text string) bool {
	end := s.at + len(text)
	if end > len(s.body) || string(s.body[s.at:end]) != text {
		return false
	}
	s.at = end
	return true
}

// until reads up to and including mark, and returns what comes before it.
func (s *scanner) until(mark string) []byte {
	if s.err != nil {
		return nil
	}
	before, _, found := bytes.Cut(s.body[s.at:], []byte(mark))
	if !found {
		s.fail("unexpected EOF")
		return nil
	}
	s.at += len(before) + len(mark)
	return before
}

func (s *scanner) space() {
	for c := s.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = s.peek() {
		s.at++
	}
}

// fail notes that the document is not well-formed, and where.
func (s *scanner) fail(what string) {
	s.failWith(fmt.Errorf("the answer is not complete, well-formed XML: %s, at byte %d of %d", what, s.at, len(s.body)))
}

// failWith notes the first error.
func (s *scanner) failWith(err error) {
	if s.err == nil {
		s.err = err
	}
}
