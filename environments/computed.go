package environments

import (
	"errors"
	"fmt"
	"strings"
)

var errNotLiteral = errors.New("expected a string in quotes, a number, true, false or null: " +
	"nothing is evaluated")

// constructs lists what makes an expression a computed value: a part of its text, and a name.
const constructs = `? a conditional expression (?:)
process.env process.env
import.meta import.meta
... spread syntax (...)
${ a template literal with ${}
=> a function
( a function call
|| a logical operator
&& a logical operator
+ concatenation with +`

// compute skips the expression at start, and records an error for the constructs in it. For an
// expression without constructs it records fallback or, if that is nil, does not skip it.
func (s *scanner) compute(start int, fallback error) {
	was := s.at
	var code strings.Builder // without strings
	s.at = start
	depth := 0
	for s.space(); s.peek() != 0; s.space() {
		c := s.peek()
		if strings.IndexByte(quotes, c) >= 0 {
			from := s.at
			s.skipString(false)
			if c == '`' && strings.Contains(s.text[from:s.at], "${") {
				code.WriteString("${")
			}
			continue
		}
		if strings.IndexByte("([{", c) >= 0 {
			depth++
		} else if strings.IndexByte(")]}", c) >= 0 {
			depth--
		}
		if depth < 0 || depth == 0 && c == ',' {
			break
		} else if depth > maxDepth {
			s.fail(fmt.Sprintf("an expression is nested more than %d deep", maxDepth))
		}
		code.WriteByte(c)
		s.at++
	}
	var names []string
	for line := range strings.Lines(constructs) {
		part, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.Contains(code.String(), part) {
			names = append(names, name)
		}
	}
	switch {
	case names != nil:
		s.record(start, strings.Join(names, " and "))
	case fallback == nil && s.peek() != 0:
		s.at = was
	case fallback != nil && s.computed == nil:
		s.computed, s.computedAt = fallback, start
	}
}

// record records a construct that is not supported.
func (s *scanner) record(at int, construct string) {
	if s.computed == nil {
		s.computed = fmt.Errorf("%s cannot be read: nothing is evaluated", construct)
		s.computedAt = at
	}
}

// refuseComputed makes the first computed value the error, in place of any other error.
func (s *scanner) refuseComputed() {
	if s.computed != nil {
		s.err, s.at = s.computed, s.computedAt
	}
}
