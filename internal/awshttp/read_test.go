package awshttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// A body that is read as it comes: from the start again if it breaks off, and never beyond the limit.
func TestRead(t *testing.T) {
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		bodies []io.Reader // one for each attempt
		status int
		read   error  // what Read ends with, if it came to the end
		want   string // of the error
	}{
		"good":              {bodies: []io.Reader{strings.NewReader("12345678")}},
		"in parts":          {bodies: []io.Reader{iotest.OneByteReader(strings.NewReader("12345678"))}},
		"broke off":         {bodies: []io.Reader{io.MultiReader(strings.NewReader("1234"), iotest.ErrReader(io.ErrUnexpectedEOF)), strings.NewReader("12345678")}},
		"breaks off always": {bodies: []io.Reader{iotest.ErrReader(io.ErrUnexpectedEOF), iotest.ErrReader(io.ErrUnexpectedEOF), iotest.ErrReader(io.ErrUnexpectedEOF)}, want: "broke off"},
		"too long":          {bodies: []io.Reader{strings.NewReader("123456789")}, want: "longer than 8 bytes"},
		"refused":           {bodies: []io.Reader{strings.NewReader("1")}, read: refused, want: "refused"},
		"another status":    {bodies: []io.Reader{strings.NewReader("1")}, status: 404, want: "HTTP 404"},
	} {
		synctest.Test(t, func(t *testing.T) {
			attempts, got := 0, ""
			var s Sender
			resp, err := s.Do(t.Context(), Request{
				HTTPClient: &http.Client{Transport: answers(func(*http.Request) *http.Response {
					attempts++
					return &http.Response{StatusCode: max(200, test.status), Header: http.Header{}, Body: io.NopCloser(test.bodies[attempts-1])}
				})},
				Idempotent: true,
				MaxBody:    8,
				New: func(ctx context.Context, _ time.Time) (*http.Request, error) {
					return http.NewRequestWithContext(ctx, "GET", "https://example.com/", nil)
				},
				Read: func(body io.Reader) error {
					text, err := io.ReadAll(body)
					if got = string(text); err != nil {
						return err
					}
					return test.read
				},
			})
			if attempts != len(test.bodies) {
				t.Errorf("%s: %d attempts", name, attempts)
			}
			switch {
			case test.want == "" && (err != nil || resp.Body != nil || got != "12345678"):
				t.Errorf("%s: %q, %v", name, got, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%s: %v, want %s", name, err, test.want)
			case test.status != 0 && got != "":
				t.Errorf("%s: read %q", name, got)
			case test.read != nil && !errors.Is(err, refused):
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// answers is an http.RoundTripper without an error.
type answers func(*http.Request) *http.Response

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
