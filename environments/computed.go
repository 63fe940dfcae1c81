package environments

import (
	"errors"
	"fmt"
	"strings"
)

var errNotLiteral = errors.New("expected a string in quotes, a number, true, false or null: " +
	"nothing is evaluated")

// constructs are parts of expressions, and their names.
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

// compute records the expression at start as a computed value, and skips it. If it has none of the
// constructs, the error is otherwise. If that is nil, there is no error and nothing is skipped.
func (s *scanner) compute(start int, otherwise error) {
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
	if names != nil {
		s.record(start, strings.Join(names, " and "))
	} else if otherwise == nil && s.peek() != 0 {
		s.at = was
	} else if otherwise == nil {
		return
	} else if s.computed == nil {
		s.computed, s.computedAt = otherwise, start
	}
}

// record records a construct that is not supported.
func (s *scanner) record(at int, construct string) {
	if s.computed == nil {
		s.computed = fmt.Errorf("%s cannot be read: nothing is evaluated", construct)
		s.computedAt = at
	}
}

// refuseComputed makes the first computed value the error. It comes before every other error.
func (s *scanner) refuseComputed() {
	if s.computed != nil {
		s.err, s.at = s.computed, s.computedAt
	}
}
