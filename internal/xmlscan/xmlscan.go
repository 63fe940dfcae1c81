// Package xmlscan reads XML documents one element at a time, without building a tree.
//
//	s := xmlscan.Scanner{Body: body}
//	s.Root()
//	for name := range s.Children {
//		fmt.Printf("%s: %s\n", name, s.Text())
//	}
//	s.End()
//	return s.Err
//
// It exists for the listings of package s3list. One page has 8,000 elements, and encoding/xml
// allocates several times for each of them.
package xmlscan

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// MaxDepth is the limit for nested elements. The documents of AWS have four or five levels.
const MaxDepth = 64

// A Scanner reads an XML 1.0 document. It accepts what encoding/xml accepts, with the same names
// and texts; the tests compare the two. It also skips a byte order mark. It refuses three things
// more, none of which AWS sends: document types and other declarations, names that are not ASCII,
// and elements deeper than MaxDepth.
//
// A Scanner stores only the names of the open elements and the text that it is reading, so its
// memory is bounded by the size of the document.
//
// After an error there are no more elements and no more text. Callers check Err once, at the end.
type Scanner struct {
	Body   []byte // the document, or the part of it that is in memory
	At     int    // offset in Body of what is read next
	Before int64  // bytes of the document before Body; used in error texts
	Err    error  // the first error
	Mixed  bool   // whether the last Text left out children

	open  [MaxDepth][]byte // names of the open elements, the root first
	depth int              // number of open elements
	empty bool             // the innermost open element has no end tag: <Key/>
	own   []byte           // texts that differ from their bytes in Body, such as "a&amp;b"
}

// Root opens the root element and returns its name.
//
// Here and in all other methods, a name is returned without its namespace prefix. Namespaces are
// ignored, because servers that are compatible with AWS often leave them out.
func (s *Scanner) Root() []byte {
	if s.At == 0 {
		s.take("\uFEFF") // a byte order mark (XML 1.0, section 4.3.3)
	}
	name := s.outside()
	if name == nil {
		s.malformed("unexpected EOF")
		return nil
	}
	s.open[0] = bytes.Clone(s.open[0]) // Body may be replaced before the end tag; see Rewind
	return name
}

// End reads to the end of the document. The root element must be closed.
func (s *Scanner) End() {
	if s.outside() != nil {
		s.Fail(errors.New("the response continues after the end of its root element"))
	}
}

// outside reads what may precede and follow the root element: white space, comments and processing
// instructions. It opens the next element and returns its name, or nil at the end of the document.
func (s *Scanner) outside() []byte {
	for s.Err == nil && s.At < len(s.Body) {
		text, name, _ := s.next()
		if name != nil {
			return name
		}
		if len(bytes.TrimSpace(text)) != 0 {
			s.Fail(errors.New("the response has text outside its root element"))
		}
	}
	return nil
}

// Rewind returns to offset at in Body and clears Err. With depth 1, the scanner was between two
// children of the root element there; with depth 0, before the root element.
//
// With Rewind a document can be read while it arrives. If an element ends in an error, it may be
// incomplete: the caller rewinds to its start, adds the next part of the document to Body, and
// reads the element again.
func (s *Scanner) Rewind(at, depth int) {
	s.At, s.depth, s.empty, s.Err = at, depth, false, nil
	s.Forget()
}

// Child opens the next child of the innermost open element and returns its name. At the end of that
// element, Child closes it and returns nil. Text between children is skipped.
func (s *Scanner) Child() []byte {
	for {
		if _, name, end := s.next(); name != nil || end {
			return name
		}
	}
}

// Children ranges over the children of the innermost open element and then closes that element. It
// is an [iter.Seq]. Each child is open in the body of the loop. If the body does not close it, with
// Text for example, the rest of the child is skipped. A loop that breaks leaves the child open.
func (s *Scanner) Children(yield func(name []byte) bool) {
	for name := s.Child(); name != nil; name = s.Child() {
		depth := s.depth
		if !yield(name) {
			return
		}
		if s.depth == depth {
			s.Skip()
		}
	}
}

// Skip closes the innermost open element without reading the rest of it.
func (s *Scanner) Skip() {
	for depth := s.depth; s.depth >= depth && s.Err == nil; {
		s.next()
	}
}

// Text closes the innermost open element and returns its text, without the text of its children.
// The text is valid until Body is changed or Forget is called.
func (s *Scanner) Text() []byte {
	s.Mixed = false
	if !s.empty && s.Err == nil { // the usual case: plain text, then the end tag
		text := s.Plain()
		if s.take("</") {
			s.endTag()
			return text
		}
		s.At -= len(text)
	}
	start := len(s.own)
	for stop := start; ; stop = len(s.own) {
		text, name, end := s.next()
		if end {
			return s.own[start:stop:stop]
		}
		if name != nil {
			s.Mixed = true
			s.Skip()
		}
		s.own = append(s.own[:stop], text...) // next may have left text, and more, from stop on
	}
}

