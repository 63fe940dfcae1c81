package managedlogin_test

import (
	"fmt"
	"net/url"

	"github.com/loginwithcognito/cognito/managedlogin"
)

// This example makes the URL that a browser opens. State, Nonce and the verifier are random in a
// program.
func ExampleClient_AuthorizeURL() {
	c := &managedlogin.Client{
		Domain:   "example.auth.us-east-1.amazoncognito.com",
		ClientID: "1example23456789",
	}
	address, err := c.AuthorizeURL(managedlogin.AuthorizeInput{
		RedirectURI:   "http://localhost:8400/callback",
		Scope:         "openid email",
		State:         "IPX3JRQ2AFM5TQNRZ45OVXJOQU",
		Nonce:         "OAD2GF53NCBRGOFDNUKQM3DBEE",
		CodeChallenge: managedlogin.CodeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	u, err := url.Parse(address)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(u.Host, u.Path)
	fmt.Println(u.Query().Get("code_challenge_method"), u.Query().Get("code_challenge"))
	// Output:
	// example.auth.us-east-1.amazoncognito.com /oauth2/authorize
	// S256 E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
}
