package cognitoid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
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
		return &http.Response{StatusCode: status, Header: http.Header{"X-Amzn-Requestid": {"r-1"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})}}, sent
}

const (
	poolID = "us-east-1:01234567-89ab-cdef-0123-456789abcdef"
	id     = "us-east-1:fedcba98-7654-3210-fedc-ba9876543210"
)

// TestWire holds requests and answers against what botocore sends and reads.
func TestWire(t *testing.T) {
	var file struct {
		Cases []struct {
			Service, Region, Operation string

			Params struct {
				IdentityPoolID string `json:"IdentityPoolId"`
				AccountID      string `json:"AccountId"`
				IdentityID     string `json:"IdentityId"`
				Logins         map[string]string
			}
			Request struct {
				Method, URL, Body string
				Headers           map[string]string
			}
			Canned struct{ Body string }
			Parsed struct {
				IdentityID string `json:"IdentityId"`
				Token      string
			}
		}
	}
	if err := testvectors.Decode("wire_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, test := range file.Cases {
		if test.Service != "cognito-identity" {
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
			var got, want any
			if err := errors.Join(json.Unmarshal(body, &got), json.Unmarshal([]byte(test.Request.Body), &want)); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(test.Canned.Body))}, nil
		})}}
		switch p := test.Params; test.Operation {
		case "GetId":
			got, err := c.GetID(t.Context(), GetIDInput{p.IdentityPoolID, p.AccountID, p.Logins})
			if err != nil || got != test.Parsed.IdentityID {
				t.Error(got, err)
			}
		case "GetOpenIdToken":
			got, err := c.GetOpenIDToken(t.Context(), GetOpenIDTokenInput{p.IdentityID, p.Logins})
			if err != nil || got.IdentityID != test.Parsed.IdentityID || got.Token != test.Parsed.Token {
				t.Error(got, err)
			}
		default:
			t.Errorf("no operation %s", test.Operation)
		}
	}
	if ran < 2 {
		t.Errorf("only %d vectors", ran)
	}
}

func credentials(expiration string) string {
	return `{"IdentityId":"` + id + `","Credentials":{"AccessKeyId":"ASIAEXAMPLE","SecretKey":"k/+=","SessionToken":"t","Expiration":` + expiration + `}}`
}

// Expiration is a JSON number of seconds in any of its forms.
func TestExpiration(t *testing.T) {
	for text, want := range map[string]time.Time{
		"1442877512":     time.Unix(1442877512, 0),
		"1442877512.0":   time.Unix(1442877512, 0),
		"1442877512.5":   time.Unix(1442877512, 5e8),
		"1442877512.123": time.Unix(1442877512, 123e6),
		"1.442877512E9":  time.Unix(1442877512, 0),
		"1.699168089e+9": time.Unix(1699168089, 0),
	} {
		c, _ := answering(200, credentials(text))
		out, err := c.GetCredentialsForIdentity(t.Context(), GetCredentialsForIdentityInput{IdentityID: poolID})
		want := sigv4.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "k/+=", SessionToken: "t", Expires: want.UTC()}
		if err != nil || out.Credentials != want || out.IdentityID != id {
			t.Errorf("%s: %v, %v", text, out, err)
		}
	}
	for _, text := range []string{"0", "-1", "1442877512000", "1e300", "1e400", "NaN", "null", `"1442877512"`, `"2015-09-21T23:18:32Z"`, "{}"} {
		c, _ := answering(200, credentials(text))
		out, err := c.GetCredentialsForIdentity(t.Context(), GetCredentialsForIdentityInput{IdentityID: id})
		if err == nil || out.Credentials.SecretAccessKey != "" {
			t.Errorf("%s passes as %v", text, out.Credentials.Expires)
		}
	}
}

