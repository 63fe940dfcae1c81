package awshttp

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

func TestMembers(t *testing.T) {
	type settings struct{ Enabled bool }
	for _, test := range []struct {
		members Members
		want    string // JSON or error
	}{
		{nil, `{}`},
		{Members{"a": "<&>\"\\"}, `{"a":"<&>\"\\"}`},
		{
			Members{
				"bool":    false,
				"int":     0,
				"list":    []map[string]string{},
				"map":     map[string]string{},
				"members": Members{"empty": ""},
				"nil":     Members(nil),
				"pointer": (*settings)(nil),
				"text":    "",
			},
			`{}`,
		},
		{
			Members{
				"bool":    true,
				"int":     1,
				"list":    []map[string]string{{"Value": ""}},
				"map":     map[string]string{"k": ""},
				"members": Members{"empty": "", "text": "t"},
				"pointer": &settings{},
				"text":    "t",
			},
			`{"bool":true,"int":1,"list":[{"Value":""}],"map":{"k":""},"members":{"text":"t"},` +
				`"pointer":{"Enabled":false},"text":"t"}`,
		},
		{Members{"a": "hunter2\xff"}, "a is not valid UTF-8"},
		{Members{"b": Members{"a": "hunter2\xff"}}, "a is not valid UTF-8"},
		{Members{"b": map[string]string{"a": "hunter2\xff"}}, `b: "a" is not valid UTF-8`},
		{Members{"b": map[string]string{"a\xff": "hunter2"}}, `b: "a\xff" is not valid UTF-8`},
	} {
		text, err := test.members.encode()
		got := string(text)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("encode(%v) = %s, want %s", test.members, got, test.want)
		}
	}
}

func TestDoJSON(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "service.example", Path: "/"}
	const invalid = "the response is not the JSON object that this operation returns" +
		" (request ID r-1)"
	for _, test := range []struct{ body, want, err string }{
		{`{"A":"x","unknown":[{}],"b":null}`, "x", ""},
		{`{"A":"first","A":"second"}`, "", invalid},
		{`{"A":"first","a":"second"}`, "", invalid},
		{``, "", ""},
		{" \n", "", ""},
		{`{}`, "", ""},
		{`{"A":null}`, "", ""},
		{`null`, "", ""},
		{`{"A":1}`, "", invalid},
		{`[]`, "", invalid},
		{`{"A":"secret-x"}}`, "", invalid},
		{`{"A":"secret-x`, "", invalid},
		{`<html>`, "", invalid},
		{strings.Repeat("[", 100000), "", invalid},
	} {
		client := fakehttp.Client(func(r *http.Request) *http.Response {
			if r.Method != "POST" || r.URL.String() != u.String() {
				t.Errorf("sent %s %s, want POST %s", r.Method, r.URL, u)
			}
			for _, header := range []struct{ name, want string }{
				{"Content-Type", "application/x-amz-json-1.1"},
				{"X-Amz-Target", "Service.Operation"},
				{"Authorization", ""},
			} {
				if got := r.Header.Get(header.name); got != header.want {
					t.Errorf("header %s: %q, want %q", header.name, got, header.want)
				}
			}
			body := fakehttp.Body(r)
			if want := `{"a":"<&>\u2028"}`; body != want {
				t.Errorf("sent %q, want %q", body, want)
			}
			if r.ContentLength != int64(len(body)) || len(r.TransferEncoding) != 0 {
				t.Errorf("Content-Length %d, want %d", r.ContentLength, len(body))
			}
			if r.GetBody == nil {
				t.Error("net/http cannot send the body again on another connection")
			}
			return fakehttp.Response(200, test.body, "X-Amzn-Requestid", "r-1")
		})
		var s Sender
		var out struct{ A string }
		in := Members{"a": "<&>\u2028"}
		r := Request{HTTPClient: client, Idempotent: true}
		err := s.DoJSON(t.Context(), r, u, "Service.Operation", in, &out)
		if test.err == "" && (err != nil || out.A != test.want) {
			t.Errorf("DoJSON with %.40s = %q, %v, want %q", test.body, out.A, err, test.want)
		}
		if test.err != "" && (err == nil || err.Error() != test.err) {
			t.Errorf("DoJSON with %.40s = %v, want %s", test.body, err, test.err)
		}
	}
}