// Forget frees the memory of texts for later ones. Texts that were read before it become invalid.
func (s *Scanner) Forget() { s.own = s.own[:0] }

// next reads one item inside the innermost open element: a text, the start tag of a child or the
// end tag. A child is opened, and its name returned. At the end tag, or after an error, end is
// true. Comments and processing instructions are items without text or name.
func (s *Scanner) next() (text, name []byte, end bool) {
	switch {
	case s.Err != nil:
		return nil, nil, true
	case s.empty:
		s.empty = false
		s.depth--
		return nil, nil, true
	case s.At == len(s.Body):
		s.malformed("unexpected EOF")
	case s.Body[s.At] != '<':
		text = s.Chars()
	default:
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
			text = s.declaration()
		default:
			name = s.startTag()
		}
	}
	return text, name, s.Err != nil
}

// declaration reads a comment or a CDATA section after its "<!", and returns the text of the
// latter.
func (s *Scanner) declaration() (text []byte) {
	switch {
	case s.take("--"):
		s.until("--")
		if !s.take(">") {
			s.malformed(`"--" in a comment`)
		}
	case s.take("[CDATA["):
		text = s.cdata()
	default: // entities would let a small document expand to a large one
		s.Fail(errors.New("the response has a document type or another declaration"))
	}
	return text
}

// Texts reads a document and stores the texts of elements in the strings that into points to. Its
// keys are the names of the elements below the root, such as "Error/Code". If one is missing, its
// string keeps its value. If one occurs more than once, or an element that leads to one, Texts
// returns an error, because all but one would be lost or several would be mixed.
//
// If the root element has another name than root, Texts returns an error. An empty root stands for
// any name.
func Texts(body []byte, root string, into map[string]*string) error {
	s := Scanner{Body: body}
	if name := s.Root(); root != "" && root != string(name) {
		s.Fail(fmt.Errorf("the response is not an XML document of type %s", root))
	}
	s.Texts(into)
	s.End()
	return s.Err
}

// Texts is like the function [Texts], for the children of the innermost open element, which it
// closes.
func (s *Scanner) Texts(into map[string]*string) { s.texts("", into, map[string]bool{}) }

func (s *Scanner) texts(parent string, into map[string]*string, found map[string]bool) {
	for name := range s.Children {
		path := parent + string(name)
		text, below := into[path], path+"/"
		known := text != nil
		for key := range into {
			known = known || strings.HasPrefix(key, below)
		}
		if !known {
			continue // Children skips it
		}
		if found[path] {
			s.Fail(fmt.Errorf("the response has more than one %s", path))
		}
		found[path] = true
		if text != nil {
			*text = string(s.Text())
		} else {
			s.texts(below, into, found)
		}
	}
}

// peek returns the next byte. At the end it returns 0, which no XML document may contain.
func (s *Scanner) peek() byte {
	if s.At < len(s.Body) {
		return s.Body[s.At]
	}
	return 0
}

// Take reads text if it comes next, and reports whether it did.
func (s *Scanner) Take(text []byte) bool {
	if !bytes.HasPrefix(s.Body[s.At:], text) {
		return false
	}
	s.At += len(text)
	return true
}

// take is like Take. The compiler inlines it, so a short constant is compared quickly.
func (s *Scanner) take(text string) bool {
	end := s.At + len(text)
	if end > len(s.Body) || string(s.Body[s.At:end]) != text {
		return false
	}
	s.At = end
	return true
}

// until reads up to and including mark, and returns what precedes mark.
func (s *Scanner) until(mark string) []byte {
	before, _, found := bytes.Cut(s.Body[s.At:], []byte(mark))
	if !found {
		s.malformed("unexpected EOF")
		return nil
	}
	s.At += len(before) + len(mark)
	return before
}

// space reads white space.
func (s *Scanner) space() {
	for c := s.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = s.peek() {
		s.At++
	}
}

// Fail records err in Err, unless there was an error before.
func (s *Scanner) Fail(err error) {
	if s.Err == nil {
		s.Err = err
	}
}

// malformed records that the document is not well-formed XML, and where.
func (s *Scanner) malformed(what string) { s.Fail(&syntaxError{what, s.Before + int64(s.At)}) }

// A syntaxError is formatted only when it is printed: most are discarded by Rewind.
type syntaxError struct {
	what string
	at   int64
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("invalid XML in the response: %s at byte %d", e.what, e.at)
}
