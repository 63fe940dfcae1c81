package awshttp

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestJSONFailure(t *testing.T) {
	for _, test := range []struct {
		header, body          string
		code, message, reason string
	}{
		{"", `{"__type":"NotAuthorizedException","message":"m"}`, "NotAuthorizedException", "m", ""},
		{"", `{"__type":"com.amazonaws.x#UserNotFoundException","Message":"M"}`, "UserNotFoundException", "M", ""},
		{"", `{"__type":"InvalidParameterException:http://internal.amazon.com/coral/x#y/","reasonCode":"r"}`, "InvalidParameterException", "", "r"},
		{"", `{"code":"Bare","__type":"Other"}`, "Bare", "", ""},
		{"", `{"code":7,"__type":"Other"}`, "Other", "", ""},
		{"", `{"code":null,"__type":"Other","message":null,"Message":"M"}`, "Other", "M", ""},
		{"Named:", `{"__type":"Other"}`, "Named", "", ""},
		{"Named:http://internal.amazon.com/coral/", ``, "Named", "", ""},
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
			t.Errorf("%q %s: %q, %q, %q", test.header, test.body, f.Code, f.Message, f.ReasonCode)
		}
	}
	h := http.Header{}
	h.Set("x-amzn-ErrorMessage", "from the header")
	if f := JSONFailure(&Response{Header: h}); f.Message != "from the header" {
		t.Errorf("%q", f.Message)
	}
}

func TestDoJSON(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "service.example", Path: "/"}
	in := Members{"a": "<&>\u2028"}
	for _, test := range []struct{ body, want, err string }{
		{`{"A":"x","unknown":[{}],"b":null}`, "x", ""},
		{`{"A":"first","A":"second","a":"third"}`, "third", ""},
		{``, "", ""},
		{" \n", "", ""},
		{`{}`, "", ""},
		{`{"A":null}`, "", ""},
		{`null`, "", ""},
		{`{"A":1}`, "", "the response is not the JSON object that this operation returns (request id r-1)"},
		{`[]`, "", "the response is not the JSON object that this operation returns (request id r-1)"},
		{`{"A":"secret-x"}}`, "", "the response is not the JSON object that this operation returns (request id r-1)"},
		{`{"A":"secret-x`, "", "the response is not the JSON object that this operation returns (request id r-1)"},
		{`<html>`, "", "the response is not the JSON object that this operation returns (request id r-1)"},
		{strings.Repeat("[", 100000), "", "the response is not the JSON object that this operation returns (request id r-1)"},
	} {
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			var got map[string]string
			body := make([]byte, r.ContentLength)
			r.Body.Read(body)
			if json.Unmarshal(body, &got) != nil || got["a"] != in["a"] || !strings.HasPrefix(string(body), `{"a":"<&>`) || body[len(body)-1] != '}' {
				t.Errorf("sent %q", body)
			}
			if r.Method != "POST" || r.URL.String() != u.String() || r.GetBody == nil || len(r.TransferEncoding) != 0 ||
				r.Header.Get("Content-Type") != "application/x-amz-json-1.1" || r.Header.Get("X-Amz-Target") != "Service.Operation" || r.Header.Get("Authorization") != "" {
				t.Errorf("sent %s %s %v", r.Method, r.URL, r.Header)
			}
			return answer(200, test.body, "X-Amzn-Requestid", "r-1"), nil
		})}
		var s Sender
		var out struct{ A string }
		err := s.DoJSON(t.Context(), Request{HTTPClient: client}, u, "Service.Operation", in, &out)
		if test.err == "" && (err != nil || out.A != test.want) || test.err != "" && (err == nil || err.Error() != test.err) {
			t.Errorf("%.40s: %q, %v", test.body, out.A, err)
		}
	}
}

func FuzzJSONFailure(f *testing.F) {
	f.Add(400, "", "", "", `{"__type":"com.amazonaws.x#UserNotFoundException:http://x#y","Message":"M","message":"m"}`)
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
			t.Errorf("%+v", *e)
		}
		if text := e.Error(); !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00\x1b") {
			t.Errorf("%q", text)
		}
		r.retryable(e)
		retryAfter(h, time.Unix(0, 0))
	})
}
