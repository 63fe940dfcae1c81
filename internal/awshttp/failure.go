package awshttp

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/loginwithcognito/cognito/awserr"
)

// A Failure is a response of a service whose status is not 200. It contains neither the body nor
// any part of the request.
type Failure struct {
	Code       string // such as "NotAuthorizedException"; "HTTP 502" if the response has none
	Message    string // one line of at most 1024 bytes
	RequestID  string
	StatusCode int
	Header     http.Header // headers of the response
	ReasonCode string      // a further code of some JSON responses
	Err        error       // error of the context, if it prevented a retry
}

// Error returns the text of an awserr.Error without its service and operation.
func (f *Failure) Error() string { return f.named("", "").Error() }

// Unwrap returns f.Err.
func (f *Failure) Unwrap() error { return f.Err }

func (f *Failure) named(service, operation string) *awserr.Error {
	return &awserr.Error{
		Service:    service,
		Operation:  operation,
		Code:       f.Code,
		Message:    f.Message,
		StatusCode: f.StatusCode,
		RequestID:  f.RequestID,
		ReasonCode: f.ReasonCode,
		Err:        f.Err,
	}
}

// Wrap adds the names of the package and the operation to an error, and turns a *Failure into an
// *awserr.Error.
func Wrap(service, operation string, err error) error {
	if f, ok := err.(*Failure); ok {
		return f.named(service, operation)
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", service, operation, err)
	}
	return nil
}

// failure returns the Failure of a response, with bounded and printable texts.
func (r *Request) failure(resp *Response) *Failure {
	f := new(Failure)
	if r.Failure != nil {
		f = cmp.Or(r.Failure(resp), f)
	}
	f.StatusCode, f.Header = resp.StatusCode, resp.Header
	f.Code = Clean(f.Code, 128)
	f.Message = Clean(f.Message, 1024)
	f.RequestID = Clean(cmp.Or(f.RequestID, RequestID(resp.Header)), 128)
	f.ReasonCode = Clean(f.ReasonCode, 128)
	if f.Code != "" {
		return f
	}
	f.Code = fmt.Sprintf("HTTP %d", resp.StatusCode)
	if resp.StatusCode/100 == 3 {
		f.Message = cmp.Or(f.Message, "the server redirects to another address, which is not"+
			" followed because it would receive secrets: check the Region and the Endpoint")
	}
	f.Message = cmp.Or(f.Message, "the response has no error code of the service:"+
		" a proxy or firewall may have sent it")
	return f
}

// RequestID returns the request ID in the headers of a response, or "" if there is none.
func RequestID(h http.Header) string {
	return cmp.Or(h.Get("X-Amzn-Requestid"), h.Get("X-Amz-Request-Id"))
}

// Clean makes text from the network fit for one line of a log. It returns valid UTF-8 of at most
// limit bytes, in which one space replaces each run of characters that are not printable.
func Clean(text string, limit int) string {
	text = strings.ToValidUTF8(text[:min(len(text), limit)], "")
	return strings.Join(strings.FieldsFunc(text, blank), " ")
}

func blank(c rune) bool { return c == ' ' || !strconv.IsPrint(c) }