func TestRequests(t *testing.T) {
	logins := map[string]string{"cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI": "eyJ.<id>.tok"}
	var body string
	c := &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		b, _ := io.ReadAll(r.Body)
		body = strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityService.") + " " + string(b)
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(credentials("1442877512")))}, nil
	})}}
	const tail = `,"Logins":{"cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI":"eyJ.<id>.tok"}}`
	for _, test := range []struct {
		in   GetCredentialsForIdentityInput
		want string
	}{
		{GetCredentialsForIdentityInput{IdentityID: id}, `{"IdentityId":"` + id + `"}`},
		{GetCredentialsForIdentityInput{IdentityID: id, Logins: logins}, `{"IdentityId":"` + id + `"` + tail},
		{GetCredentialsForIdentityInput{IdentityID: id, CustomRoleARN: "arn:aws:iam::123456789012:role/r", Logins: logins}, `{"IdentityId":"` + id + `","CustomRoleArn":"arn:aws:iam::123456789012:role/r"` + tail},
	} {
		if _, err := c.GetCredentialsForIdentity(t.Context(), test.in); err != nil || body != "GetCredentialsForIdentity "+test.want {
			t.Errorf("got  %s, %v\nwant %s", body, err, test.want)
		}
	}
	if got, err := c.GetID(t.Context(), GetIDInput{IdentityPoolID: poolID}); err != nil || body != `GetId {"IdentityPoolId":"`+poolID+`"}` || got != id {
		t.Error(got, body, err)
	}
}

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

func TestBadAnswer(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `<html>`, `{"IdentityId":7}`, `{"IdentityId":"x"}`, `{"IdentityId":"` + id + `"`,
		`{"IdentityId":"` + id + `/../x","Token":"t","Credentials":{"AccessKeyId":"A","SecretKey":"S","SessionToken":"T","Expiration":1442877512}}`,
	} {
		c, _ := answering(200, body)
		if got, err := c.GetID(t.Context(), GetIDInput{IdentityPoolID: poolID}); err == nil || got != "" && got == id {
			t.Errorf("GetID: %s passes", body)
		}
		if _, err := c.GetCredentialsForIdentity(t.Context(), GetCredentialsForIdentityInput{IdentityID: id}); err == nil {
			t.Errorf("GetCredentialsForIdentity: %s passes", body)
		}
		if _, err := c.GetOpenIDToken(t.Context(), GetOpenIDTokenInput{IdentityID: id}); err == nil {
			t.Errorf("GetOpenIDToken: %s passes", body)
		}
	}
	for _, cut := range []string{`"AccessKeyId":"ASIAEXAMPLE",`, `"SecretKey":"k/+=",`, `"SessionToken":"t",`, `,"Expiration":1442877512`} {
		body := credentials("1442877512")
		if !strings.Contains(body, cut) {
			t.Fatal(cut)
		}
		c, _ := answering(200, strings.Replace(body, cut, "", 1))
		if out, err := c.GetCredentialsForIdentity(t.Context(), GetCredentialsForIdentityInput{IdentityID: id}); err == nil || out.Credentials != (sigv4.Credentials{}) {
			t.Errorf("passes without %s", cut)
		}
	}
	c, _ := answering(200, strings.Replace(credentials("1442877512"), "ASIAEXAMPLE", `A\r\nX-Evil: 1`, 1))
	if _, err := c.GetCredentialsForIdentity(t.Context(), GetCredentialsForIdentityInput{IdentityID: id}); err == nil {
		t.Error("a key with a line break passes")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(credentials("1.442877512E9"))
	f.Add(`{"IdentityId":"` + id + `","Token":"t"}`)
	f.Fuzz(func(t *testing.T, body string) {
		c, _ := answering(200, body)
		if got, err := c.GetID(t.Context(), GetIDInput{IdentityPoolID: poolID}); err == nil && !validID(got) {
			t.Errorf("%q passes", got)
		}
		if out, err := c.GetOpenIDToken(t.Context(), GetOpenIDTokenInput{IdentityID: id}); err == nil && out.Token == "" {
			t.Errorf("%q passes", body)
		}
		out, err := c.GetCredentialsForIdentity(t.Context(), GetCredentialsForIdentityInput{IdentityID: id})
		if k := out.Credentials; err == nil && (k.AccessKeyID == "" || k.SecretAccessKey == "" || k.SessionToken == "" || k.Expires.Unix() < 0 || k.Expires.Unix() > math.MaxInt32*200) {
			t.Errorf("%q passes", body)
		}
	})
}

// TestSecretsDoNotPrint puts a marker in every secret of every type and prints each in every way.
func TestSecretsDoNotPrint(t *testing.T) {
	const mark = "hunter2"
	logins := map[string]string{"p": mark}
	for _, v := range []any{
		GetIDInput{IdentityPoolID: poolID, Logins: logins},
		GetCredentialsForIdentityInput{IdentityID: id, Logins: logins},
		GetCredentialsForIdentityOutput{id, sigv4.Credentials{AccessKeyID: "A", SecretAccessKey: mark, SessionToken: mark}},
		GetOpenIDTokenInput{IdentityID: id, Logins: logins},
		GetOpenIDTokenOutput{id, mark},
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
