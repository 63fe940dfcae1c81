package cognitotest

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// serviceError is an answer of a service that is no success. The AWS JSON 1.1 protocol sends it with status 400.
type serviceError struct{ code, message string }

func (e *serviceError) Error() string { return e.code + ": " + e.message }

func refuse(code, format string, args ...any) error {
	return &serviceError{code, fmt.Sprintf(format, args...)}
}

// object is a JSON object to be sent.
type object = map[string]any

// call is a request to a JSON service.
type call struct {
	host host
	body []byte
}

// operation answers one operation of a JSON service. Its error is always a *serviceError.
type operation func(s *Server, in call) (object, error)

const jsonType = "application/x-amz-json-1.1"

// serveJSON answers one request in the AWS JSON 1.1 protocol (Smithy documentation, "AWS JSON 1.1 protocol").
func (s *Server) serveJSON(w http.ResponseWriter, r *http.Request, body []byte, do operation) {
	out, err := object(nil), error(nil)
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/" || do == nil:
		err = refuse("UnknownOperationException", "%s %s with X-Amz-Target %q is not an operation of the stand-in", r.Method, r.URL.Path, r.Header.Get("X-Amz-Target"))
	case mediaType != jsonType:
		err = refuse("UnknownOperationException", "Content-Type is %q, want %s", r.Header.Get("Content-Type"), jsonType)
	case !utf8.Valid(body):
		err = refuse("SerializationException", "body is not UTF-8")
	default:
		out, err = do(s, call{parseHost(r.Host), body})
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("x-amzn-RequestId", newUUID())
	if err == nil {
		writeJSON(w, http.StatusOK, out)
		return
	}
	e := err.(*serviceError)
	w.Header().Set("x-amzn-ErrorType", e.code+":")
	w.Header().Set("x-amzn-ErrorMessage", strings.Map(printable, e.message))
	writeJSON(w, http.StatusBadRequest, object{"__type": e.code, "message": e.message})
}

// printable replaces what may not stand in a header.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // objects are made here, of strings and numbers
	}
	w.WriteHeader(status)
	w.Write(b)
}

// read decodes the body's members into the variables given by name; those that are required must be there. Names are
// matched by case, as AWS does and encoding/json does not; null is the same as absent; other members are ignored.
func (in call) read(members map[string]any, required ...string) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(in.body, &raw); err != nil {
		return refuse("SerializationException", "body is not a JSON object: %v", err)
	}
	names := slices.Sorted(maps.Keys(members))
	for _, name := range names {
		if value, ok := raw[name]; ok && json.Unmarshal(value, members[name]) != nil {
			return refuse("SerializationException", "%s is of the wrong JSON type", name)
		}
	}
	for _, name := range names {
		switch value := string(raw[name]); {
		case value == `""`:
			return refuse("InvalidParameterException", "1 validation error detected: Value '' at '%s' failed to satisfy constraint: Member must have length greater than or equal to 1", member(name))
		case (value == "" || value == "null") && slices.Contains(required, name):
			return refuse("InvalidParameterException", "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member(name))
		}
	}
	return nil
}

// parameters checks that a map of AuthParameters or ChallengeResponses has what the flow needs, names with spaces between.
func parameters(m map[string]string, names string) error {
	for name := range strings.FieldsSeq(names) {
		if m[name] == "" {
			return refuse("InvalidParameterException", "Missing required parameter %s", name)
		}
	}
	return nil
}

// member writes a name as AWS's validation messages do.
func member(name string) string { return strings.ToLower(name[:1]) + name[1:] }
