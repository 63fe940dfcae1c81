package cognitoid

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

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

func TestBadAnswer(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `<html>`, `{"IdentityId":7}`, `{"IdentityId":"x"}`, `{"IdentityId":"` + id + `"`,
		`{"IdentityId":"` + id + `/../x","Token":"t","Credentials":{"AccessKeyId":"A","SecretKey":"S","SessionToken":"T","Expiration":1442877512}}`,
	} {
		c, _ := answering(200, body)
		if got, err := c.GetID(t.Context(), GetIDInput{IdentityPoolID: poolID}); err == nil || got != "" {
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
