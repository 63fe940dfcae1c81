// Package redact hides secrets when a value is printed, logged or marshaled.
//
// A struct type with secrets embeds [Fields] as its first field:
//
//	type Tokens struct {
//		redact.Fields
//		Access, Refresh string
//	}
//
// Every verb of package fmt then prints "[redacted]". So do encoding/json, encoding/xml and the
// handlers of log/slog, also for pointers to the struct and for values inside other values. A
// String method would not suffice: %d, %#v and encoding/json do not call it. Package encoding/gob
// returns an error.
//
// # Decoding
//
// Fields has no UnmarshalText method, and json.Unmarshal reads an object into the struct as if
// Fields were absent. Composite literals with field names do not change.
//
// # Encoding the secrets
//
// The methods are promoted, so a type declared as "type plain Tokens" still has them. To write the
// secrets, copy the fields into a value without Fields: a map, or a struct declared in the function
// that writes. Encode that value there, and do not return it:
//
//	func (t Tokens) Reveal() ([]byte, error) {
//		return json.Marshal(struct{ Access, Refresh string }{t.Access, t.Refresh})
//	}
//
// # Types with their own text
//
// A type that prints something other than "[redacted]", such as an error, also declares Format and
// MarshalText with value receivers. A method of the struct replaces the promoted one.
//
// # Limits
//
// Package fmt cannot call methods on an unexported field. A struct that keeps a secret in one must
// embed Fields too. So must a struct that embeds two structs with Fields, because Go promotes
// neither's methods. The verbs %p and %w, which are wrong for a struct and which go vet reports,
// print the fields. Packages that read fields by reflection and call none of these methods, such as
// encoding/asn1, text/template and go-cmp, see the secrets.
package redact

import (
	"errors"
	"fmt"
	"io"
)

const redacted = "[redacted]"

// Fields hides the fields of the struct that embeds it.
type Fields struct{}

// Format prints "[redacted]" for every verb.
func (Fields) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText returns "[redacted]".
func (Fields) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// GobEncode returns an error. Redacted text would be lost data for a program that decodes it.
func (Fields) GobEncode() ([]byte, error) {
	return nil, errors.New("redact: a value with secrets is not encoded as gob:" +
		" use its Save method, or encode its fields one by one")
}
