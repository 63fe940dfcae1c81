package environments

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A script searches the text of a script for one object literal with AWS keys, which the script
// assigns, passes, returns or exports, as in
//
//	const awsmobile = {"aws_project_region": "us-east-1"};
//	export default awsmobile;
//
// The literal may be in a string, as in Dart. The script is not run, so it is an error if the text
// does not decide the result: two such literals, a choice between literals, or statements that
// change the literal.
type script struct {
	*scanner
	found   object
	final   bool            // err is returned even if a literal was found
	setting map[string]bool // keys of settings, from settingKeys
	names   []string        // variables to which found, or else the next literal, is assigned
	choice  int             // offset of a "?" in the current statement, or -1
}

// script returns the literal of a script.
func (s *scanner) script() object {
	s.inScript = true
	x := script{scanner: s, setting: settingKeys(), choice: -1}
	literal := false // whether "{" starts an object literal, not a block of statements
	last := ""       // word, such as "module.exports"
	before := ""     // the word before last
	for s.space(); s.peek() != 0; s.space() {
		start, c := s.at, s.peek()
		// "cognito emulate" prints JSON on a line of its own between shell commands.
		alone := start > 0 && strings.HasPrefix(s.text[start-1:], "\n{\"")
		if c == '{' && (literal || alone) {
			x.add(start, s.object(0))
			literal = false
		} else if strings.IndexByte(quotes, c) >= 0 {
			if last == "r" && strings.HasSuffix(s.text[:start], last) {
				s.at--
			}
			if o := s.embedded(); s.aws {
				x.add(start, o)
			} else if x.found != nil && s.err != nil {
				s.err, s.at = nil, start+1 // perhaps the quote is part of a regular expression
			}
			literal = false
		} else if word := s.skip(letters + digits + "_$."); word != "" {
			x.word(start, word, last)
			literal = word == "default" || word == "return"
			before, last = last, word
		} else {
			s.at++
			x.operator(start, last)
			literal = c == '=' && before != "type" || c == '(' ||
				x.choice >= 0 && (c == '?' || c == ':')
		}
	}
	if x.found == nil && s.err == nil {
		s.err = errors.New("the file has neither a JSON object nor a script of Amplify")
	} else if x.found != nil && !x.final && s.computed == nil {
		s.err = nil // errors in the rest of the script do not matter
	}
	return x.found
}

// refuse ends the scan with an error about a construct that would have to be evaluated.
func (x *script) refuse(at int, construct string) {
	x.record(at, construct)
	x.refuseComputed()
}

// add handles a literal that ends at the current offset.
func (x *script) add(start int, o object) {
	// {...found, more: true} is harmless without settings.
	copied := x.found != nil &&
		strings.HasPrefix(strings.TrimLeft(x.text[start+1:], spaces), "...")
	known := x.aws
	if copied {
		known = x.hasSetting(o)
	}
	x.aws = false
	if !known {
		x.err, x.computed = nil, nil // another object, readable or not: continue from here
		return
	}
	x.refuseComputed()
	switch {
	case x.err != nil:
		x.final = true
	case x.choice >= 0:
		x.refuse(x.choice, "a conditional expression")
	case x.found != nil:
		x.at, x.final = start, true
		x.fail("a second object with AWS keys starts here: leave only one in the file")
	}
	x.found = o
}

// hasSetting reports whether an object has the key of a setting at any depth.
func (x *script) hasSetting(value any) bool {
	o, _ := value.(object)
	for key, value := range o {
		if x.setting[key] || x.hasSetting(value) {
			return true
		}
	}
	return false
}

// operator handles a character between words.
func (x *script) operator(start int, last string) {
	next := strings.TrimLeft(x.text[x.at:], spaces)
	switch x.text[start] {
	case ';':
		x.choice = -1
	case '=':
		x.choice = -1 // the "?" belongs to a type
		if x.found == nil {
			x.names = append(x.names[:min(len(x.names), 1)], last)
		}
	case '?':
		if next != "" && strings.IndexByte(".:,)=", next[0]) < 0 { // or it belongs to a type
			x.choice = start
		}
	}
}

// word handles a word.
func (x *script) word(start int, word, last string) {
	declares := func(word string) bool {
		return slices.Contains([]string{"const", "let", "var", "final"}, word)
	}
	if start == 0 || strings.IndexByte("\r\n", x.text[start-1]) >= 0 || declares(word) ||
		word == "return" {
		x.choice = -1 // a statement starts
	}
	if declares(last) && x.found == nil {
		x.names = []string{word}
	}
	uses := x.found != nil && slices.ContainsFunc(x.names, func(name string) bool {
		return name != "" && strings.HasPrefix(word+".", name+".")
	})
	member := strings.LastIndexByte(word, '.')
	known := uses || member >= 0 && x.setting[word[member+1:]]
	marksModule := strings.HasPrefix(x.text[x.at:], `(exports, "__esModule",`) // by TypeScript
	switch {
	case marksModule && word == "Object.defineProperty":
	case uses && x.choice >= 0:
		x.refuse(x.choice, "a conditional expression")
	case known && (last == "delete" || x.assigned()):
		x.refuse(start, fmt.Sprintf("an assignment to %.64s", word))
	case slices.Contains([]string{"Object.assign", "Object.defineProperty",
		"Object.defineProperties", "Reflect.set", "_.merge", "eval"}, word):
		x.refuse(start, word)
	}
}

// assigned reports whether an assignment to the word before the current offset follows.
func (x *script) assigned() bool {
	rest := x.text[x.at:min(len(x.text), x.at+200)]
	for rest = strings.TrimLeft(rest, spaces); strings.HasPrefix(rest, "["); {
		_, rest, _ = strings.Cut(rest, "]")
		rest = strings.TrimLeft(rest, spaces+"."+letters+digits+"_$")
	}
	rest = strings.TrimLeft(rest, "+|?&")
	return strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==") &&
		!strings.HasPrefix(rest, "=>")
}

// embedded reads a string of a script. If a configuration is in it, it sets s.aws and returns the
// configuration.
func (s *scanner) embedded() object {
	start := s.at
	s.skipString(s.take('r'))
	end := s.at
	if s.err != nil {
		return nil
	}
	s.at = start
	text := s.join(true)
	whole := s.text[start:max(s.at, end)]
	if text = strings.TrimLeft(text, spaces); s.err != nil {
		text = strings.TrimLeft(whole, "r"+spaces+quotes)
	}
	if !strings.HasPrefix(text, "{") || !strings.Contains(whole, "aws_") && !isPool(whole) {
		s.err, s.computed, s.at = nil, nil, max(s.at, end)
		return nil
	}
	s.aws = true
	if s.err != nil || s.computed != nil {
		return nil
	}
	o, err := parseLiteral(text)
	if err != nil {
		s.at = start
		s.fail("in the string that starts here: " + err.Error())
	}
	return o
}

// isPool reports whether text names a pool in one of the spellings of the formats.
func isPool(text string) bool {
	text = strings.ToLower(strings.ReplaceAll(text, "_", ""))
	return strings.Contains(text, "userpool") || strings.Contains(text, "identitypool") ||
		strings.Contains(text, "cognitoidentity")
}