func TestDoJSONSendsNoInvalidText(t *testing.T) {
	client, sent := fakehttp.Canned(200, "")
	in := Members{"Password": "hunter2\xff"}
	r := Request{HTTPClient: client}
	err := new(Sender).DoJSON(t.Context(), r, &url.URL{}, "Service.Operation", in, nil)
	const want = "Password is not valid UTF-8"
	if err == nil || err.Error() != want || *sent != 0 {
		t.Errorf("DoJSON = %v after %d requests, want %s after 0", err, *sent, want)
	}
}

func TestJSONFailure(t *testing.T) {
	const url = "http://internal.amazon.com/coral/"
	for _, test := range []struct {
		header, body          string
		code, message, reason string
	}{
		{"", `{"__type":"NotAuthorized","message":"m"}`, "NotAuthorized", "m", ""},
		{"", `{"__type":"com.amazonaws.x#UserNotFound","Message":"M"}`, "UserNotFound", "M", ""},
		{"", `{"__type":"Invalid:` + url + `x#y/","reasonCode":"r"}`, "Invalid", "", "r"},
		{"", `{"code":"Bare","__type":"Other"}`, "Bare", "", ""},
		{"", `{"code":7,"__type":"Other"}`, "Other", "", ""},
		{"", `{"code":null,"__type":"X","message":null,"Message":"M"}`, "X", "M", ""},
		{"Named:", `{"__type":"Other"}`, "Named", "", ""},
		{"Named:" + url, ``, "Named", "", ""},
		{"ns#Named", `<html>`, "Named", "", ""},
		{"ns#Named,other#Second", ``, "Named", "", ""},
		{"", `{"message":"lower","Message":"upper","__type":"X"}`, "X", "lower", ""},
		{"", `{"Message":"upper","message":"lower","__type":"X"}`, "X", "lower", ""},
		{"", `{"MESSAGE":"loud","__TYPE":"Y"}`, "", "", ""},
		{"", `{"message":{"a":1},"__type":["x"]}`, "", "", ""},
		{"", `{"message":"m"}`, "", "m", ""},
		{"", `["__type"]`, "", "", ""},
		{"", `null`, "", "", ""},
		{"", `{"__type":"X"`, "", "", ""},
		{"", ``, "", "", ""},
	} {
		h := http.Header{}
		if test.header != "" {
			h.Set("x-amzn-ErrorType", test.header)
		}
		f := JSONFailure(&Response{StatusCode: 400, Header: h, Body: []byte(test.body)})
		if f.Code != test.code || f.Message != test.message || f.ReasonCode != test.reason {
			t.Errorf("JSONFailure(%q, %s) = %q, %q, %q, want %q, %q, %q", test.header, test.body,
				f.Code, f.Message, f.ReasonCode, test.code, test.message, test.reason)
		}
	}
	h := http.Header{}
	h.Set("x-amzn-ErrorMessage", "from the header")
	if f := JSONFailure(&Response{Header: h}); f.Message != "from the header" {
		t.Errorf("JSONFailure has the message %q, want that of the header", f.Message)
	}
}

func FuzzJSONFailure(f *testing.F) {
	f.Add(400, "", "", "", `{"__type":"com.amazonaws.x#UserNotFoundException:http://x#y",
		"Message":"M","message":"m"}`)
	f.Add(502, "Named:http://internal.amazon.com/coral/", "text", "r-1", `<html>`)
	f.Add(301, "", "", "", "")
	f.Fuzz(func(t *testing.T, status int, errorType, message, id, body string) {
		h := http.Header{}
		h.Set("X-Amzn-Errortype", errorType)
		h.Set("X-Amzn-Errormessage", message)
		h.Set("X-Amzn-Requestid", id)
		r := Request{Failure: JSONFailure}
		e := r.failure(&Response{StatusCode: status, Header: h, Body: []byte(body)})
		if e.Code == "" || len(e.Code) > 128 || len(e.Message) > 1024 || len(e.RequestID) > 128 {
			t.Errorf("failure = %+v, which is out of bounds", *e)
		}
		text := e.Error()
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00\x1b") {
			t.Errorf("Error() = %q, want one printable line", text)
		}
		r.retryable(e)
		retryAfter(h, time.Unix(0, 0))
	})
}
