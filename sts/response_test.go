package sts

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// success is the response in the API Reference's example.
const success = `<?xml version="1.0"?>
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>` + subject + `</SubjectFromWebIdentityToken>
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

const (
	subject    = "amzn1.account.AF6RHO7KZU5XRVQJGXK6HB56KR2A"
	expiration = "2014-10-24T23:00:23Z"
)

// replaced returns the response with other text in place of old.
func replaced(old, other string) string {
	if !strings.Contains(success, old) {
		panic("the response does not contain " + old)
	}
	return strings.Replace(success, old, other, 1)
}

// TestResponse reads the response also with its elements in another order and without namespace.
func TestResponse(t *testing.T) {
	const role = "arn:aws:sts::123456789012:assumed-role/FederatedWebIdentityRole"
	want := AssumeRoleWithWebIdentityOutput{
		Credentials: sigv4.Credentials{
			AccessKeyID:     "ASgeIAIOSFODNN7EXAMPLE",
			SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY",
			SessionToken:    "AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE",
			Expires:         time.Date(2014, 10, 24, 23, 0, 23, 0, time.UTC),
		},
		AssumedRoleARN:              role + "/app1",
		AssumedRoleID:               "AROACLKWSDQRAOEXAMPLE:app1",
		SubjectFromWebIdentityToken: subject,
		Audience:                    "client.5498841531868486423.1548@apps.example.com",
		Provider:                    "www.amazon.com",
		SourceIdentity:              "SourceIdentityValue",
	}
	text := replaced(` xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`, "")
	claims := strings.Index(text, "<SubjectFrom")
	keys := strings.Index(text, "<Credentials>")
	source := strings.Index(text, "<SourceIdentity>")
	reordered := text[:claims] + text[keys:source] +
		"<PackedPolicySize>6</PackedPolicySize><!-- new -->" + text[claims:keys] + text[source:]
	for _, body := range []string{
		success,
		reordered,
		replaced("23Z<", "23.000Z<"),
		replaced("T23:00:23Z", "T18:00:23-05:00"),
	} {
		c, _ := respond(200, body)
		out, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
		if err != nil || out != want {
			t.Errorf("AssumeRoleWithWebIdentity = %+v, %v, want %+v", out, err, want)
		}
	}
}

func TestInvalidResponse(t *testing.T) {
	type response struct{ name, body string }
	tests := []response{
		{"empty", ""},
		{"JSON", "{}"},
		{"HTML", "<html><br></html>"},
		{"error", "<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>"},
		{"no result", "<AssumeRoleWithWebIdentityResponse/>"},
		{"encoding", replaced(`version="1.0"`, `version="1.0" encoding="ISO-8859-1"`)},
		{"no time", replaced(expiration, "")},
		{"seconds", replaced(expiration, "1414191623")},
		{"zero time", replaced(expiration, "0001-01-01T00:00:00Z")},
		{"zero time in another zone", replaced(expiration, "0000-12-31T23:00:00-01:00")},
		{"Unix time 0", replaced(expiration, "1970-01-01T00:00:00Z")},
		{"year 10000", replaced(expiration, "9999-12-31T23:59:59-01:00")},
		{"no key", replaced("ASgeIAIOSFODNN7EXAMPLE", "")},
		{"no secret", replaced("wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY", "")},
		{"no token", replaced("AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE", "")},
		{"two keys", replaced("</AccessKeyId>", "</AccessKeyId><AccessKeyId>A</AccessKeyId>")},
		{"two results", replaced("</AssumeRoleWithWebIdentityResult>",
			`</AssumeRoleWithWebIdentityResult>
			<AssumeRoleWithWebIdentityResult><Credentials><SessionToken>A</SessionToken>
			</Credentials></AssumeRoleWithWebIdentityResult>`)},
		{"line break in the key", replaced("ASgeIAIOSFODNN7EXAMPLE", "A&#10;X: 1")},
		{"too long", success + strings.Repeat(" ", 1<<20)},
	}
	for i := 1; i < len(success)-1; i += 7 {
		tests = append(tests, response{fmt.Sprint("cut at ", i), success[:i]})
	}
	for _, test := range tests {
		c, _ := respond(200, test.body)
		out, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
		if err == nil || out != (AssumeRoleWithWebIdentityOutput{}) {
			t.Errorf("%s: %v, %v, want an error", test.name, out, err)
			continue
		}
		text := err.Error()
		if strings.Contains(text, "wJalr") ||
			!strings.HasPrefix(text, "sts: AssumeRoleWithWebIdentity: ") {
			t.Errorf("%s: error %v, want the operation and no secret", test.name, err)
		}
	}
}

// FuzzResponse checks that a response is an error or passes the checks.
func FuzzResponse(f *testing.F) {
	f.Add(200, success)
	f.Add(403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>
		<Message>m &amp; n</Message></Error><RequestId>r</RequestId></ErrorResponse>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c, _ := respond(status, body)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond) // too short for retries
		defer cancel()
		out, err := c.AssumeRoleWithWebIdentity(ctx, good)
		k := out.Credentials
		if err == nil && (k.AccessKeyID == "" || k.SecretAccessKey == "" ||
			k.SessionToken == "" || k.Expires.IsZero()) {
			t.Errorf("AssumeRoleWithWebIdentity accepts %q", body)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("the error %q is not one line", err)
		}
	})
}
