package cognitotest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestClientHosts(t *testing.T) {
	client := Example().Client()
	for _, tt := range []struct{ url, want string }{
		{"https://example.com/", "no such host"},
		{"https://cognito-idp.us-east-1.amazonaws.com.evil.com/", "no such host"},
		{"https://cognito-idp.us-east-1.amazonaws.com:8443/", "no such host"},
		{"https://dynamodb.us-east-1.amazonaws.com/", "no such host"},
		{"http://cognito-idp.us-east-1.amazonaws.com/", "https only"},
		{"https://a.dotted.bucket.s3.us-east-1.amazonaws.com/", "certificate"},
		{"http://localhost:9/us-east-1_EXAMPLE00/.well-known/x", ""},
		{"https://127.0.0.1/us-east-1_EXAMPLE00/.well-known/x", ""},
		{"https://COGNITO-IDP.us-east-1.amazonaws.com/", ""},
		{"https://cognito-idp-fips.us-gov-west-1.amazonaws.com:443/", ""},
		{"https://cognito-idp.us-gov-west-1.api.aws/", ""},
		{"https://cognito-identity.cn-north-1.amazonaws.com.cn/", ""},
	} {
		body := &closer{Reader: strings.NewReader("x")}
		r, err := http.NewRequest("GET", tt.url, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		switch {
		case err == nil && tt.want == "":
			resp.Body.Close()
		case err == nil || tt.want == "" || !strings.Contains(err.Error(), tt.want):
			t.Errorf("Get(%s) = %v, want %q", tt.url, err, tt.want)
		}
		if !body.closed.Load() {
			t.Errorf("Get(%s) leaves the body of the request open", tt.url)
		}
	}
}

// closer is a request body that records Close, and then calls after.
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

// Header names that are not in canonical form arrive as over a connection.
func TestClientHeaderNames(t *testing.T) {
	p := newPeer(t, Example())
	r, err := http.NewRequest("POST", idpURL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header["x-amz-target"] = []string{"AWSCognitoIdentityProviderService.GetUser"}
	r.Header["content-type"] = []string{jsonType}
	p.do(r).want(t, "InvalidParameterException")
}

func TestClientContext(t *testing.T) {
	const keys = "https://cognito-identity.amazonaws.com/.well-known/jwks.json"
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		do := func(ctx context.Context, method, url string, body io.Reader) error {
			r, err := http.NewRequestWithContext(ctx, method, url, body)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Client().Do(r)
			return err
		}
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
		err := do(ctx, "GET", keys, nil)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("Do = %v after %v, want DeadlineExceeded after 1m", err, time.Since(start))
		}
		// The server waits for the rest of the body. When the client gives up, the goroutine must
		// end, because synctest waits for it.
		r, w := io.Pipe()
		body := &closer{Reader: r, after: func() { w.Close() }}
		err = do(ctx, "POST", identityURL, body)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do with an endless body = %v, want DeadlineExceeded", err)
		}
		cause := errors.New("the test is over")
		ctx2, cancel2 := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel2(cause) })
		if err := do(ctx2, "GET", keys, nil); !errors.Is(err, cause) {
			t.Errorf("Do with a cancelled context = %v, want the cause", err)
		}
	})
}

// A client that gives up while an operation runs waits for its end, so that a test may then change
// the server's fields.
func TestClientWaitsForOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := Example()
		pool := &s.UserPools[0]
		pool.Clients[0].ExplicitAuthFlows = []string{"ALLOW_CUSTOM_AUTH"}
		pool.CustomAuth = func(CustomAuthRequest) CustomAuthResponse {
			cancel()
			time.Sleep(time.Minute)
			return CustomAuthResponse{}
		}
		body := jsonText(object{
			"ClientId":       ExampleClientID,
			"AuthFlow":       "CUSTOM_AUTH",
			"AuthParameters": params{"USERNAME": ExampleUser},
		})
		r, err := http.NewRequestWithContext(ctx, "POST", idpURL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", jsonType)
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
		start := time.Now()
		_, err = s.Client().Do(r)
		if !errors.Is(err, context.Canceled) || time.Since(start) != time.Minute {
			t.Errorf("Do = %v after %v, want Canceled after 1m", err, time.Since(start))
		}
	})
}

// The transport completes a request like the one of net/http.
func TestClientDefaults(t *testing.T) {
	u, err := url.Parse("https://cognito-identity.amazonaws.com/.well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := Example().Client().Transport.RoundTrip(&http.Request{URL: u})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != 200 {
		t.Errorf("RoundTrip = %d, want 200", resp.StatusCode)
	}
}

// An abandoned request does not read the fields of the server, so a test may then set them. The
// race detector decides.
func TestFieldsAfterAbandonedRequest(t *testing.T) {
	for range 10 {
		server := Example()
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodHead, identityURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		go cancel()
		if resp, err := server.Client().Do(r); err == nil {
			resp.Body.Close()
		}
		server.Fault = func(*http.Request) *http.Response { return nil }
		server.UserPools = nil
		server.IdentityPools = nil
		server.Buckets = nil
	}
}
