// Package xmlscan reads the XML documents that services answer with: element by element, and without making anything that
// it is not asked for.
//
//	s := xmlscan.Scanner{Body: body}
//	s.Root()
//	for name := s.Child(); name != nil; name = s.Child() {
//		fmt.Printf("%s: %s\n", name, s.Text())
//	}
//	s.End()
//	return s.Err
package xmlscan

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// MaxDepth is how deep elements may be nested. The documents of AWS have four or five levels.
const MaxDepth = 64

// A Scanner reads the elements of an XML 1.0 document that is wholly in memory, each as it is asked for. It reads what
// encoding/xml reads, with the same result, and refuses what that refuses (the tests compare them), except for three
// things that it refuses and that no such document has: document types and other declarations, names that are not ASCII,
// and elements nested deeper than MaxDepth. It keeps nothing but the names of the open elements, so that a document
// cannot make it use more memory than the document's own size.
//
// After an error there are no more elements and no more text: callers look at Err when they are through.
type Scanner struct {
	Body   []byte
	At     int   // all before it has been read
	Before int64 // bytes of the document that are before Body
	Err    error

	open  [MaxDepth][]byte // names of the elements that have begun and not ended
	depth int              // how many there are
	empty bool             // the innermost is <like this/>
	own   []byte           // text that is not in Body as it stands
}

// Outside reads what may stand before and after the root element: white space, comments and processing instructions. It
// opens the element that follows, and returns its name as Child does, or nil if the document is at its end.
func (s *Scanner) Outside() []byte {
	for s.Err == nil && s.At < len(s.Body) {
		text, name, _ := s.next()
		if name != nil {
			return name
		}
		if len(bytes.TrimSpace(text)) != 0 {
			s.Refuse(errors.New("the answer has text outside of its root element"))
		}
	}
	return nil
}

// Root opens the root element and returns its name.
func (s *Scanner) Root() []byte {
	name := s.Outside()
	if name == nil {
		s.fail("unexpected EOF")
	} else {
		s.open[0] = bytes.Clone(s.open[0]) // see Back
	}
	return name
}

// Back undoes all since the place at in Body, where the scanner was between two children of the root element or, if depth
// is 0, before it. There Body may be changed too: for a part of the document that ends further on. So a document can be
// read that is not yet wholly there: what fails before the end of the document is known is tried again with more of it.
func (s *Scanner) Back(at, depth int) {
	s.At, s.depth, s.empty, s.Err = at, depth, false, nil
	s.Forget()
}

// End reads what is behind the root element, which must be closed.
func (s *Scanner) End() {
	if s.Outside() != nil {
		s.Refuse(errors.New("the answer goes on after the end of its root element"))
	}
}

// Child reads up to the next child of the innermost open element, opens it and returns its name, without a namespace
// prefix. It returns nil at the element's end, which closes it. Text on the way is passed over.
func (s *Scanner) Child() []byte {
	for {
		if _, name, end := s.next(); name != nil || end {
			return name
		}
	}
}

// Skip closes the innermost open element, whatever else it holds.
func (s *Scanner) Skip() {
	for depth := s.depth; s.depth >= depth && s.Err == nil; {
		s.next()
	}
}

// Text closes the innermost open element and returns its text, without that of its children. It is valid for as long as
// Body is, and until Forget.
func (s *Scanner) Text() []byte {
	if !s.empty && s.depth > 0 { // most often there is plain text and then the end tag
		name, end := s.open[s.depth-1], s.plain(s.At)
		tag := s.Body[end:]
		if n := len(name) + 2; len(tag) > n && tag[0] == '<' && tag[1] == '/' && tag[n] == '>' && string(tag[2:n]) == string(name) {
			text := s.Body[s.At:end]
			s.At = end + n + 1
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
			s.Skip()
		}
		s.own = append(s.own[:stop], text...) // over what next left there, which may be this text
	}
}

