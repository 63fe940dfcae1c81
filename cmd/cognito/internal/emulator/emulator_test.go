package emulator

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// Managed login's pages ask for codes too.
func TestHandlerPrintsCodesOfLoginPage(t *testing.T) {
	t.Parallel()
	server := cognitotest.Example()
	server.UserPools[0].MFAConfiguration = "OPTIONAL"
	server.UserPools[0].Users[0].MFA = []string{"EMAIL_OTP"}
	var printed string
	h := &Handler{Server: server, Print: func(format string, args ...any) {
		printed += fmt.Sprintf(format, args...)
	}}
	listener := httptest.NewServer(h)
	defer listener.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	resp, err := client.Get(listener.URL + "/oauth2/authorize?response_type=code&client_id=" +
		cognitotest.ExampleClientID + "&redirect_uri=" + cognitotest.ExampleCallbackURL)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{
		"username": {cognitotest.ExampleUser},
		"password": {cognitotest.ExamplePassword},
	}
	hidden := regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`)
	for _, field := range hidden.FindAllStringSubmatch(string(page), -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	resp, err = client.PostForm(resp.Request.URL.String(), form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !strings.HasPrefix(printed, "code sent to ada of ") {
		t.Errorf("printed %q\n%s", printed, page)
	}
}

// The advice has the syntax of a shell.
func TestAdvice(t *testing.T) {
	const pool = "eu-west-1_EXAMPLE00"
	environments := Environments(
		&cognitotest.Server{UserPools: []cognitotest.UserPool{{ID: pool}}}, "http://127.0.0.1:1")
	const url = "http://127.0.0.1:1"
	for _, test := range []struct {
		format string
		want   []string
	}{
		{"sh", []string{"# AWS CLI", "export AWS_ENDPOINT_URL=" + url, "export AWS_REGION=eu-west-1"}},
		{"cmd", []string{"rem AWS CLI", `set "AWS_ENDPOINT_URL=` + url + `"`, "rem Amplify"}},
		{"powershell", []string{"# AWS CLI", "$env:AWS_ENDPOINT_URL = '" + url + "'"}},
	} {
		got := Advice(environments, url, "é%.json", test.format)
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("Advice() for %s = %q, want %q in it", test.format, got, want)
			}
		}
		if !strings.Contains(got, "é%.json") {
			t.Errorf("Advice() for %s = %q, want the path of the configuration", test.format, got)
		}
	}
}
