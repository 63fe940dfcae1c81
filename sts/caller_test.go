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

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/sigv4"
)

const caller = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`

// A clock that is wrong is found out by the first answer; the request is signed again with fresh credentials.
func TestGetCallerIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dates []string
		asked := 0
		server := time.Now().Add(-3 * time.Hour)
		c := &Client{
			Region: "eu-west-1",
			Credentials: func(context.Context) (sigv4.Credentials, error) {
				asked++
				return sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
			},
			HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				dates = append(dates, r.Header.Get("X-Amz-Date"))
				body, _ := io.ReadAll(r.Body)
				if string(body) != "Action=GetCallerIdentity&Version=2011-06-15" || r.URL.String() != "https://sts.eu-west-1.amazonaws.com/" ||
					!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/sts/aws4_request") || r.Header.Get("X-Amz-Security-Token") != "token" {
					t.Errorf("sent %s to %s with %v", body, r.URL, r.Header)
				}
				h := http.Header{"Date": {server.UTC().Format(http.TimeFormat)}}
				if len(dates) == 1 {
					const late = `<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature not yet current</Message></Error></ErrorResponse>`
					return &http.Response{StatusCode: 403, Header: h, Body: io.NopCloser(strings.NewReader(late))}, nil
				}
				return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(strings.NewReader(caller))}, nil
			})},
		}
		who, err := c.GetCallerIdentity(t.Context())
		if want := (CallerIdentity{"123456789012", "arn:aws:iam::123456789012:user/Alice", "AIDACKCEVSQ6C2EXAMPLE"}); err != nil || who != want {
			t.Errorf("%+v, %v", who, err)
		}
		want := []string{time.Now().UTC().Format("20060102T150405Z"), server.UTC().Format("20060102T150405Z")}
		if !cmp.Equal(dates, want) || asked != 2 {
			t.Error(dates, want, asked)
		}
		if got := c.Now(); !got.Equal(server) {
			t.Error(got, server)
		}
	})
	for _, body := range []string{"", "<x/>", "<GetCallerIdentityResponse/>", strings.Replace(caller, "123456789012</Account>", "</Account>", 1), caller[:len(caller)-3]} {
		c, _ := answering(200, body)
		c.Credentials = func(context.Context) (sigv4.Credentials, error) {
			return sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}
		if who, err := c.GetCallerIdentity(t.Context()); err == nil {
			t.Errorf("%q passes as %v", body, who)
		}
	}
}

// Credentials that cannot be had are not an answer of STS, and asking for them is not repeated here.
func TestCredentialsFail(t *testing.T) {
	c, sent := answering(200, caller)
	asked := 0
	mine := &Error{Operation: "AssumeRoleWithWebIdentity", Code: CodeThrottling, StatusCode: 400}
	c.Credentials = func(context.Context) (sigv4.Credentials, error) {
		asked++
		return sigv4.Credentials{}, mine
	}
	_, err := c.GetCallerIdentity(t.Context())
	var e *Error
	if !errors.As(err, &e) || e != mine || asked != 1 || *sent != 0 {
		t.Errorf("asked %d times, sent %d; %v", asked, *sent, err)
	}
}
