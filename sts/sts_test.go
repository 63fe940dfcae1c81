package sts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/testvectors"
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

// The answer of the API Reference's example, in another order and without its namespace, reads the same.
const answer = `<?xml version="1.0"?>
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>amzn1.account.AF6RHO7KZU5XRVQJGXK6HB56KR2A</SubjectFromWebIdentityToken>
    <Audience>client.5498841531868486423.1548@apps.example.com</Audience>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::123456789012:assumed-role/FederatedWebIdentityRole/app1</Arn>
      <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:app1</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <SessionToken>AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE</SessionToken>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
      <Expiration>2014-10-24T23:00:23Z</Expiration>
      <AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>
    </Credentials>
    <SourceIdentity>SourceIdentityValue</SourceIdentity>
    <Provider>www.amazon.com</Provider>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>ad4156e9-bce1-11e2-82e6-6b6efEXAMPLE</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>`

func TestAnswer(t *testing.T) {
	want := AssumeRoleWithWebIdentityOutput{
		Credentials: sigv4.Credentials{
			AccessKeyID: "ASgeIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY",
			SessionToken: "AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE", Expires: time.Date(2014, 10, 24, 23, 0, 23, 0, time.UTC),
		},
		AssumedRoleARN:              "arn:aws:sts::123456789012:assumed-role/FederatedWebIdentityRole/app1",
		AssumedRoleID:               "AROACLKWSDQRAOEXAMPLE:app1",
		SubjectFromWebIdentityToken: "amzn1.account.AF6RHO7KZU5XRVQJGXK6HB56KR2A",
		Audience:                    "client.5498841531868486423.1548@apps.example.com",
		Provider:                    "www.amazon.com",
		SourceIdentity:              "SourceIdentityValue",
	}
	reordered := strings.Replace(answer, ` xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`, "", 1)
	i, j := strings.Index(reordered, "<Credentials>"), strings.Index(reordered, "<SourceIdentity>")
	k := strings.Index(reordered, "<SubjectFrom")
	reordered = reordered[:k] + reordered[i:j] + "<PackedPolicySize>6</PackedPolicySize><!-- new -->" + reordered[k:i] + reordered[j:]
	for _, body := range []string{answer, reordered, strings.Replace(answer, "23Z<", "23.000Z<", 1), strings.Replace(answer, "T23:00:23Z", "T18:00:23-05:00", 1)} {
		c, _ := answering(200, body)
		if out, err := c.AssumeRoleWithWebIdentity(t.Context(), good); err != nil || out != want {
			t.Errorf("%+v, %v", out, err)
		}
	}
}

func TestBadAnswer(t *testing.T) {
	bodies := map[string]string{
		"empty":            "",
		"JSON":             "{}",
		"HTML":             "<html><br></html>",
		"an error":         "<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>",
		"no result":        "<AssumeRoleWithWebIdentityResponse/>",
		"other characters": strings.Replace(answer, `version="1.0"`, `version="1.0" encoding="ISO-8859-1"`, 1),
		"no time":          strings.Replace(answer, "2014-10-24T23:00:23Z", "", 1),
		"bad time":         strings.Replace(answer, "2014-10-24T23:00:23Z", "1414191623", 1),
		"no key":           strings.Replace(answer, "ASgeIAIOSFODNN7EXAMPLE", "", 1),
		"no secret":        strings.Replace(answer, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY", "", 1),
		"no token":         strings.Replace(answer, "AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE", "", 1),
		"line in the key":  strings.Replace(answer, "ASgeIAIOSFODNN7EXAMPLE", "A&#10;X: 1", 1),
		"too long":         answer + strings.Repeat(" ", 1<<20),
	}
	for i := 1; i < len(answer)-1; i += 7 {
		bodies[fmt.Sprint("cut at ", i)] = answer[:i]
	}
	for name, body := range bodies {
		c, _ := answering(200, body)
		out, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
		if err == nil || out != (AssumeRoleWithWebIdentityOutput{}) || strings.Contains(err.Error(), "wJalr") || !strings.HasPrefix(err.Error(), "sts: AssumeRoleWithWebIdentity: ") {
			t.Errorf("%s: %v", name, err)
		}
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

func FuzzAnswer(f *testing.F) {
	f.Add(200, answer)
	f.Add(403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>m &amp; n</Message></Error><RequestId>r</RequestId></ErrorResponse>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c, _ := answering(status, body)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond) // too short for most pauses
		defer cancel()
		out, err := c.AssumeRoleWithWebIdentity(ctx, good)
		if k := out.Credentials; err == nil && (k.AccessKeyID == "" || k.SecretAccessKey == "" || k.SessionToken == "" || k.Expires.IsZero() && !strings.Contains(body, "0001")) {
			t.Errorf("%q passes", body)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("%q", err)
		}
	})
}

// TestSecretsDoNotPrint puts a marker in every secret of every type and prints each in every way.
func TestSecretsDoNotPrint(t *testing.T) {
	const mark = "hunter2"
	for _, v := range []any{
		good,
		AssumeRoleWithWebIdentityOutput{Credentials: sigv4.Credentials{AccessKeyID: "A", SecretAccessKey: mark, SessionToken: mark}},
	} {
		var log strings.Builder
		for _, v := range []any{v, &v, []any{v}, map[string]any{"k": v}, struct{ V any }{v}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q"} {
				fmt.Fprintf(&log, verb+"\n", v)
			}
			slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
			b, err := json.Marshal(v)
			if err != nil {
				t.Error(err)
			}
			log.Write(b)
		}
		for _, hidden := range []string{mark, fmt.Sprintf("%x", mark), fmt.Sprintf("%X", mark)} {
			if strings.Contains(log.String(), hidden) {
				t.Errorf("%T prints its secret: %s", v, log.String())
			}
		}
	}
}
