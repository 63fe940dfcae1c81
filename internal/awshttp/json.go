package awshttp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// Members are the members of a JSON object by their names in the service's API. Those with an empty
// value (zero, or a map or list without elements) are not sent.
type Members map[string]any

// DoJSON calls an operation of the AWS JSON 1.1 protocol. It posts in to u with target in the
// header X-Amz-Target, and reads the response into out by the rules of package strictjson. An empty
// response leaves out unchanged. DoJSON sets New and Failure of r.
func (s *Sender) DoJSON(
	ctx context.Context, r Request, u *url.URL, target string, in Members, out any,
) error {
	text, err := in.encode()
	if err != nil {
		return err
	}
	r.New = func(ctx context.Context, _ time.Time) (*http.Request, error) {
		body := bytes.NewReader(text)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), body)
		if err == nil {
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			req.Header.Set("X-Amz-Target", target)
		}
		return req, err
	}
	r.Failure = JSONFailure
	resp, err := s.Do(ctx, r)
	if err != nil || len(bytes.TrimSpace(resp.Body)) == 0 {
		return err
	}
	if strictjson.Unmarshal(resp.Body, out) != nil { // the error could quote a secret
		why := "the response is not the JSON object that this operation returns"
		if id := RequestID(resp.Header); id != "" {
			why += " (request ID " + Clean(id, 128) + ")"
		}
		if !bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte("{")) {
			return Unanswered(why)
		}
		return errors.New(why)
	}
	return nil
}

// Unanswered is the error of a response with status 200 that shows that the server did not carry
// out the operation.
type Unanswered string

// Error returns the text.
func (e Unanswered) Error() string { return string(e) }

// encode returns m as JSON.
func (m Members) encode() ([]byte, error) {
	m, err := m.sent()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err = e.Encode(m)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// sent returns m without its empty members. Text that is not UTF-8 is an error: encoding/json would
// change it silently, for example in a password.
func (m Members) sent() (Members, error) {
	sent := make(Members)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		var err error
		value := m[name]
		switch v := value.(type) {
		case Members:
			value, err = v.sent()
		case string:
			if !utf8.ValidString(v) {
				err = fmt.Errorf("%s is not valid UTF-8", name)
			}
		case map[string]string:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				if !utf8.ValidString(key) || !utf8.ValidString(v[key]) {
					err = cmp.Or(err, fmt.Errorf("%s: %q is not valid UTF-8", name, key))
				}
			}
		}
		if err != nil {
			return nil, err
		}
		if !empty(reflect.ValueOf(value)) {
			sent[name] = value
		}
	}
	return sent, nil
}

func empty(v reflect.Value) bool {
	if v.Kind() == reflect.Map || v.Kind() == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}

// JSONFailure reads the error of an AWS JSON 1.1 response. The code is in the header
// x-amzn-ErrorType, the member code, or the member __type, in that order (amplify-js
// parseJsonError), either alone or as namespace#Code:URL. Member names are matched exactly.
// Decoding into a struct would read message as Message.
func JSONFailure(resp *Response) *Failure {
	var members map[string]json.RawMessage
	if json.Unmarshal(resp.Body, &members) != nil {
		members = nil
	}
	first := func(names ...string) (text string) {
		for _, name := range names {
			if json.Unmarshal(members[name], &text) == nil && text != "" {
				return text
			}
		}
		return ""
	}
	code := cmp.Or(resp.Header.Get("X-Amzn-Errortype"), first("code", "__type"))
	if i := strings.IndexAny(code, ",:"); i >= 0 { // before "#", which the URL may contain
		code = code[:i]
	}
	return &Failure{
		Code:       strings.TrimSpace(code[strings.LastIndexByte(code, '#')+1:]),
		Message:    cmp.Or(first("message", "Message"), resp.Header.Get("X-Amzn-Errormessage")),
		ReasonCode: first("reasonCode"),
	}
}
