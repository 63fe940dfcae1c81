package cognitoid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is a client whose every request gets the same answer; sent counts the requests.
func answering(status int, body string) (c *Client, sent *int) {
	sent = new(int)
	return &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		*sent++
		return &http.Response{StatusCode: status, Header: http.Header{"X-Amzn-Requestid": {"r-1"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})}}, sent
}

const (
	poolID = "us-east-1:01234567-89ab-cdef-0123-456789abcdef"
	id     = "us-east-1:fedcba98-7654-3210-fedc-ba9876543210"
)

// Each operation is repeated, and ends in the service's own error.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		code   string
		times  int
	}{
		{400, `{"__type":"NotAuthorizedException","message":"Unauthenticated access is not supported for this identity pool."}`, CodeNotAuthorized, 1},
		{400, `{"__type":"ResourceNotFoundException"}`, CodeResourceNotFound, 1},
		{400, `{"__type":"TooManyRequestsException"}`, CodeTooManyRequests, 3},
		{500, `{"__type":"InternalErrorException"}`, CodeInternalError, 3},
		{502, `<html>`, "HTTP 502", 3},
	} {
		for operation, call := range map[string]func(context.Context, *Client) error{
			"GetId": func(ctx context.Context, c *Client) error {
				_, err := c.GetID(ctx, GetIDInput{IdentityPoolID: poolID})
				return err
			},
			"GetCredentialsForIdentity": func(ctx context.Context, c *Client) error {
				_, err := c.GetCredentialsForIdentity(ctx, GetCredentialsForIdentityInput{IdentityID: id})
				return err
			},
			"GetOpenIdToken": func(ctx context.Context, c *Client) error {
				_, err := c.GetOpenIDToken(ctx, GetOpenIDTokenInput{IdentityID: id})
				return err
			},
		} {
			synctest.Test(t, func(t *testing.T) {
				c, sent := answering(test.status, test.body)
				err := call(t.Context(), c)
				var e *Error
				if !errors.As(err, &e) || e.Code != test.code || e.Operation != operation || e.StatusCode != test.status || e.RequestID != "r-1" || *sent != test.times {
					t.Errorf("%s: %v after %d attempts", operation, err, *sent)
				}
				if err != nil && !strings.HasPrefix(err.Error(), "cognitoid: "+operation+": "+test.code) {
					t.Error(err)
				}
			})
		}
	}
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(400, `{"__type":"TooManyRequestsException"}`)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Nanosecond, cancel)
		_, err := c.GetID(ctx, GetIDInput{IdentityPoolID: poolID})
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Client
		if c.Now() != time.Now() {
			t.Error("the zero Client has another time")
		}
	})
}

func TestBadInput(t *testing.T) {
	c, sent := answering(200, `{}`)
	many := map[string]string{}
	for i := range 11 {
		many[fmt.Sprint(i)] = "t"
	}
	for _, test := range []struct {
		id     string
		logins map[string]string
		want   string
	}{
		{"", nil, "is missing or does not look like"},
		{"us-east-1", nil, "does not look like"},
		{"us-east-1:", nil, "does not look like"},
		{"us-east-1:ABCDEF", nil, "does not look like"},
		{"evil.example/:0123", nil, "does not look like"},
		{"us-east-1:" + strings.Repeat("0", 50), nil, "does not look like"},
		{id, many, "10 is the most"},
		{id, map[string]string{"p": ""}, `the token of "p" is empty`},
		{id, map[string]string{"p": "hunter2\n"}, `the token of "p"`},
		{id, map[string]string{"p": strings.Repeat("hunter2", 10000)}, `the token of "p"`},
		{id, map[string]string{"p\xff": "hunter2"}, "Logins"},
	} {
		_, e1 := c.GetID(t.Context(), GetIDInput{IdentityPoolID: test.id, Logins: test.logins})
		_, e2 := c.GetCredentialsForIdentity(t.Context(), GetCredentialsForIdentityInput{IdentityID: test.id, Logins: test.logins})
		_, e3 := c.GetOpenIDToken(t.Context(), GetOpenIDTokenInput{IdentityID: test.id, Logins: test.logins})
		for _, err := range []error{e1, e2, e3} {
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q: %v, want %s", test.id, err, test.want)
			}
		}
	}
	if _, err := new(Client).GetID(t.Context(), GetIDInput{IdentityPoolID: poolID}); err == nil || err.Error() != "cognitoid: GetId: endpoint: the Region is missing: set it, for example to us-east-1" {
		t.Error(err)
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent", *sent)
	}
}
