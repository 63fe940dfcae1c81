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
	quotes  = "\"'`"

	// White space and line ends of JavaScript (ECMA-262, sections 12.2 and 12.3). JSON has fewer.
	spaces   = " \t\v\f\u00a0\ufeff" + lineEnds
	lineEnds = "\r\n\u2028\u2029"
)

// A scanner reads object literals: JSON, and from JavaScript comments, trailing commas, keys
// without quotes, strings in other quotes and joined by +, and TypeScript's "as" and "satisfies".
// Package encoding/json is not used for this, because it accepts duplicate keys and replaces
// invalid UTF-8.
//
// After the first error the scanner stays where it is and returns empty values.
type scanner struct {
	text     string
	at       int  // offset of the next byte, or of the error
	aws      bool // whether a key of a configuration was read
	inScript bool // whether text is a script, where __proto__ is not a key
	err      error
	escapes  *strings.Replacer // converts the inside of a JavaScript string to JSON

	// computed is the error for the first value that is not a literal, and computedAt its offset.
	// The scanner continues after such a value, to see which keys the object has.
	computed   error
	computedAt int
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
		text: text,
		escapes: strings.NewReplacer(
			`\\`, `\\`, `\"`, `\"`, `"`, `\"`, `\'`, `'`, "\\`", "`", `\$`, `$`, `\x`, `\u00`),
	}
	var o object
	s.space()
	start := s.at
	switch s.peek() {
	case '{':
		o = s.object(0)
		s.end()
	case '[':
		list, _ := s.value(0).([]any)
		s.end()
		list = stackOutputs(list)
		o = object{"Outputs": list}
		if !isStackOutputs(list) && s.err == nil {
			s.at = start
			s.fail("the file must hold an object, { ... }, not a list")
		}
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

// end reports what is wrong with the only value of a file.
func (s *scanner) end() {
	if s.space(); s.at < len(s.text) {
		s.fail("unexpected text after the object")
	}
	s.refuseComputed()
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
	set := " \t\r\n"
	if s.inScript {
		set = spaces
	}
	for {
		s.skip(set)
		rest := s.text[s.at:]
		switch {
		case s.err == nil && strings.HasPrefix(rest, "//"):
			n := strings.IndexAny(rest, lineEnds)
			if n < 0 {
				n = len(rest)
			}
			s.at += n
		case s.err == nil && strings.HasPrefix(rest, "/*"):
			comment, _, closed := strings.Cut(rest[2:], "*/")
			if !closed {
				s.fail("the comment that starts here is not closed")
				return
			}
			s.at += len("/**/") + len(comment)
		case strings.HasPrefix(rest, "<!--"):
			s.record(s.at, "<!-- (a comment in some scripts, and code in others)")
			s.refuseComputed()
			return
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
		if strings.HasPrefix(s.text[start:], "...") {
			s.compute(start, errNotLiteral)
			return
		}
		key := s.skip(letters + digits + "_$")
		if c := s.peek(); key == "" && (c == '"' || c == '\'') {
			key = s.quoted(false)
		} else if key == "" {
			s.fail("expected a key")
		}
		if _, twice := o[key]; twice && s.err == nil {
			s.at = start
			s.fail(fmt.Sprintf("duplicate key %.64q", key))
		}
		if s.inScript && key == "__proto__" {
			s.record(start, "__proto__ (another object)")
		}
		s.aws = s.aws || strings.HasPrefix(key, "aws") || isPool(key)
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
	start := s.at
	switch s.peek() {
	case '{':
		value = s.object(depth)
	case '[':
		list := []any{}
		s.elements(']', depth, func() { list = append(list, s.value(depth+1)) })
		value = list
	case '"', '\'', '`':
		value = s.join(false)
	default:
		word := s.skip(letters + digits + "_$+-.")
		if word == "" && s.at == len(s.text) {
			s.fail("")
		} else if word == "undefined" && s.inScript {
			break // as if the key were missing
		} else if json.Unmarshal([]byte(word), &value) != nil && s.err == nil {
			s.compute(start, errNotLiteral)
		}
	}
	s.space()
	rest := s.text[s.at:]
	if strings.HasPrefix(rest, "as ") || strings.HasPrefix(rest, "satisfies ") {
		s.skip(letters + digits + " _$.<>|&'\"")
	} else if s.err == nil && rest != "" && strings.IndexByte(",}]", rest[0]) < 0 && depth > 0 {
		s.compute(start, nil)
	}
	return value
}

// join reads strings that + joins or, if dart is true, also those that follow each other.
func (s *scanner) join(dart bool) string {
	var text strings.Builder
	for {
		text.WriteString(s.quoted(dart))
		end := s.at
		s.space()
		joined := s.take('+') || dart
		s.space()
		next := s.text[s.at:]
		if dart {
			next = strings.TrimPrefix(next, "r")
		}
		if s.err != nil {
			return text.String()
		} else if !joined || next == "" || strings.IndexByte(quotes, next[0]) < 0 {
			s.at = end
			return text.String()
		}
	}
}

// quoted reads a string in quotes of any kind. If dart is true, it may be raw, which an "r" before
// it shows, and otherwise "$" inserts a value.
func (s *scanner) quoted(dart bool) (text string) {
	start := s.at
	raw := dart && s.take('r')
	open, quote, sigil := s.at, s.peek(), "$"
	width := s.skipString(raw)
	if s.err != nil {
		return ""
	}
	inside := s.text[open+width : s.at-width]
	if raw {
		return inside
	}
	if quote == '`' || width == 3 {
		inside = strings.NewReplacer(`\\`, `\\`, "\\\r", "\\\r", "\\\n", "\\\n",
			"\r\n", `\n`, "\n", `\n`, "\t", `\t`).Replace(inside)
	}
	if quote == '`' {
		sigil = "${"
	}
	if (dart || quote == '`' || width == 3) && strings.Contains(
		strings.NewReplacer(`\\`, "", `\$`, "").Replace(inside), sigil) {
		s.record(start, "a string with "+sigil)
	}
	err := json.Unmarshal([]byte(`"`+s.escapes.Replace(inside)+`"`), &text)
	// encoding/json decodes half of a surrogate pair to U+FFFD.
	if err != nil || strings.Count(text, "\uFFFD") != strings.Count(inside, "\uFFFD") {
		s.at = start
		s.fail("the string that starts here has an unknown escape or a control character")
	}
	return text
}

// skipString skips a string in quotes of any kind, and returns the number of quotes at each end,
// which is three in Dart's strings of several lines.
func (s *scanner) skipString(raw bool) (width int) {
	quote := s.text[s.at : s.at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.at:], triple) {
		quote = triple
	}
	for s.at += len(quote); s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case strings.HasPrefix(s.text[s.at:], quote):
			s.at += len(quote)
			return len(quote)
		case c == '\n' && (quote == `"` || quote == "'"):
			s.fail("the string is not closed on its line")
			return len(quote)
		case c == '\\' && !raw:
			s.at++
		}
	}
	s.at = len(s.text)
	s.fail("")
	return len(quote)
}
