package managedlogin

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// TestTokensAreStrict checks that a response with duplicate members is refused, and that members in
// another case are ignored.
func TestTokensAreStrict(t *testing.T) {
	const foreign = "Zm9yZWlnbg"
	for _, name := range []string{
		"id_token", "access_token", "refresh_token", "expires_in", "token_type", "scope",
	} {
		for _, test := range []struct {
			body   string
			refuse bool
		}{
			{`{"scope":"openid","` + name + `":"` + foreign + `",` + success[1:], true},
			{
				strings.TrimSuffix(success, "}") + `,"scope":"openid","` + name + `":"` + foreign +
					`"}`, true,
			},
			{
				strings.TrimSuffix(success, "}") + `,"` + strings.ToUpper(name) + `":"` + foreign +
					`"}`, false,
			},
		} {
			client, _ := fakehttp.Canned(200, test.body)
			c := &Client{Domain: testDomain, ClientID: testClientID, HTTPClient: client}
			for _, o := range operations {
				if o.name == "Revoke" {
					continue // its response is not read
				}
				got, err := o.call(t.Context(), c)
				if (err != nil) != test.refuse || got.AccessToken == foreign ||
					got.IDToken == foreign {
					t.Errorf("%s of %s = %v, want an error: %t", o.name, test.body, err,
						test.refuse)
				}
			}
		}
	}
}
