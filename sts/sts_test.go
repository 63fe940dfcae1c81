package sts

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is a client whose every request gets the same answer; sent counts the requests.
func answering(status int, body string) (c *Client, sent *int) {
	sent = new(int)
	return &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		*sent++
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})}}, sent
}

var good = AssumeRoleWithWebIdentityInput{
	RoleARN:          "arn:aws:iam::123456789012:role/FederatedWebIdentityRole",
	RoleSessionName:  "a1",
	WebIdentityToken: "hunter2.tok",
}

func TestBadInput(t *testing.T) {
	c, sent := answering(200, answer)
	for want, change := range map[string]func(*AssumeRoleWithWebIdentityInput){
		"RoleARN is missing":                        func(in *AssumeRoleWithWebIdentityInput) { in.RoleARN = "" },
		"RoleARN is missing or":                     func(in *AssumeRoleWithWebIdentityInput) { in.RoleARN = "arn:aws:iam::1:role" },
		"RoleARN is missing or does":                func(in *AssumeRoleWithWebIdentityInput) { in.RoleARN = "FederatedWebIdentityRole" },
		"RoleSessionName must":                      func(in *AssumeRoleWithWebIdentityInput) { in.RoleSessionName = "" },
		"RoleSessionName must be":                   func(in *AssumeRoleWithWebIdentityInput) { in.RoleSessionName = "a" },
		"RoleSessionName must be 2":                 func(in *AssumeRoleWithWebIdentityInput) { in.RoleSessionName = "a b" },
		"RoleSessionName must be 2 to":              func(in *AssumeRoleWithWebIdentityInput) { in.RoleSessionName = "josé" },
		"RoleSessionName must be 2 to 64":           func(in *AssumeRoleWithWebIdentityInput) { in.RoleSessionName = strings.Repeat("a", 65) },
		"WebIdentityToken is missing":               func(in *AssumeRoleWithWebIdentityInput) { in.WebIdentityToken = "" },
		"WebIdentityToken is missing, longer":       func(in *AssumeRoleWithWebIdentityInput) { in.WebIdentityToken = strings.Repeat("hunter2", 3000) },
		"WebIdentityToken is missing, longer than":  func(in *AssumeRoleWithWebIdentityInput) { in.WebIdentityToken = "hunter2\n" },
		"Policy is longer":                          func(in *AssumeRoleWithWebIdentityInput) { in.Policy = strings.Repeat("ä", 2049) },
		"Policy is longer than":                     func(in *AssumeRoleWithWebIdentityInput) { in.Policy = "\xff" },
		"PolicyARNs has 11 entries":                 func(in *AssumeRoleWithWebIdentityInput) { in.PolicyARNs = make([]string, 11) },
		"Duration is 14m59s: it must be 15 minutes": func(in *AssumeRoleWithWebIdentityInput) { in.Duration = 15*time.Minute - time.Second },
		"Duration is 12h0m1s":                       func(in *AssumeRoleWithWebIdentityInput) { in.Duration = 12*time.Hour + time.Second },
		"Duration is -1h0m0s":                       func(in *AssumeRoleWithWebIdentityInput) { in.Duration = -time.Hour },
		"whole number of seconds":                   func(in *AssumeRoleWithWebIdentityInput) { in.Duration = time.Hour + time.Millisecond },
	} {
		in := good
		change(&in)
		if _, err := c.AssumeRoleWithWebIdentity(t.Context(), in); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, d := range []time.Duration{0, 15 * time.Minute, 12 * time.Hour} {
		in := good
		in.Duration, in.Policy, in.RoleSessionName = d, strings.Repeat("ä", 2048), "a=_+,.@-Z"
		if err := in.check(); err != nil {
			t.Error(err)
		}
	}
	if _, err := new(Client).AssumeRoleWithWebIdentity(t.Context(), good); err == nil || !strings.Contains(err.Error(), "Region is missing") {
		t.Error(err)
	}
	if _, err := c.GetCallerIdentity(t.Context()); err == nil || !strings.Contains(err.Error(), "Credentials") {
		t.Error(err)
	}
	keys := func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{}, errors.New("signed out") }
	if _, err := (&Client{Endpoint: "http://localhost", Credentials: keys}).GetCallerIdentity(t.Context()); err == nil || !strings.Contains(err.Error(), "Region is missing") {
		t.Error(err)
	}
	c.Credentials = keys
	if _, err := c.GetCallerIdentity(t.Context()); err == nil || err.Error() != "sts: GetCallerIdentity: signed out" {
		t.Error(err)
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent", *sent)
	}
}

func TestRepetition(t *testing.T) {
	for code, want := range map[string]int{
		CodeIDPCommunicationError: 3, CodeThrottling: 3, CodeIDPRejectedClaim: 1, CodeExpiredToken: 1, CodeInvalidIdentityToken: 1, CodeAccessDenied: 1, CodeValidationError: 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			c, sent := answering(400, `<ErrorResponse><RequestId>r</RequestId><Error><Message>m</Message><Code>`+code+`</Code></Error></ErrorResponse>`)
			_, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
			if text := "sts: AssumeRoleWithWebIdentity: " + code + ": m (status 400, request id r)"; *sent != want || err == nil || err.Error() != text {
				t.Errorf("sent %d times, want %d; %v", *sent, want, err)
			}
		})
	}
	for body, code := range map[string]string{"": "HTTP 503", "<html>": "HTTP 503", "<Other/>": "HTTP 503", "<ErrorResponse/>": "HTTP 503"} {
		synctest.Test(t, func(t *testing.T) {
			c, sent := answering(503, body)
			_, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
			var e *Error
			if !errors.As(err, &e) || e.Code != code || *sent != 3 {
				t.Errorf("sent %d times; %v", *sent, err)
			}
		})
	}
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(503, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		_, err := c.AssumeRoleWithWebIdentity(ctx, good)
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