// Forget makes room: texts that were read before it are no longer valid.
func (s *Scanner) Forget() { s.own = s.own[:0] }

// next reads one thing inside the innermost open element: text, the start of a child, which it opens and whose name it
// returns, or the element's end, which closes it. Comments and processing instructions are none of these. An error is
// an end.
func (s *Scanner) next() (text, name []byte, end bool) {
	switch {
	case s.Err != nil:
		return nil, nil, true
	case s.empty:
		s.empty = false
		s.depth--
		return nil, nil, true
	case s.At == len(s.Body):
		s.fail("unexpected EOF")
		return nil, nil, true
	case s.Body[s.At] != '<':
		return s.Chars(), nil, s.Err != nil
	}
	s.At++
	switch s.peek() {
	case '/':
		s.At++
		s.endTag()
		return nil, nil, true
	case '?':
		s.At++
		s.instruction()
	case '!':
		s.At++
		switch {
		case s.take("--"):
			if s.until("--"); s.Err == nil && !s.take(">") {
				s.fail(`"--" in a comment`)
			}
		case s.take("[CDATA["):
			text = s.cdata()
		case s.peek() == 0:
			s.fail("unexpected EOF")
		default: // S3 sends no document type, and entities are not wanted
			s.Refuse(errors.New("the answer has a document type or another declaration: it is no S3 document"))
		}
	default:
		name = s.startTag()
	}
	return text, name, s.Err != nil
}

// Texts reads a document and puts the texts of elements where into says. Its keys are the names of the elements below the
// root, such as "Error/Code". An element that is not there leaves its string as it is; of several, the last one counts.
// A root element of another name is an error; "" stands for any.
func Texts(body []byte, root string, into map[string]*string) error {
	s := Scanner{Body: body}
	name := s.Root()
	if s.Err == nil && root != "" && root != string(name) {
		s.Refuse(errors.New("the answer is another document"))
	}
	s.texts("", into)
	s.End()
	return s.Err
}

// texts reads the children of the innermost open element, if one of them is asked for.
func (s *Scanner) texts(path string, into map[string]*string) {
	asked := false
	for key := range into {
		asked = asked || strings.HasPrefix(key, path)
	}
	if !asked {
		s.Skip()
		return
	}
	for name := s.Child(); name != nil; name = s.Child() {
		if text := into[path+string(name)]; text != nil {
			*text = string(s.Text())
		} else {
			s.texts(path+string(name)+"/", into)
		}
	}
}

// peek is the next byte; 0, which no document may have, at the end.
func (s *Scanner) peek() byte {
	if s.At < len(s.Body) {
		return s.Body[s.At]
	}
	return 0
}

// Take reads text if it comes next.
func (s *Scanner) Take(text []byte) bool {
	if !bytes.HasPrefix(s.Body[s.At:], text) {
		return false
	}
	s.At += len(text)
	return true
}

func (s *Scanner) take(text string) bool { return s.Take([]byte(text)) }

// until reads up to and including mark, and returns what comes before it.
func (s *Scanner) until(mark string) []byte {
	if s.Err != nil {
		return nil
	}
	before, _, found := bytes.Cut(s.Body[s.At:], []byte(mark))
	if !found {
		s.fail("unexpected EOF")
		return nil
	}
	s.At += len(before) + len(mark)
	return before
}

func (s *Scanner) space() {
	for c := s.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = s.peek() {
		s.At++
	}
}

// fail notes that the document is not well-formed, and where.
func (s *Scanner) fail(what string) { s.Refuse(&syntaxError{what, s.Before + int64(s.At)}) }

// Refuse notes the first error.
func (s *Scanner) Refuse(err error) {
	if s.Err == nil {
		s.Err = err
	}
}

// A syntaxError is most often not looked at; see Back.
type syntaxError struct {
	what string
	at   int64
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("the answer is not complete, well-formed XML: %s, at byte %d", e.what, e.at)
}
