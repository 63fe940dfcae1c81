package cognitoid

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

const (
	poolID = "us-east-1:01234567-89ab-cdef-0123-456789abcdef"
	id     = "us-east-1:fedcba98-7654-3210-fedc-ba9876543210"
)

// respond returns a client whose requests all get the same response, and the number of requests.
func respond(status int, body string) (c *Client, sent *int) {
	client, sent := fakehttp.Canned(status, body, "X-Amzn-Requestid", "r-1")
	return &Client{Region: "us-east-1", HTTPClient: client}, sent
}

// operations are calls of each operation with the ID of an identity or a pool.
var operations = []operation{
	{"GetId", func(ctx context.Context, c *Client, id string, logins logins) (any, error) {
		return c.GetID(ctx, GetIDInput{IdentityPoolID: id, Logins: logins})
	}},
	{"GetCredentialsForIdentity", func(
		ctx context.Context, c *Client, id string, logins logins,
	) (any, error) {
		in := GetCredentialsForIdentityInput{IdentityID: id, Logins: logins}
		return c.GetCredentialsForIdentity(ctx, in)
	}},
	{"GetOpenIdToken", func(ctx context.Context, c *Client, id string, logins logins) (any, error) {
		return c.GetOpenIDToken(ctx, id, logins)
	}},
}

type logins = map[string]string

type operation struct {
	name string
	call func(ctx context.Context, c *Client, id string, logins logins) (any, error)
}

// fail calls an operation that must fail, and returns its error.
func (o operation) fail(t *testing.T, c *Client, id string, logins logins) error {
	t.Helper()
	out, err := o.call(t.Context(), c, id, logins)
	if err == nil {
		t.Errorf("%s = %v, want an error", o.name, out)
		return errors.New("none")
	}
	if !reflect.ValueOf(out).IsZero() {
		t.Errorf("%s returned %v with the error %v", o.name, out, err)
	}
	return err
}

// TestErrors checks the service's error of each operation, and how often it is sent.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		status   int
		body     string
		code     string
		attempts int
	}{
		{
			400,
			`{"__type":"NotAuthorizedException",
				"message":"Unauthenticated access is not supported for this identity pool."}`,
			CodeNotAuthorized,
			1,
		},
		{400, `{"__type":"ResourceNotFoundException"}`, CodeResourceNotFound, 1},
		{400, `{"__type":"TooManyRequestsException"}`, CodeTooManyRequests, 3},
		{500, `{"__type":"InternalErrorException"}`, CodeInternalError, 3},
		{502, `<html>`, "HTTP 502", 3},
	} {
		for _, operation := range operations {
			synctest.Test(t, func(t *testing.T) {
				c, sent := respond(test.status, test.body)
				err := operation.fail(t, c, id, nil)
				var e *awserr.Error
				if !errors.As(err, &e) {
					t.Fatalf("%s = %v, want an *awserr.Error", operation.name, err)
				}
				got, want := *e, awserr.Error{
					Service:    "cognitoid",
					Operation:  operation.name,
					Code:       test.code,
					Message:    e.Message,
					StatusCode: test.status,
					RequestID:  "r-1",
				}
				if got != want || *sent != test.attempts {
					t.Errorf("%s = %+v after %d attempts, want %+v after %d",
						operation.name, got, *sent, want, test.attempts)
				}
				prefix := "cognitoid: " + operation.name + ": " + test.code
				if !strings.HasPrefix(err.Error(), prefix) {
					t.Errorf("%s = %v, want %s...", operation.name, err, prefix)
				}
			})
		}
	}
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := respond(400, `{"__type":"TooManyRequestsException"}`)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Nanosecond, cancel)
		_, err := c.GetID(ctx, GetIDInput{IdentityPoolID: poolID})
		var e *awserr.Error
		if !errors.As(err, &e) || !errors.Is(err, context.Canceled) {
			t.Errorf("GetID = %v, want an *awserr.Error and context.Canceled", err)
		}
	})
}

func TestNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Client
		if got := time.Until(c.Now()); got != 0 {
			t.Errorf("Now of the zero Client is off by %v, want 0", got)
		}
	})
}

// TestBadInput checks that invalid requests are not sent, and that the errors do not quote tokens.
func TestBadInput(t *testing.T) {
	c, sent := respond(200, `{}`)
	many := make(map[string]string)
	for i := range 11 {
		many[fmt.Sprint(i)] = "t"
	}
	for _, test := range []struct {
		id     string
		logins map[string]string
		want   string
	}{
		{"", nil, "is missing, or is not an ID"},
		{"us-east-1", nil, "is not an ID"},
		{"us-east-1:", nil, "is not an ID"},
		{"us-east-1:ABCDEF", nil, "is not an ID"},
		{"evil.example/:0123", nil, "is not an ID"},
		{"us-east-1:" + strings.Repeat("0", 50), nil, "is not an ID"},
		{id, many, "11 entries, more than 10"},
		{id, map[string]string{"p": ""}, `the token of "p" is missing`},
		{id, map[string]string{"p": "hunter2\n"}, `the token of "p"`},
		{id, map[string]string{"p": strings.Repeat("hunter2", 10000)}, `the token of "p"`},
		{id, map[string]string{"p\xff": "hunter2"}, "Logins"},
	} {
		for _, operation := range operations {
			err := operation.fail(t, c, test.id, test.logins)
			text := err.Error()
			if !strings.Contains(text, test.want) || strings.Contains(text, "hunter2") {
				t.Errorf("%s of %q = %v, want %s", operation.name, test.id, err, test.want)
			}
		}
	}
	const want = "cognitoid: GetId: endpoint: the Region is missing:" +
		" set it, for example to us-east-1"
	_, err := new(Client).GetID(t.Context(), GetIDInput{IdentityPoolID: poolID})
	if err == nil || err.Error() != want {
		t.Errorf("GetID = %v, want %s", err, want)
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent, want 0", *sent)
	}
}
