package cognito

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const maxDepth = 64 // objects and lists within each other

// object is a JSON object. Its values are what package encoding/json makes of them, but for objects.
type object map[string]any

// A scanner reads object literals: JSON, and of JavaScript comments, trailing commas, keys without quotes and strings in
// single quotes. Package encoding/json would keep the last of two members of one name and replace what is not UTF-8.
// At the first error it stops where it is, and whatever is read then is empty.
type scanner struct {
	text    string
	at      int  // offset of what is read next, or of what could not be read
	aws     bool // a key that begins with "aws" was read
	err     error
	escapes *strings.Replacer // makes JSON of what stands between quotes
}

// parseConfiguration reads the one object literal of a configuration file.
func parseConfiguration(text string) (object, error) {
	for i, r := range text {
		if r == 0 || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return nil, fmt.Errorf("the file is not UTF-8 text, at byte offset %d: save it as UTF-8", i)
		}
	}
	s := scanner{
		text:    strings.TrimPrefix(text, "\uFEFF"),
		escapes: strings.NewReplacer(`\\`, `\\`, `\"`, `\"`, `"`, `\"`, `\'`, `'`, `\x`, `\u00`),
	}
	var o object
	s.space()
	switch s.peek() {
	case '{':
		o = s.object(0)
		s.space()
		if s.at < len(s.text) {
			s.fail("something follows the object, which should be the whole file")
		}
	case '[':
		s.fail("the file should hold an object, { ... }, and not a list")
	default:
		o = s.script()
	}
	if s.err == nil {
		return o, nil
	}
	if s.at < len(s.text) {
		line := s.text[strings.LastIndexByte(s.text[:s.at], '\n')+1 : s.at]
		return nil, fmt.Errorf("line %d, column %d: %w", 1+strings.Count(s.text[:s.at], "\n"), 1+utf8.RuneCountInString(line), s.err)
	}
	return nil, s.err
}

// script reads the object literal with keys of AWS that is assigned, passed, returned or exported by a script such as
// "const awsmobile = {...}; export default awsmobile;". Two of them are refused: which is in force cannot be told.
func (s *scanner) script() (found object) {
	begins := false // whether a { begins an object, and not a block of statements
	for s.space(); s.peek() != 0; s.space() {
		switch c := s.peek(); {
		case c == '{' && begins:
			start := s.at
			o := s.object(0)
			switch {
			case !s.aws: // another object, or what this cannot read: go on from there
				s.err = nil
			case s.err != nil:
				return nil
			case found != nil:
				s.at = start
				s.fail("a second object with keys of AWS begins here: leave only one in the file")
				return nil
			default:
				found = o
			}
			s.aws, begins = false, false
		case c == '"' || c == '\'' || c == '`':
			s.skipString()
			begins = false
		default:
			word := s.skip(letters + digits + "_$")
			if word == "" {
				s.at++
			}
			begins = c == '=' || c == '(' || word == "default" || word == "return"
		}
	}
	if found != nil {
		s.err = nil // what follows does not matter
	} else if s.err == nil {
		s.err = errors.New("there is neither a JSON object in it, nor a script that assigns one with keys such as aws_project_region")
	}
	return found
}

// fail says what is wrong at the place where the scanner is. The first error counts.
func (s *scanner) fail(problem string) {
	if s.at == len(s.text) {
		problem = "the text ends too soon: a part of it is missing"
	}
	if s.err == nil {
		s.err = errors.New(problem)
	}
}

// peek returns the byte that is read next, 0 at the end and after an error.
func (s *scanner) peek() byte {
	if s.err == nil && s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// take passes over c if it is next.
func (s *scanner) take(c byte) bool {
	ok := s.peek() == c
	if ok {
		s.at++
	}
	return ok
}

// skip passes over the characters of set, and returns them.
func (s *scanner) skip(set string) string {
	rest := s.text[s.at:]
	if s.err != nil {
		return ""
	}
	n := len(rest) - len(strings.TrimLeft(rest, set))
	s.at += n
	return rest[:n]
}

// space passes over white space and comments.
func (s *scanner) space() {
	for {
		s.skip(" \t\r\n")
		rest := s.text[s.at:]
		if s.err == nil && strings.HasPrefix(rest, "//") {
			line, _, _ := strings.Cut(rest, "\n")
			s.at += len(line)
		} else if s.err == nil && strings.HasPrefix(rest, "/*") {
			comment, _, closed := strings.Cut(rest[2:], "*/")
			if !closed {
				s.fail("the comment that begins here is not closed")
				return
			}
			s.at += len("/**/") + len(comment)
		} else {
			return
		}
	}
}

// object reads an object: as far as it can be read, if that fails.
func (s *scanner) object(depth int) object {
	o := object{}
	s.elements('}', depth, func() {
		start := s.at
		key := s.skip(letters + digits + "_$")
		if c := s.peek(); key == "" && (c == '"' || c == '\'') {
			key = s.string()
		} else if key == "" {
			s.fail("a key should stand here")
		}
		if _, twice := o[key]; twice && s.err == nil {
			s.at = start
			s.fail(fmt.Sprintf("the key %.64q comes twice", key))
		}
		s.aws = s.aws || strings.HasPrefix(key, "aws")
		s.space()
		if !s.take(':') {
			s.fail("a colon should stand here, after the key")
		}
		o[key] = s.value(depth + 1)
	})
	return o
}

// elements reads what stands between brackets, separated by commas.
func (s *scanner) elements(end byte, depth int, element func()) {
	if depth == maxDepth {
		s.fail(fmt.Sprintf("objects and lists stand more than %d deep in each other", maxDepth))
		return
	}
	s.at++
	for s.space(); s.err == nil && !s.take(end); s.space() {
		element()
		s.space()
		if !s.take(',') && s.peek() != end {
			s.fail("a comma or " + string(end) + " should stand here")
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
		s.fail("a template literal stands here: write a string in quotes")
	}
	start := s.at
	if json.Unmarshal([]byte(s.skip(letters+digits+"_$+-.")), &value) != nil && s.err == nil {
		s.at = start
		s.fail("a string in quotes, a number, true, false or null should stand here: nothing is evaluated")
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
	if err != nil || strings.Count(text, "\uFFFD") != strings.Count(raw, "\uFFFD") { // what it makes of half a surrogate pair
		s.at = start
		s.fail("the string that begins here has an escape that is not known, or a control character")
	}
	return text
}

// skipString passes over a string in quotes of any kind.
func (s *scanner) skipString() {
	quote := s.peek()
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == quote:
			s.at++
			return
		case c == '\n' && quote != '`':
			s.fail("a string is not closed on its line")
			return
		case c == '\\':
			s.at++
		}
	}
	s.at = len(s.text)
	s.fail("")
}
