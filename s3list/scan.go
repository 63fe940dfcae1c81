package s3list

import (
	"bytes"
	"errors"
	"fmt"
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
