package sts

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

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
		"the zero time":    strings.Replace(answer, "2014-10-24T23:00:23Z", "0001-01-01T00:00:00Z", 1),
		"zero elsewhere":   strings.Replace(answer, "2014-10-24T23:00:23Z", "0000-12-31T23:00:00-01:00", 1),
		"year 10000":       strings.Replace(answer, "2014-10-24T23:00:23Z", "9999-12-31T23:59:59-01:00", 1),
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

func FuzzAnswer(f *testing.F) {
	f.Add(200, answer)
	f.Add(403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>m &amp; n</Message></Error><RequestId>r</RequestId></ErrorResponse>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c, _ := answering(status, body)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond) // too short for most pauses
		defer cancel()
		out, err := c.AssumeRoleWithWebIdentity(ctx, good)
		if k := out.Credentials; err == nil && (k.AccessKeyID == "" || k.SecretAccessKey == "" || k.SessionToken == "" || k.Expires.IsZero()) {
			t.Errorf("%q passes", body)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("%q", err)
		}
	})
}
