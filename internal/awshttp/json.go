package awshttp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DoJSON makes a call of the AWS JSON 1.1 protocol: it posts in to u with target in X-Amz-Target, and reads the
// answer into out. An empty body leaves out as it is. New and Failure of r are set here.
func (s *Sender) DoJSON(ctx context.Context, r Request, u *url.URL, target string, in, out any) error {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false) // it is not HTML, and "<" is one byte
	if err := e.Encode(in); err != nil {
		return errors.New("the request cannot be written as JSON")
	}
	text := bytes.TrimSuffix(body.Bytes(), []byte("\n"))
	r.New = func(ctx context.Context, _ time.Time) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(text))
		if err == nil {
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			req.Header.Set("X-Amz-Target", target)
		}
		return req, err
	}
	r.Failure = JSONFailure
	resp, err := s.Do(ctx, r)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(resp.Body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(resp.Body, out); err != nil { // its text may quote the answer
		return errors.New("the answer is not the JSON object that this operation returns" + idText(resp.Header))
	}
	return nil
}

func idText(h http.Header) string {
	if id := RequestID(h); id != "" {
		return " (request id " + Clean(id, 128) + ")"
	}
	return ""
}

// JSONFailure reads the error forms of AWS JSON 1.1. The code is in the header x-amzn-ErrorType, or in the member
// code, or in __type, in that order (amplify-js parseJsonError), alone or as namespace#Code:URL. Members are looked
// up by their exact names: decoding into a struct would take message for Message.
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
	if i := strings.IndexAny(code, ",:"); i >= 0 { // before the "#", because the URL may have one
		code = code[:i]
	}
	return &Failure{
		Code:       strings.TrimSpace(code[strings.LastIndexByte(code, '#')+1:]),
		Message:    cmp.Or(first("message", "Message"), resp.Header.Get("X-Amzn-Errormessage")),
		ReasonCode: first("reasonCode"),
	}
}
