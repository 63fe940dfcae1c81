package awshttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

func TestResponses(t *testing.T) {
	const foreign = "the response has no error code of the service:" +
		" a proxy or firewall may have sent it"
	for _, test := range []struct {
		name     string
		response *http.Response
		want     string // error, or ""
	}{
		{"success", fakehttp.Response(200, "body"), ""},
		{"empty success", fakehttp.Response(200, ""), ""},
		{"at the limit", fakehttp.Response(200, strings.Repeat("x", 96)), ""},
		{
			"over the limit",
			fakehttp.Response(200, strings.Repeat("x", 97)),
			"service.example: the response (status 200) is longer than 96 bytes",
		},
		{
			"error over the limit",
			fakehttp.Response(400, strings.Repeat("x", 97)),
			"service.example: the response (status 400) is longer than 96 bytes",
		},
		{
			"other success",
			fakehttp.Response(204, ""),
			"HTTP 204: " + foreign + " (status 204)",
		},
		{
			"HTML",
			fakehttp.Response(403, "<html>no</html>", "X-Amzn-Requestid", "r-1"),
			"HTTP 403: " + foreign + " (status 403, request ID r-1)",
		},
		{
			"request ID of S3",
			fakehttp.Response(403, "", "X-Amz-Request-Id", "r-2", "X-Amzn-Errortype", "A"),
			"A (status 403, request ID r-2)",
		},
		{
			"code and message",
			fakehttp.Response(400, `{"__type":"a#B","message":"c"}`),
			"B: c (status 400)",
		},
		{
			"control characters",
			fakehttp.Response(400,
				`{"__type":"a#B","message":"one\r\ntwo\u001b[31m\u2028\ttab\u202e"}`),
			"B: one two [31m tab (status 400)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := fakehttp.Client(func(*http.Request) *http.Response { return test.response })
			resp, err := new(Sender).Do(t.Context(), Request{
				HTTPClient: client,
				New:        post(address),
				Failure:    JSONFailure,
				MaxBody:    96,
			})
			if test.want != "" {
				if err == nil || err.Error() != test.want {
					t.Errorf("Do = %v, want %s", err, test.want)
				}
				return
			}
			if err != nil || resp.StatusCode != 200 {
				t.Errorf("Do = %v, %v, want status 200", resp, err)
			}
		})
	}
}

// TestCompressedBodyIsBounded checks that the limit applies to the decompressed body.
func TestCompressedBodyIsBounded(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write(make([]byte, 2<<20)) // a bytes.Buffer does not fail
	w.Close()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped.Bytes())
	})
	r := Request{HTTPClient: server.Client(), New: post(server.URL)}
	_, err := new(Sender).Do(t.Context(), r)
	if err == nil || !strings.Contains(err.Error(), "longer than 1048576 bytes") {
		t.Errorf("Do = %v, want an error about the length", err)
	}
}

// TestRead checks bodies that are read while they arrive. Read gets the body from its start again
// if it breaks off, and no more than the limit.
func TestRead(t *testing.T) {
	refused := errors.New("refused")
	whole := func() io.Reader { return strings.NewReader("12345678") }
	broken := func() io.Reader { return iotest.ErrReader(io.ErrUnexpectedEOF) }
	for _, test := range []struct {
		name   string
		bodies []io.Reader // one for each attempt
		status int
		read   error  // error of Read at the end of the body
		want   string // error, or ""
	}{
		{name: "whole", bodies: []io.Reader{whole()}},
		{name: "in parts", bodies: []io.Reader{iotest.OneByteReader(whole())}},
		{
			name:   "breaks off once",
			bodies: []io.Reader{io.MultiReader(strings.NewReader("1234"), broken()), whole()},
		},
		{
			name:   "breaks off each time",
			bodies: []io.Reader{broken(), broken(), broken()},
			want:   "broke off",
		},
		{
			name:   "too long",
			bodies: []io.Reader{strings.NewReader("123456789")},
			want:   "longer than 8 bytes",
		},
		{
			name:   "refused",
			bodies: []io.Reader{strings.NewReader("1")},
			read:   refused,
			want:   "refused",
		},
		{
			name:   "other status",
			bodies: []io.Reader{strings.NewReader("1")},
			status: 404,
			want:   "HTTP 404",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts, got := 0, ""
				client := fakehttp.Client(func(*http.Request) *http.Response {
					attempts++
					return fakehttp.Stream(max(200, test.status), test.bodies[attempts-1])
				})
				resp, err := new(Sender).Do(t.Context(), Request{
					HTTPClient: client,
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
					t.Errorf("%d attempts, want %d", attempts, len(test.bodies))
				}
				if test.want == "" && (err != nil || resp.Body != nil || got != "12345678") {
					t.Errorf("Do = %v, Read got %q, want 12345678", err, got)
				}
				if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("Do = %v, want %s", err, test.want)
				}
				if test.status != 0 && got != "" {
					t.Errorf("Read got %q of an error response", got)
				}
				if test.read != nil && !errors.Is(err, refused) {
					t.Errorf("Do = %v, want the error of Read", err)
				}
			})
		})
	}
}
