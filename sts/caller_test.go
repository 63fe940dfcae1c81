package sts

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/sigv4"
)

const caller = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/Alice</Arn>
<UserId>AIDACKCEVSQ6C2EXAMPLE</UserId>
<Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`

// TestGetCallerIdentity starts with a wrong local clock. After the first response the request is
// signed again, with new credentials.
func TestGetCallerIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const late = `<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code>
			<Message>Signature not yet current</Message></Error></ErrorResponse>`
		var dates []string
		calls := 0
		server := time.Now().Add(-3 * time.Hour)
		client := fakehttp.Client(func(r *http.Request) *http.Response {
			dates = append(dates, r.Header.Get("X-Amz-Date"))
			body, url := fakehttp.Body(r), r.URL.String()
			if body != "Action=GetCallerIdentity&Version=2011-06-15" ||
				url != "https://sts.eu-west-1.amazonaws.com/" {
				t.Errorf("sent %s to %s", body, url)
			}
			authorization := r.Header.Get("Authorization")
			if !strings.Contains(authorization, "/eu-west-1/sts/aws4_request") ||
				r.Header.Get("X-Amz-Security-Token") != "token" {
				t.Errorf("Authorization %s is not for sts with the token", authorization)
			}
			date := server.UTC().Format(http.TimeFormat)
			if len(dates) == 1 {
				return fakehttp.Response(403, late, "Date", date)
			}
			return fakehttp.Response(200, caller, "Date", date)
		})
		c := &Client{
			Region:     "eu-west-1",
			HTTPClient: client,
			Credentials: func(context.Context) (sigv4.Credentials, error) {
				calls++
				return sigv4.Credentials{
					AccessKeyID:     "AKIDEXAMPLE",
					SecretAccessKey: "secret",
					SessionToken:    "token",
				}, nil
			},
		}
		got, err := c.GetCallerIdentity(t.Context())
		want := CallerIdentity{
			Account: "123456789012",
			ARN:     "arn:aws:iam::123456789012:user/Alice",
			UserID:  "AIDACKCEVSQ6C2EXAMPLE",
		}
		if err != nil || got != want {
			t.Errorf("GetCallerIdentity = %+v, %v, want %+v", got, err, want)
		}
		const form = "20060102T150405Z"
		signed := []string{time.Now().UTC().Format(form), server.UTC().Format(form)}
		if diff := cmp.Diff(signed, dates); diff != "" || calls != 2 {
			t.Errorf("%d calls of Credentials, want 2; times differ (-want +got):\n%s", calls, diff)
		}
		if got := c.Now(); !got.Equal(server) {
			t.Errorf("Now = %v, want %v", got, server)
		}
	})
}

func TestInvalidCaller(t *testing.T) {
	for _, body := range []string{
		"",
		"<x/>",
		"<GetCallerIdentityResponse/>",
		strings.Replace(caller, "123456789012</Account>", "</Account>", 1),
		strings.Replace(caller, "arn:aws:iam::123456789012:user/Alice", "", 1),
		caller[:len(caller)-3],
	} {
		c, _ := respond(200, body)
		c.Credentials = func(context.Context) (sigv4.Credentials, error) {
			return sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}
		if got, err := c.GetCallerIdentity(t.Context()); err == nil || got != (CallerIdentity{}) {
			t.Errorf("GetCallerIdentity with %q = %v, %v, want an error", body, got, err)
		}
	}
}

// TestCredentialsFail checks that an error of Credentials is neither retried nor taken for a
// response.
func TestCredentialsFail(t *testing.T) {
	c, sent := respond(200, caller)
	calls := 0
	refused := &awserr.Error{
		Service:    "sts",
		Operation:  "AssumeRoleWithWebIdentity",
		Code:       CodeThrottling,
		StatusCode: 400,
	}
	c.Credentials = func(context.Context) (sigv4.Credentials, error) {
		calls++
		return sigv4.Credentials{}, refused
	}
	_, err := c.GetCallerIdentity(t.Context())
	var e *awserr.Error
	if !errors.As(err, &e) || e != refused || calls != 1 || *sent != 0 {
		t.Errorf("GetCallerIdentity = %v after %d calls of Credentials and %d requests,"+
			" want %v after 1 and 0", err, calls, *sent, refused)
	}
}
