package awshttp

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
)

const defaultMaxBody = 1 << 20

// A Response is a response that was read to its end.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

// read reads a response of host. A status other than 200 makes it a *Failure.
func (r *Request) read(from *http.Response, host string) (*Response, error) {
	limit := cmp.Or(r.MaxBody, defaultMaxBody)
	body := &limitedBody{body: from.Body, left: limit}
	resp := &Response{StatusCode: from.StatusCode, Header: from.Header}
	var err error
	if r.Read != nil && from.StatusCode == http.StatusOK {
		err = r.Read(body)
	} else {
		resp.Body, err = io.ReadAll(body)
	}
	switch {
	case body.left < 0:
		return nil, fmt.Errorf("%s: the response (status %d) is longer than %d bytes",
			host, from.StatusCode, limit)
	case body.err != nil:
		err = fmt.Errorf("the response (status %d) broke off: %w", from.StatusCode, body.err)
		return nil, disconnected(host, err, false)
	case err != nil:
		return nil, err
	case resp.StatusCode != http.StatusOK:
		return nil, r.failure(resp)
	}
	return resp, nil
}

// A limitedBody fails after a number of bytes.
type limitedBody struct {
	body io.Reader
	left int64 // negative if the body is too long
	err  error // error of body
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
