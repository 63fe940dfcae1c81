package awshttp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

func TestWrap(t *testing.T) {
	if err := Wrap("sts", "A", nil); err != nil {
		t.Errorf("Wrap(nil) = %v, want nil", err)
	}
	cause := errors.New("no")
	if err := Wrap("sts", "A", cause); !errors.Is(err, cause) || err.Error() != "sts: A: no" {
		t.Errorf("Wrap = %v, want sts: A: no", err)
	}
	err := Wrap("sts", "A", &Failure{
		Code:       "C",
		Message:    "m",
		RequestID:  "r",
		StatusCode: 400,
		ReasonCode: "why",
		Err:        context.Canceled,
	})
	want := awserr.Error{
		Service:    "sts",
		Operation:  "A",
		Code:       "C",
		Message:    "m",
		RequestID:  "r",
		StatusCode: 400,
		ReasonCode: "why",
		Err:        context.Canceled,
	}
	if got, ok := err.(*awserr.Error); !ok || *got != want {
		t.Errorf("Wrap = %#v, want %#v", err, &want)
	}
	inner := &awserr.Error{Service: "cognitoid", Code: "C"}
	var got *awserr.Error
	if err := Wrap("sts", "A", inner); !errors.As(err, &got) || got != inner {
		t.Errorf("Wrap(%v) = %v, want the error of the other service in it", inner, err)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	long := strings.Repeat("ä", 2000)
	body := fmt.Sprintf(`{"__type":%q,"message":%q,"reasonCode":%q}`, long, long, long)
	client, _ := fakehttp.Canned(400, body, "X-Amzn-Requestid", long)
	r := Request{HTTPClient: client, New: post(address), Failure: JSONFailure}
	_, err := new(Sender).Do(t.Context(), r)
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("Do = %v, want a *Failure", err)
	}
	for _, test := range []struct {
		field, text string
		want        int
	}{
		{"Code", f.Code, 128},
		{"Message", f.Message, 1024},
		{"RequestID", f.RequestID, 128},
		{"ReasonCode", f.ReasonCode, 128},
	} {
		if len(test.text) != test.want {
			t.Errorf("%s has %d bytes, want %d", test.field, len(test.text), test.want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"plain text", "plain text"},
		{" a \t\r\n b ", "a b"},
		{"a\x00b\x1b[0m", "a b [0m"},
		{"\xff\xfea", "a"},
		{"žluťoučký", "žluťoučký"},
		{"a\u202eb\u2028c\ufeff", "a b c"},
		{"0123456789012345678", "0123456789012345"},
		{"012345678901234ä", "012345678901234"},
	} {
		if got := Clean(test.text, 16); got != test.want {
			t.Errorf("Clean(%q, 16) = %q, want %q", test.text, got, test.want)
		}
	}
}
