package cognitotest

import (
	"testing"
	"time"
)

// A user in a state that does not allow a sign-in is refused in every flow.
func TestStates(t *testing.T) {
	for _, tt := range []struct {
		want   string
		change func(ada *User)
	}{
		{"UserNotConfirmedException", func(ada *User) { ada.Unconfirmed = true }},
		{"PasswordResetRequiredException", func(ada *User) { ada.ResetRequired = true }},
		{"NotAuthorizedException", func(ada *User) { ada.Disabled = true }},
	} {
		t.Run(tt.want, func(t *testing.T) {
			s, p := choosing(t, func(pool *UserPool, ada *User) {
				tt.change(ada)
				flows := &pool.Clients[0].ExplicitAuthFlows
				*flows = append(*flows, "ALLOW_CUSTOM_AUTH")
				pool.CustomAuth = twoQuestions
				ada.ForceChangePassword = true
				ada.MFA = []string{"EMAIL_OTP"}
			})
			p.password(ExampleUser).want(t, tt.want)
			p.signIn(ExampleUser, ExamplePassword).want(t, tt.want)
			p.initiate("CUSTOM_AUTH", p.params(ExampleUser)).want(t, tt.want)
			in := p.params(ExampleUser, "PREFERRED_CHALLENGE", "EMAIL_OTP")
			p.initiate("USER_AUTH", in).want(t, tt.want)
			if got := code(s); got != "" {
				t.Errorf("code = %q, want none", got)
			}
			// The state is revealed only after the correct password.
			a := p.signIn(ExampleUser, "wrong")
			a.want(t, "NotAuthorizedException")
			if a.Message != "Incorrect username or password." {
				t.Errorf("wrong password: message = %q", a.Message)
			}
		})
	}
}

// With PreventUserExistenceErrors, the challenges of an unknown user look like those of a known
// one.
func TestPreventUserExistenceErrors(t *testing.T) {
	q := newPeer(t, Example()).withSecret()
	e := newSRPClient()
	first, again := q.start(e, "nobody"), q.start(e, "nobody")
	known := q.start(e, ExampleUser)
	if first["SALT"] != again["SALT"] || q.start(e, ExampleUser)["SALT"] != known["SALT"] {
		t.Error("the salt changes from one sign-in to the next")
	}
	if first["SRP_B"] == again["SRP_B"] || first["SECRET_BLOCK"] == again["SECRET_BLOCK"] {
		t.Error("SRP_B or SECRET_BLOCK repeats")
	}
	if len(first) != len(known) || len(first["SECRET_BLOCK"]) != len(known["SECRET_BLOCK"]) {
		t.Errorf("challenges differ: %d parameters of an unknown user, %d of a known one",
			len(first), len(known))
	}
	stamp := timestamp(time.Now())
	unknown := q.respond("PASSWORD_VERIFIER", q.claim(e, first, ExamplePassword, stamp))
	wrong := q.respond("PASSWORD_VERIFIER", q.claim(e, known, "wrong", stamp))
	unknown.want(t, "NotAuthorizedException")
	if string(unknown.Body) != string(wrong.Body) {
		t.Errorf("unknown user: %s; wrong password: %s", unknown.Body, wrong.Body)
	}
}

// namedOperations are operations on a user who is not signed in.
var namedOperations = []struct {
	name string
	body object
}{
	{"ForgotPassword", nil},
	{"ResendConfirmationCode", nil},
	{"ConfirmSignUp", object{"ConfirmationCode": "000000"}},
	{"ConfirmForgotPassword", object{
		"ConfirmationCode": "000000",
		"Password":         ExamplePassword,
	}},
}

// With PreventUserExistenceErrors, unknown users get the responses of known ones.
func TestExistence(t *testing.T) {
	p := newPeer(t, Example())
	q := p.withSecret()
	for _, o := range namedOperations {
		p.public(o.name, "nobody", o.body).want(t, "UserNotFoundException")
		a, again := q.public(o.name, "nobody", o.body), q.public(o.name, "nobody", o.body)
		if o.body != nil {
			a.want(t, "CodeMismatchException")
			continue
		}
		a.want(t, "")
		if len(a.CodeDeliveryDetails.Destination) != 9 || string(a.Body) != string(again.Body) {
			t.Errorf("%s = %s, then %s", o.name, a.Body, again.Body)
		}
	}
}

// With PreventUserExistenceErrors, users to whom codes cannot be sent get the responses of unknown
// users.
func TestExistenceOfUnreachableUsers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		disabled bool
		change   func(ada *User)
	}{
		{"disabled", true, func(ada *User) { ada.Disabled = true }},
		{"not verified", false, func(ada *User) { delete(ada.Attributes, "email_verified") }},
		{"disabled, not confirmed", true, func(ada *User) {
			ada.Disabled = true
			ada.Unconfirmed = true
		}},
	} {
		s, p := example(t, func(_ *UserPool, ada *User) { tt.change(ada) })
		p = p.withSecret()
		for _, o := range namedOperations {
			// Only a disabled user differs from a confirmed one here.
			if o.name == "ConfirmSignUp" || o.name == "ResendConfirmationCode" && !tt.disabled {
				continue
			}
			known := p.public(o.name, ExampleUser, o.body)
			unknown := p.public(o.name, "nobody", o.body)
			if known.Code != unknown.Code || known.Message != unknown.Message ||
				len(known.Body) != len(unknown.Body) {
				t.Errorf("%s, user %s: %s; unknown user: %s",
					o.name, tt.name, known.Body, unknown.Body)
			}
		}
		if got := code(s); got != "" {
			t.Errorf("user %s: code = %q, want none", tt.name, got)
		}
	}
}

func TestGetUser(t *testing.T) {
	p := newPeer(t, Example())
	r := p.mustSignIn().AuthenticationResult
	a := p.idp("GetUser", object{"AccessToken": r.AccessToken})
	a.want(t, "")
	got := params{}
	for _, attribute := range a.UserAttributes {
		got[attribute.Name] = attribute.Value
	}
	if a.Username != ExampleUser || got["email"] != ExampleEmail ||
		got["email_verified"] != "true" || got["sub"] != payload(t, r.IdToken)["sub"] {
		t.Errorf("GetUser = %s", a.Body)
	}
	for _, tt := range []struct{ name, token string }{
		{"ID token", r.IdToken},
		{"refresh token", r.RefreshToken},
		{"nonsense", "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.idp("GetUser", object{"AccessToken": tt.token}).want(t, "NotAuthorizedException")
		})
	}
	p.idp("GetUser", object{}).want(t, "InvalidParameterException")
	p.post("https://cognito-idp.eu-west-1.amazonaws.com/",
		"AWSCognitoIdentityProviderService.GetUser",
		object{"AccessToken": r.AccessToken}).want(t, "NotAuthorizedException")
}
