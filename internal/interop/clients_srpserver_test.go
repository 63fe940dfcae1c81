package interop

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/srp"
)

// TestSRPServer signs in to the server side of the npm package cognito-srp, whose authors wrote it
// against Cognito. This checks our client's arithmetic. The last user's verifier is ours, which
// checks srp.NewVerifier too.
func TestSRPServer(t *testing.T) {
	t.Parallel()
	const pool = "us-east-1_aBcDeFg12"
	type user struct {
		Username string `json:"username"`
		Alias    string `json:"alias"`
		Password string `json:"password,omitempty"`
		Salt     string `json:"salt"`
		Verifier string `json:"verifier,omitempty"`
	}
	users := []user{
		{"ada", "ada@example.com", "correct horse", "333edf2d634e9195b93091818277fc41", ""},
		{"high bit in the salt", "1@example.com", "correct horse",
			"fc5f4d0bb754777037c53c901e87e0e6", ""},
		{"odd salt", "2@example.com", "correct horse", "60ff4ca2c5224af87f6fd1abf798390", ""},
		{"short salt", "3@example.com", "correct horse", "7", ""},
		{"jos\u00e9:\u65e5\u672c", "4@example.com", "p\u00e4ss : \U0001f600 w\u0308ord",
			"1b2c3d4e5f60718293a4b5c6d7e8f901", ""},
	}
	const verified = "our verifier"
	verifier, err := srp.NewVerifier(srp.Identity{
		Pool:     "aBcDeFg12",
		User:     verified,
		Password: "correct horse",
	})
	if err != nil {
		t.Fatal(err)
	}
	users = append(users, user{verified, "5@example.com", "",
		hex.EncodeToString(verifier.Salt), hex.EncodeToString(verifier.PasswordVerifier)})

	var server struct{ URL string }
	serve(t, node(t, "testdata/js/srp_server.mjs"),
		map[string]any{"userPoolId": pool, "users": users}, &server)
	client := &cognito.Client{Environment: cognito.Environment{
		UserPoolID: pool,
		ClientID:   "1example23456789abcdefghij",
		Endpoints:  cognito.Endpoints{CognitoIDP: server.URL},
	}}
	for _, u := range users {
		t.Run(u.Username, func(t *testing.T) {
			password := u.Password
			if password == "" {
				password = "correct horse"
			}
			for _, name := range []string{u.Username, u.Alias} {
				for range 4 { // a and b differ each time
					if _, err := client.SignIn(t.Context(), name, password); err != nil {
						t.Fatalf("SignIn(%q) with the right password: %v", name, err)
					}
				}
				for _, wrong := range []string{password + ".", strings.ToUpper(password), "x"} {
					_, err := client.SignIn(t.Context(), name, wrong)
					var e *awserr.Error
					if !errors.As(err, &e) || e.Code != notAuthorized {
						t.Errorf("SignIn(%q, %q) = error %v, want %s", name, wrong, err,
							notAuthorized)
					}
				}
			}
		})
	}
	if _, err := client.SignIn(t.Context(), "nobody", "correct horse"); err == nil {
		t.Error("SignIn() of an unknown user succeeded, want an error")
	}
}
