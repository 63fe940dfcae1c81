package sts

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// TestWire holds requests and errors against what botocore sends and reads.
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
		c := &Client{Region: test.Region, HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil || r.Method != test.Request.Method || r.URL.String() != test.Request.URL || r.ContentLength != int64(len(body)) {
				t.Errorf("sent %s %s, %d bytes, %v", r.Method, r.URL, r.ContentLength, err)
			}
			for name, value := range test.Request.Headers {
				if name != "Content-Length" && r.Header.Get(name) != value {
					t.Errorf("%s: %q, want %q", name, r.Header.Get(name), value)
				}
			}
			if r.Header.Get("Authorization") != "" || r.Header.Get("X-Amz-Date") != "" {
				t.Error("the request is signed")
			}
			got, err1 := url.ParseQuery(string(body))
			want, err2 := url.ParseQuery(test.Request.Body)
			if err := errors.Join(err1, err2); err != nil || !cmp.Equal(got, want) {
				t.Error(err, cmp.Diff(want, got))
			}
			h := http.Header{}
			for name, value := range test.Canned.Headers {
				h.Set(name, value)
			}
			return &http.Response{StatusCode: test.Canned.Status, Header: h, Body: io.NopCloser(strings.NewReader(test.Canned.Body))}, nil
		})}}
		_, err := c.AssumeRoleWithWebIdentity(t.Context(), AssumeRoleWithWebIdentityInput{
			RoleARN: test.Params.RoleArn, RoleSessionName: test.Params.RoleSessionName, WebIdentityToken: test.Params.WebIdentityToken,
		})
		var e *Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		want := test.Parsed.ClientError
		if e.Code != want.Error.Code || e.Message != want.Error.Message || e.RequestID != want.ResponseMetadata.RequestId || e.StatusCode != test.Canned.Status || e.Operation != test.Operation {
			t.Errorf("%+v, want %+v", *e, want)
		}
	}
	if ran < 5 {
		t.Errorf("only %d vectors", ran)
	}
}

// Every parameter is in the body, none in the URL.
func TestRequest(t *testing.T) {
	in := good
	in.Policy, in.PolicyARNs, in.Duration = `{"a":"+&="}`, []string{"arn:one", "arn:two"}, 12*time.Hour
	c, _ := answering(200, answer)
	inner := c.HTTPClient.Transport
	c.HTTPClient.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		b, _ := io.ReadAll(r.Body)
		got, err := url.ParseQuery(string(b))
		want := url.Values{
			"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"},
			"RoleArn": {in.RoleARN}, "RoleSessionName": {"a1"}, "WebIdentityToken": {"hunter2.tok"}, "Policy": {`{"a":"+&="}`},
			"PolicyArns.member.1.arn": {"arn:one"}, "PolicyArns.member.2.arn": {"arn:two"}, "DurationSeconds": {"43200"},
		}
		if err != nil || !cmp.Equal(got, want) || r.Method != "POST" || r.URL.RawQuery != "" {
			t.Error(err, r.Method, r.URL, cmp.Diff(want, got))
		}
		return inner.RoundTrip(r)
	})
	if _, err := c.AssumeRoleWithWebIdentity(t.Context(), in); err != nil {
		t.Error(err)
	}
}
