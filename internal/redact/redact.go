// Package redact prints a value that holds secrets without them.
//
// A type that holds a secret gives itself two methods of one line each, with value receivers:
//
//	func (v Tokens) Format(f fmt.State, _ rune)      { redact.Format(f, "idp.Tokens", "Type", v.Type) }
//	func (v Tokens) MarshalText() ([]byte, error)    { return redact.Text("idp.Tokens", "Type", v.Type), nil }
//
// Format answers for every verb of package fmt. MarshalText answers for encoding/json, encoding/xml and both
// handlers of log/slog, also when the value is a field of another one. String would not do: %d and %#v do not
// call it, and neither does encoding/json. Package fmt cannot call the methods of an unexported field, so a
// struct that keeps such a value in one needs the two lines itself.
package redact

import (
	"fmt"
	"strconv"
)

// Text is name, then in braces the pairs of shown, which are names and values in turn (a pair without a value is
// left out), then a mark that there is more: idp.Tokens{Type:"Bearer" redacted}.
func Text(name string, shown ...string) []byte {
	b := append([]byte(name), '{')
	for i := 0; i+1 < len(shown); i += 2 {
		if shown[i+1] == "" {
			continue
		}
		b = append(append(b, shown[i]...), ':')
		b = append(strconv.AppendQuote(b, shown[i+1]), ' ')
	}
	return append(b, "redacted}"...)
}

// Format writes [Text] to f, whatever the verb and the flags are.
func Format(f fmt.State, name string, shown ...string) {
	f.Write(Text(name, shown...)) // fmt keeps the error of its own writer
}
