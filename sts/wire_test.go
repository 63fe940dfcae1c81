package sts

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// TestWire compares requests and errors with those of botocore.
func TestWire(t *testing.T) {
	var file struct {
		Cases []struct {
			Service, Region, Operation string

			Params  struct{ RoleArn, RoleSessionName, WebIdentityToken string }
			Request struct {
				Method, URL, Body string
				Headers           map[string]string
			}
			Canned struct {
				Status  int
				Headers map[string]string
				Body    string
			}
			Parsed struct {
				ClientError struct {
					Error            struct{ Code, Message string }
					ResponseMetadata struct{ RequestId string }
				}
			}
		}
	}
	if err := testvectors.Decode("wire_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, test := range file.Cases {
		if test.Service != "sts" {
			continue
		}
		ran++
		client := fakehttp.Client(func(r *http.Request) *http.Response {
			if r.Method != test.Request.Method || r.URL.String() != test.Request.URL {
				t.Errorf("request %s %s, want %s %s",
					r.Method, r.URL, test.Request.Method, test.Request.URL)
			}
			test.Request.Headers["Authorization"] = ""
			test.Request.Headers["X-Amz-Date"] = ""
			for name, want := range test.Request.Headers {
				if got := r.Header.Get(name); name != "Content-Length" && got != want {
					t.Errorf("header %s: %q, want %q", name, got, want)
				}
			}
			body := fakehttp.Body(r)
			if r.ContentLength != int64(len(body)) {
				t.Errorf("Content-Length %d, want %d", r.ContentLength, len(body))
			}
			got, err1 := url.ParseQuery(body)
			want, err2 := url.ParseQuery(test.Request.Body)
			if err := errors.Join(err1, err2); err != nil {
				t.Errorf("reading the body: %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("request body differs (-want +got):\n%s", diff)
			}
			resp := fakehttp.Response(test.Canned.Status, test.Canned.Body)
			for name, value := range test.Canned.Headers {
				resp.Header.Set(name, value)
			}
			return resp
		})
		c := &Client{Region: test.Region, HTTPClient: client}
		_, err := c.AssumeRoleWithWebIdentity(t.Context(), AssumeRoleWithWebIdentityInput{
			RoleARN:          test.Params.RoleArn,
			RoleSessionName:  test.Params.RoleSessionName,
			WebIdentityToken: test.Params.WebIdentityToken,
		})
		var got *awserr.Error
		if !errors.As(err, &got) {
			t.Fatalf("%s = %v, want an *awserr.Error", test.Operation, err)
		}
		want := &awserr.Error{
			Service:    "sts",
			Operation:  test.Operation,
			Code:       test.Parsed.ClientError.Error.Code,
			Message:    test.Parsed.ClientError.Error.Message,
			StatusCode: test.Canned.Status,
			RequestID:  test.Parsed.ClientError.ResponseMetadata.RequestId,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", test.Operation, diff)
		}
	}
	if ran < 5 {
		t.Errorf("%d vectors, want 5 or more", ran)
	}
}

// TestRequest checks that all parameters are in the body and not in the URL.
func TestRequest(t *testing.T) {
	in := good
	in.Policy = `{"a":"+&="}`
	in.PolicyARNs = []string{"arn:one", "arn:two"}
	in.Duration = 12 * time.Hour
	client := fakehttp.Client(func(r *http.Request) *http.Response {
		got, err := url.ParseQuery(fakehttp.Body(r))
		if err != nil || r.Method != "POST" || r.URL.RawQuery != "" {
			t.Errorf("sent %s %s (%v), want POST without a query", r.Method, r.URL, err)
		}
		want := url.Values{
			"Action":                  {"AssumeRoleWithWebIdentity"},
			"Version":                 {"2011-06-15"},
			"RoleArn":                 {in.RoleARN},
			"RoleSessionName":         {"a1"},
			"WebIdentityToken":        {"hunter2.tok"},
			"Policy":                  {`{"a":"+&="}`},
			"PolicyArns.member.1.arn": {"arn:one"},
			"PolicyArns.member.2.arn": {"arn:two"},
			"DurationSeconds":         {"43200"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request body differs (-want +got):\n%s", diff)
		}
		return fakehttp.Response(200, success)
	})
	c := &Client{Region: "us-east-1", HTTPClient: client}
	if _, err := c.AssumeRoleWithWebIdentity(t.Context(), in); err != nil {
		t.Errorf("AssumeRoleWithWebIdentity: %v", err)
	}
}
