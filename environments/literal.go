package environments

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const maxDepth = 64 // of nested objects and lists

// An object is a JSON object. Its values have the types that package encoding/json gives them,
// except that objects have this type.
type object map[string]any

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// A scanner reads object literals: JSON, and from JavaScript comments, trailing commas, keys
// without quotes and strings in single quotes. Package encoding/json is not used for this, because
// it accepts duplicate keys and replaces invalid UTF-8.
//
// After the first error the scanner stays where it is and returns empty values.
type scanner struct {
	text    string
	at      int  // offset of the next byte, or of the error
	aws     bool // whether a key with the prefix "aws" was read
	err     error
	escapes *strings.Replacer // converts the inside of a JavaScript string to JSON
}

// parseLiteral reads the object literal of a configuration file.
func parseLiteral(text string) (object, error) {
	for i, r := range text {
		if r == 0 || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return nil, fmt.Errorf("the file is not UTF-8 text at byte offset %d: save it as UTF-8",
				i)
		}
	}
	s := scanner{
		text: strings.TrimPrefix(text, "\uFEFF"),
		escapes: strings.NewReplacer(
			`\\`, `\\`, `\"`, `\"`, `"`, `\"`, `\'`, `'`, `\x`, `\u00`),
	}
	var o object
	s.space()
	switch s.peek() {
	case '{':
		o = s.object(0)
		s.space()
		if s.at < len(s.text) {
			s.fail("unexpected text after the object")
		}
	case '[':
		s.fail("the file must hold an object, { ... }, not a list")
	default:
		o = s.script()
	}
	if s.err == nil {
		return o, nil
	}
	if s.at == len(s.text) {
		return nil, s.err
	}
	before := s.text[:s.at]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return nil, fmt.Errorf("line %d, column %d: %w", line, column, s.err)
}

// script returns the object literal with AWS keys that a script assigns, passes, returns or
// exports, such as "const awsmobile = {...}; export default awsmobile;". Two such literals are an
// error, because only running the script would show which one it uses.
func (s *scanner) script() (found object) {
	literal := false // whether "{" starts an object literal, not a block of statements
	for s.space(); s.peek() != 0; s.space() {
		switch c := s.peek(); {
		case c == '{' && literal:
			start := s.at
			o := s.object(0)
			switch {
			case !s.aws: // another object, readable or not: continue from here
				s.err = nil
			case s.err != nil:
				return nil
			case found != nil:
				s.at = start
				s.fail("a second object with AWS keys starts here: leave only one in the file")
				return nil
			default:
				found = o
			}
			s.aws, literal = false, false
		case c == '"' || c == '\'' || c == '`':
			s.skipString()
			literal = false
		default:
			word := s.skip(letters + digits + "_$")
			if word == "" {
				s.at++
			}
			literal = c == '=' || c == '(' || word == "default" || word == "return"
		}
	}
	if found != nil {
		s.err = nil // errors in the rest of the script do not matter
	} else if s.err == nil {
		s.err = errors.New("the file has no JSON object, and no script that assigns one with " +
			"keys such as aws_project_region")
	}
	return found
}

// fail records an error at the current offset, unless there is one already.
func (s *scanner) fail(problem string) {
	if s.at == len(s.text) {
		problem = "the text is incomplete"
	}
	if s.err == nil {
		s.err = errors.New(problem)
	}
}

// peek returns the next byte, or 0 at the end and after an error.
func (s *scanner) peek() byte {
	if s.err == nil && s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// take skips c if it is the next byte, and reports whether it was.
func (s *scanner) take(c byte) bool {
	ok := s.peek() == c
	if ok {
		s.at++
	}
	return ok
}

// skip skips the characters of set, and returns them.
func (s *scanner) skip(set string) string {
	rest := s.text[s.at:]
	if s.err != nil {
		return ""
	}
	n := len(rest) - len(strings.TrimLeft(rest, set))
	s.at += n
	return rest[:n]
}

// space skips white space and comments.
func (s *scanner) space() {
	for {
		s.skip(" \t\r\n")
		rest := s.text[s.at:]
		switch {
		case s.err == nil && strings.HasPrefix(rest, "//"):
			line, _, _ := strings.Cut(rest, "\n")
			s.at += len(line)
		case s.err == nil && strings.HasPrefix(rest, "/*"):
			comment, _, closed := strings.Cut(rest[2:], "*/")
			if !closed {
				s.fail("the comment that starts here is not closed")
				return
			}
			s.at += len("/**/") + len(comment)
		default:
			return
		}
	}
}

// object reads an object. After an error it returns the members before it.
func (s *scanner) object(depth int) object {
	o := object{}
	s.elements('}', depth, func() {
		start := s.at
		key := s.skip(letters + digits + "_$")
		if c := s.peek(); key == "" && (c == '"' || c == '\'') {
			key = s.string()
		} else if key == "" {
			s.fail("expected a key")
		}
		if _, twice := o[key]; twice && s.err == nil {
			s.at = start
			s.fail(fmt.Sprintf("duplicate key %.64q", key))
		}
		s.aws = s.aws || strings.HasPrefix(key, "aws")
		s.space()
		if !s.take(':') {
			s.fail("expected a colon after the key")
		}
		o[key] = s.value(depth + 1)
	})
	return o
}

// elements reads the elements between brackets, which commas separate.
func (s *scanner) elements(end byte, depth int, element func()) {
	if depth == maxDepth {
		s.fail(fmt.Sprintf("objects and lists are nested more than %d deep", maxDepth))
		return
	}
	s.at++
	for s.space(); s.err == nil && !s.take(end); s.space() {
		element()
		s.space()
		if !s.take(',') && s.peek() != end {
			s.fail("expected a comma or " + string(end))
		}
	}
}

func (s *scanner) value(depth int) (value any) {
	s.space()
	switch s.peek() {
	case '{':
		return s.object(depth)
	case '[':
		list := []any{}
		s.elements(']', depth, func() { list = append(list, s.value(depth+1)) })
		return list
	case '"', '\'':
		return s.string()
	case '`':
		s.fail("template literals are not supported: write a string in quotes")
	}
	start := s.at
	word := s.skip(letters + digits + "_$+-.")
	if json.Unmarshal([]byte(word), &value) != nil && s.err == nil {
		s.at = start
		s.fail("expected a string in quotes, a number, true, false or null: nothing is evaluated")
	}
	return value
}

// string reads a string in double or single quotes.
func (s *scanner) string() (text string) {
	start := s.at
	s.skipString()
	if s.err != nil {
		return ""
	}
	raw := s.text[start+1 : s.at-1]
	err := json.Unmarshal([]byte(`"`+s.escapes.Replace(raw)+`"`), &text)
	// encoding/json decodes half of a surrogate pair to U+FFFD.
	if err != nil || strings.Count(text, "\uFFFD") != strings.Count(raw, "\uFFFD") {
		s.at = start
		s.fail("the string that starts here has an unknown escape or a control character")
	}
	return text
}

// skipString skips a string in quotes of any kind.
func (s *scanner) skipString() {
	quote := s.peek()
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == quote:
			s.at++
			return
		case c == '\n' && quote != '`':
			s.fail("the string is not closed on its line")
			return
		case c == '\\':
			s.at++
		}
	}
	s.at = len(s.text)
	s.fail("")
}
