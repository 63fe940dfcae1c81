package awshttp

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
)

// A Response is a complete answer.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

// A Failure is an answer of a service that is not 200. It holds neither the body nor anything that was sent.
type Failure struct {
	Code       string // such as "NotAuthorizedException"; "HTTP 502" if the answer named none
	Message    string // at most 1024 bytes of it, without control characters
	RequestID  string
	StatusCode int
	Header     http.Header // of the answer
	ReasonCode string      // a further code that some answers in JSON have
	Ended      error       // of the context, if that is why the request was not repeated; else nil
}

// Error is the code, the message, the status and the request id, as far as they are there, and Ended.
func (f *Failure) Error() string {
	s := f.Code
	if f.Message != "" {
		s += ": " + f.Message
	}
	s += fmt.Sprintf(" (status %d", f.StatusCode)
	if f.RequestID != "" {
		s += ", request id " + f.RequestID
	}
	s += ")"
	if f.Ended != nil {
		s += "; not repeated: " + f.Ended.Error()
	}
	return s
}

// Unwrap is Ended.
func (f *Failure) Unwrap() error { return f.Ended }

// read reads an answer of host.
func (r *Request) read(answer *http.Response, host string, limit int64) (*Response, error) {
	body := &limitedBody{body: answer.Body, left: limit}
	resp := &Response{StatusCode: answer.StatusCode, Header: answer.Header}
	var err error
	if r.Read != nil && answer.StatusCode == http.StatusOK {
		err = r.Read(body)
	} else {
		resp.Body, err = io.ReadAll(body)
	}
	switch {
	case body.left < 0:
		return nil, fmt.Errorf("%s: the answer (status %d) is longer than %d bytes", host, answer.StatusCode, limit)
	case body.err != nil:
		return nil, lost(host, fmt.Errorf("the answer (status %d) broke off: %w", answer.StatusCode, body.err), false)
	case err != nil:
		return nil, err
	case resp.StatusCode != http.StatusOK:
		return nil, r.failure(resp)
	}
	return resp, nil
}

// limitedBody is a body that is an error after so many bytes.
type limitedBody struct {
	body io.Reader
	left int64 // negative: it was too long
	err  error // of body
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 || b.err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

func (r *Request) failure(resp *Response) *Failure {
	f := new(Failure)
	if r.Failure != nil {
		if read := r.Failure(resp); read != nil {
			f = read
		}
	}
	f.StatusCode, f.Header = resp.StatusCode, resp.Header
	f.RequestID = cmp.Or(f.RequestID, RequestID(resp.Header))
	f.Code, f.Message, f.RequestID, f.ReasonCode = Clean(f.Code, 128), Clean(f.Message, 1024), Clean(f.RequestID, 128), Clean(f.ReasonCode, 128)
	if f.Code == "" {
		f.Code = fmt.Sprintf("HTTP %d", resp.StatusCode)
		if f.Message == "" && resp.StatusCode/100 == 3 {
			f.Message = "the server redirects to another address, which is not followed because it would be sent secrets; check the Region and the Endpoint"
		} else if f.Message == "" {
			f.Message = "the answer names no error of the service; something between here and there may have sent it"
		}
	}
	return f
}

// RequestID is the request id in the headers of an answer, "" if there is none.
func RequestID(h http.Header) string {
	return cmp.Or(h.Get("X-Amzn-Requestid"), h.Get("X-Amz-Request-Id"))
}

// Clean is text from the wire made fit for one line of a log: valid UTF-8, at most limit bytes, every run of
// characters that do not print one space.
func Clean(text string, limit int) string {
	cut := text[:min(len(text), limit)]
	cut = strings.ToValidUTF8(cut, "")
	return strings.Join(strings.FieldsFunc(cut, func(c rune) bool { return c == ' ' || !unicode.IsPrint(c) }), " ")
}
