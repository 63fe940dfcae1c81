package sts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// respond returns a client whose requests all get the same response, and the number of requests.
func respond(status int, body string) (c *Client, sent *int) {
	client, sent := fakehttp.Canned(status, body)
	return &Client{Region: "us-east-1", HTTPClient: client}, sent
}

var good = AssumeRoleWithWebIdentityInput{
	RoleARN:          "arn:aws:iam::123456789012:role/FederatedWebIdentityRole",
	RoleSessionName:  "a1",
	WebIdentityToken: "hunter2.tok",
}

// TestBadInput checks that invalid requests are not sent, and that the errors do not quote tokens.
func TestBadInput(t *testing.T) {
	type input = AssumeRoleWithWebIdentityInput
	const noRole, noName = "RoleARN is missing, or is not", "RoleSessionName is not 2 to 64"
	const noToken, longPolicy = "WebIdentityToken is missing, longer", "Policy is longer"
	c, sent := respond(200, success)
	for _, test := range []struct {
		want   string
		change func(in *input)
	}{
		{noRole, func(in *input) { in.RoleARN = "" }},
		{noRole, func(in *input) { in.RoleARN = "arn:aws:iam::1:role" }},
		{noRole, func(in *input) { in.RoleARN = "FederatedWebIdentityRole" }},
		{noName, func(in *input) { in.RoleSessionName = "" }},
		{noName, func(in *input) { in.RoleSessionName = "a" }},
		{noName, func(in *input) { in.RoleSessionName = "a b" }},
		{noName, func(in *input) { in.RoleSessionName = "josé" }},
		{noName, func(in *input) { in.RoleSessionName = strings.Repeat("a", 65) }},
		{noToken, func(in *input) { in.WebIdentityToken = "" }},
		{noToken, func(in *input) { in.WebIdentityToken = strings.Repeat("hunter2", 3000) }},
		{noToken, func(in *input) { in.WebIdentityToken = "hunter2\n" }},
		{longPolicy, func(in *input) { in.Policy = strings.Repeat("ä", 2049) }},
		{longPolicy, func(in *input) { in.Policy = "\xff" }},
		{"PolicyARNs has 11 entries", func(in *input) { in.PolicyARNs = make([]string, 11) }},
		{"Duration is 14m59s", func(in *input) { in.Duration = 15*time.Minute - time.Second }},
		{"Duration is 12h0m1s", func(in *input) { in.Duration = 12*time.Hour + time.Second }},
		{"Duration is -1h0m0s", func(in *input) { in.Duration = -time.Hour }},
		{"whole number", func(in *input) { in.Duration = time.Hour + time.Millisecond }},
	} {
		in := good
		test.change(&in)
		_, err := c.AssumeRoleWithWebIdentity(t.Context(), in)
		if err == nil || !strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("AssumeRoleWithWebIdentity = %v, want %s", err, test.want)
		}
	}
	for _, d := range []time.Duration{0, 15 * time.Minute, 12 * time.Hour} {
		in := good
		in.Duration, in.Policy, in.RoleSessionName = d, strings.Repeat("ä", 2048), "a=_+,.@-Z"
		if err := in.check(); err != nil {
			t.Errorf("check with the duration %v = %v, want nil", d, err)
		}
	}
	_, err := new(Client).AssumeRoleWithWebIdentity(t.Context(), good)
	if err == nil || !strings.Contains(err.Error(), "Region is missing") {
		t.Errorf("AssumeRoleWithWebIdentity without a Region = %v", err)
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent, want 0", *sent)
	}
}

func TestRetries(t *testing.T) {
	for _, test := range []struct {
		code     string
		attempts int
	}{
		{CodeIDPCommunicationError, 3},
		{CodeThrottling, 3},
		{CodeIDPRejectedClaim, 1},
		{CodeExpiredToken, 1},
		{CodeInvalidIdentityToken, 1},
		{CodeAccessDenied, 1},
		{CodeValidationError, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, sent := respond(400, `<ErrorResponse><RequestId>r</RequestId>
				<Error><Message>m</Message><Code>`+test.code+`</Code></Error></ErrorResponse>`)
			_, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
			want := fmt.Sprintf("sts: AssumeRoleWithWebIdentity: %s: m (status 400, request ID r)",
				test.code)
			if *sent != test.attempts || err == nil || err.Error() != want {
				t.Errorf("AssumeRoleWithWebIdentity = %v after %d attempts, want %s after %d",
					err, *sent, want, test.attempts)
			}
		})
	}
}

// TestForeignResponse checks error responses that the service did not send.
func TestForeignResponse(t *testing.T) {
	for _, body := range []string{"", "<html>", "<Other/>", "<ErrorResponse/>"} {
		synctest.Test(t, func(t *testing.T) {
			c, sent := respond(503, body)
			_, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
			var e *awserr.Error
			if !errors.As(err, &e) || e.Code != "HTTP 503" || e.Service != "sts" || *sent != 3 {
				t.Errorf("response %q: %v after %d attempts, want HTTP 503 after 3",
					body, err, *sent)
			}
		})
	}
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := respond(503, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		_, err := c.AssumeRoleWithWebIdentity(ctx, good)
		var e *awserr.Error
		if !errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("AssumeRoleWithWebIdentity = %v,"+
				" want an *awserr.Error and context.DeadlineExceeded", err)
		}
	})
}

// TestRegionOfOtherServer checks that with an endpoint the Region is only a part of the signature.
func TestRegionOfOtherServer(t *testing.T) {
	c, _ := respond(200, caller)
	c.Region, c.Endpoint = "RegionOne", "http://localhost:9000"
	c.Credentials = func(context.Context) (sigv4.Credentials, error) {
		return sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "s"}, nil
	}
	if _, err := c.GetCallerIdentity(t.Context()); err != nil {
		t.Errorf("GetCallerIdentity in RegionOne = %v, want no error", err)
	}
	c.Endpoint = ""
	if _, err := c.GetCallerIdentity(t.Context()); err == nil {
		t.Error("GetCallerIdentity in RegionOne at AWS = nil, want an error")
	}
}

// TestBadCaller checks calls of GetCallerIdentity that are not sent.
func TestBadCaller(t *testing.T) {
	c, sent := respond(200, caller)
	signedOut := func(context.Context) (sigv4.Credentials, error) {
		return sigv4.Credentials{}, errors.New("signed out")
	}
	for _, test := range []struct {
		client *Client
		want   string
	}{
		{
			&Client{Region: "us-east-1", HTTPClient: c.HTTPClient},
			"sts: GetCallerIdentity: Client.Credentials is missing",
		},
		{
			&Client{Endpoint: "http://localhost", HTTPClient: c.HTTPClient, Credentials: signedOut},
			"sts: GetCallerIdentity: endpoint: the Region is missing:" +
				" set it, for example to us-east-1",
		},
		{
			&Client{Region: "us-east-1", HTTPClient: c.HTTPClient, Credentials: signedOut},
			"sts: GetCallerIdentity: signed out",
		},
	} {
		_, err := test.client.GetCallerIdentity(t.Context())
		if err == nil || err.Error() != test.want {
			t.Errorf("GetCallerIdentity = %v, want %s", err, test.want)
		}
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent, want 0", *sent)
	}
}
