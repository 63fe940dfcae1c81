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
