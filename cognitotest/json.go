package cognitotest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/cognitotest/internal/sigv4check"
)

// refusal is an error response of a service. The AWS JSON 1.1 protocol sends it with status 400.
type refusal = sigv4check.Refusal

// deny returns an error response of STS or S3.
func deny(status int, code, message string, details ...string) error {
	return sigv4check.Refuse(status, code, message, details...)
}

// refuse returns an error response of a JSON service.
func refuse(code, format string, args ...any) error {
	return deny(http.StatusBadRequest, code, fmt.Sprintf(format, args...))
}

func invalid(format string, args ...any) error {
	return refuse("InvalidParameterException", format, args...)
}

func notAuthorized(format string, args ...any) error {
	return refuse("NotAuthorizedException", format, args...)
}

// object is a JSON object of a response.
type object = map[string]any

// params are AuthParameters, ChallengeParameters or ChallengeResponses.
type params = map[string]string

const (
	jsonType = "application/x-amz-json-1.1"
	formType = "application/x-www-form-urlencoded"
)

// targets are the prefixes of X-Amz-Target by service.
var targets = map[string]string{
	"cognito-idp":      "AWSCognitoIdentityProviderService.",
	"cognito-identity": "AWSCognitoIdentityService.",
}

// serveJSON responds in the AWS JSON 1.1 protocol (Smithy documentation, "AWS JSON 1.1 protocol").
func (s *Server) serveJSON(
	w http.ResponseWriter, r *http.Request, body []byte, service string,
) func() {
	out, err := s.call(r, body, service)
	status := http.StatusOK
	if err != nil {
		e := err.(*refusal)
		status = e.Status
		out = object{"__type": e.Code, "message": e.Message}
		w.Header().Set("x-amzn-ErrorType", e.Code+":")
		w.Header().Set("x-amzn-ErrorMessage", strings.Map(printable, e.Message))
	}
	w.Header().Set("x-amzn-RequestId", newUUID())
	return writeJSON(w, status, jsonType, out)
}

// call runs the operation that the request names.
func (s *Server) call(r *http.Request, body []byte, service string) (object, error) {
	target := r.Header.Get("X-Amz-Target")
	name, prefixed := strings.CutPrefix(target, targets[service])
	o, known := operations[service][name]
	contentType := r.Header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType)
	switch {
	case !prefixed || !known || r.Method != http.MethodPost || r.URL.Path != "/":
		return nil, refuse("UnknownOperationException",
			"cognitotest does not implement %s %s with X-Amz-Target %q",
			r.Method, r.URL.Path, target)
	case mediaType != jsonType:
		return nil, refuse("UnknownOperationException",
			"Content-Type is %q, want %s", contentType, jsonType)
	case !utf8.Valid(body):
		return nil, refuse("SerializationException", "body is not UTF-8")
	}
	in := &request{http: r, body: body, host: parseHost(r.Host)}
	if err := in.decode(body, strings.Fields(o.required)); err != nil {
		return nil, err
	}
	if err := o.admit(s, in); err != nil {
		return nil, err
	}
	return o.do(s, in)
}

// printable replaces characters that a header must not contain.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// writeJSON returns a function that writes v, which it encodes at once.
func writeJSON(w http.ResponseWriter, status int, contentType string, v object) func() {
	text := jsonText(v)
	return func() {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		w.Write([]byte(text))
	}
}

// jsonText returns the JSON encoding of v, which this package made from strings, numbers and lists.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// decode stores the members of the body in in and checks that the required ones are present. The
// comparison of names is case-sensitive, as on AWS and unlike encoding/json. A null is the same as
// a missing member. Unknown members are ignored.
func (in *input) decode(body []byte, required []string) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return refuse("SerializationException", "body is not a JSON object: %v", err)
	}
	members := reflect.ValueOf(in).Elem()
	for i := range members.NumField() {
		name := members.Type().Field(i).Name
		value, ok := raw[name]
		if ok && json.Unmarshal(value, members.Field(i).Addr().Interface()) != nil {
			return refuse("SerializationException", "%s has the wrong JSON type", name)
		}
	}
	for i := range members.NumField() {
		name := members.Type().Field(i).Name
		switch value := string(raw[name]); {
		case value == `""`:
			return invalid("1 validation error detected: Value '' at '%s' failed to satisfy "+
				"constraint: Member must have length greater than or equal to 1", member(name))
		case (value == "" || value == "null") && slices.Contains(required, name):
			return invalid("1 validation error detected: Value null at '%s' failed to satisfy "+
				"constraint: Member must not be null", member(name))
		}
	}
	return nil
}

// member returns the name of a member as AWS's validation messages write it.
func member(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// requireParams checks that p has the space-separated names that a flow or a challenge requires.
func requireParams(p params, names string) error {
	for name := range strings.FieldsSeq(names) {
		if p[name] == "" {
			return invalid("Missing required parameter %s", name)
		}
	}
	return nil
}
