package cognitoid

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

func credentials(expiration string) string {
	return `{"IdentityId":"` + id + `","Credentials":{"AccessKeyId":"ASIAEXAMPLE",
		"SecretKey":"k/+=","SessionToken":"t","Expiration":` + expiration + `}}`
}

// TestExpiration checks that the expiration is a JSON number of seconds in any form.
func TestExpiration(t *testing.T) {
	in := GetCredentialsForIdentityInput{IdentityID: poolID}
	for _, test := range []struct {
		text string
		want time.Time
	}{
		{"1442877512", time.Unix(1442877512, 0)},
		{"1442877512.0", time.Unix(1442877512, 0)},
		{"1442877512.5", time.Unix(1442877512, 5e8)},
		{"1442877512.123", time.Unix(1442877512, 123e6)},
		{"1.442877512E9", time.Unix(1442877512, 0)},
		{"1.699168089e+9", time.Unix(1699168089, 0)},
	} {
		c, _ := respond(200, credentials(test.text))
		out, err := c.GetCredentialsForIdentity(t.Context(), in)
		want := sigv4.Credentials{
			AccessKeyID:     "ASIAEXAMPLE",
			SecretAccessKey: "k/+=",
			SessionToken:    "t",
			Expires:         test.want.UTC(),
		}
		if err != nil || out.Credentials != want || out.IdentityID != id {
			t.Errorf("Expiration %s is read as %v, %v, want %v",
				test.text, out.Credentials.Expires, err, want.Expires)
		}
	}
	for _, text := range []string{
		"0",
		"-1",
		"1442877512000",
		"1e300",
		"1e400",
		"NaN",
		"null",
		`"1442877512"`,
		`"2015-09-21T23:18:32Z"`,
		"{}",
	} {
		c, _ := respond(200, credentials(text))
		out, err := c.GetCredentialsForIdentity(t.Context(), in)
		if err == nil || out.Credentials.SecretAccessKey != "" {
			t.Errorf("Expiration %s is read as %v, %v, want an error",
				text, out.Credentials.Expires, err)
		}
	}
}

func TestInvalidResponse(t *testing.T) {
	for _, body := range []string{
		``,
		`{}`,
		`null`,
		`[]`,
		`<html>`,
		`{"IdentityId":7}`,
		`{"IdentityId":"x"}`,
		`{"IdentityId":"` + id + `"`,
		strings.Replace(credentials("1442877512"), id, id+"/../x", 1),
		strings.Replace(credentials("1442877512"), `{"Acc`, `{"SecretKey":"x","Acc`, 1),
		strings.Replace(credentials("1442877512"), `{"Acc`, `{"secretkey":"x","Acc`, 1),
		strings.Replace(credentials("1442877512"), `{"Ide`, `{"CREDENTIALS":{},"Ide`, 1),
		`{"IdentityId":"` + id + `/../x","Token":"t"}`,
	} {
		c, _ := respond(200, body)
		for _, operation := range operations {
			operation.fail(t, c, id, nil)
		}
	}
	in := GetCredentialsForIdentityInput{IdentityID: id}
	body := credentials("1442877512")
	for _, test := range []struct{ old, new string }{
		{`"AccessKeyId":"ASIAEXAMPLE",`, ""},
		{`"SecretKey":"k/+=",`, ""},
		{`"SessionToken":"t",`, ""},
		{`,"Expiration":1442877512`, ""},
		{"ASIAEXAMPLE", `A\r\nX-Evil: 1`},
	} {
		if !strings.Contains(body, test.old) {
			t.Fatalf("%s does not contain %s", body, test.old)
		}
		c, _ := respond(200, strings.Replace(body, test.old, test.new, 1))
		out, err := c.GetCredentialsForIdentity(t.Context(), in)
		if err == nil || out != (GetCredentialsForIdentityOutput{}) {
			t.Errorf("with %q in place of %s: %v, %v, want an error", test.new, test.old, out, err)
		}
	}
	c, _ := respond(200, `{"IdentityId":"`+id+`","Token":"a b"}`)
	if _, err := c.GetOpenIDToken(t.Context(), id, nil); err == nil {
		t.Error("GetOpenIDToken accepts a token with a space")
	}
}

// FuzzResponse checks that a response is an error or passes the checks.
func FuzzResponse(f *testing.F) {
	f.Add(credentials("1.442877512E9"))
	f.Add(`{"IdentityId":"` + id + `","Token":"t"}`)
	f.Fuzz(func(t *testing.T, body string) {
		c, _ := respond(200, body)
		got, err := c.GetID(t.Context(), GetIDInput{IdentityPoolID: poolID})
		if err == nil && !validID(got) {
			t.Errorf("GetID accepts %q", got)
		}
		token, err := c.GetOpenIDToken(t.Context(), id, nil)
		if err == nil && token.Token == "" {
			t.Errorf("GetOpenIDToken accepts %q", body)
		}
		in := GetCredentialsForIdentityInput{IdentityID: id}
		out, err := c.GetCredentialsForIdentity(t.Context(), in)
		k := out.Credentials
		if err == nil && (k.AccessKeyID == "" || k.SecretAccessKey == "" || k.SessionToken == "" ||
			k.Expires.Unix() < 0 || k.Expires.Unix() > math.MaxInt32*200) {
			t.Errorf("GetCredentialsForIdentity accepts %q", body)
		}
	})
}
