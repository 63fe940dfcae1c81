package cognitotest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestClientHosts(t *testing.T) {
	c := Example().Client()
	for url, want := range map[string]string{
		"https://example.com/":                                      "no such host",
		"https://cognito-idp.us-east-1.amazonaws.com.evil.com/":     "no such host",
		"https://cognito-idp.us-east-1.amazonaws.com:8443/":         "no such host",
		"https://dynamodb.us-east-1.amazonaws.com/":                 "no such host",
		"http://cognito-idp.us-east-1.amazonaws.com/":               "https only",
		"https://a.dotted.bucket.s3.us-east-1.amazonaws.com/":       "certificate",
		"http://localhost:9/us-east-1_EXAMPLE00/.well-known/x":      "",
		"https://127.0.0.1/us-east-1_EXAMPLE00/.well-known/x":       "",
		"https://COGNITO-IDP.us-east-1.amazonaws.com/":              "",
		"https://cognito-idp-fips.us-gov-west-1.amazonaws.com:443/": "",
		"https://cognito-idp.us-gov-west-1.api.aws/":                "",
		"https://cognito-identity.cn-north-1.amazonaws.com.cn/":     "",
	} {
		body := &closer{Reader: strings.NewReader("x")}
		req, _ := http.NewRequest("GET", url, body)
		resp, err := c.Do(req)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", url, err)
				continue
			}
			resp.Body.Close()
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
		if !body.closed.Load() {
			t.Errorf("%s: the body of the request is not closed", url)
		}
	}
}

// closer is a request body that knows whether it was closed, and a reader that it then unblocks.
type closer struct {
	io.Reader
	closed atomic.Bool
	after  func()
}

func (c *closer) Close() error {
	if !c.closed.Swap(true) && c.after != nil {
		c.after()
	}
	return nil
}

func TestClientContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		s.Fault = func(r *http.Request) *http.Response {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Hour):
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		req, _ := http.NewRequestWithContext(ctx, "GET", "https://cognito-identity.amazonaws.com/.well-known/jwks.json", nil)
		if _, err := s.Client().Do(req); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		// A client that gives up while the server waits for the rest of its body leaves no goroutine behind: synctest
		// would not end.
		r, w := io.Pipe()
		req, _ = http.NewRequestWithContext(ctx, "POST", "https://cognito-identity.us-east-1.amazonaws.com/", &closer{Reader: r, after: func() { w.Close() }})
		if _, err := s.Client().Do(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with an endless body: %v", err)
		}
		cause := errors.New("the test is over")
		ctx2, cancel2 := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel2(cause) })
		req, _ = http.NewRequestWithContext(ctx2, "GET", "https://cognito-identity.amazonaws.com/.well-known/jwks.json", nil)
		if _, err := s.Client().Do(req); !errors.Is(err, cause) {
			t.Errorf("cancelled: %v", err)
		}
	})
}
