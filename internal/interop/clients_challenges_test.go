package interop

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// The user pools of challenging.
const (
	// challengesPool has an optional second factor and CUSTOM_AUTH, and requires an email address.
	challengesPool = "us-east-1_CHALLENGES"
	// requiredPool requires a second factor.
	requiredPool = "us-east-1_REQUIRED"
	// alwaysPool remembers every confirmed device.
	alwaysPool = "us-east-1_ALWAYS"
	// optInPool remembers a confirmed device if the client asks for it.
	optInPool = "us-east-1_OPTIN"
)

const totpSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

// poolParameters describes a user pool to a script. The app clients allow all flows.
type poolParameters struct {
	UserPoolID string `json:"userPoolId"`
	ClientID   string `json:"clientId"`
	// RotatingClientID rotates refresh tokens. A replaced token stays valid for a minute.
	RotatingClientID string `json:"rotatingClientId"`
	// StrictClientID rotates refresh tokens. A replaced token is refused at once.
	StrictClientID string `json:"strictClientId"`
	// SecretClientID has a secret, and does not reveal whether a user exists.
	SecretClientID string `json:"secretClientId"`
	ClientSecret   string `json:"clientSecret"`
}

// challenging starts a stand-in whose users must answer challenges of every kind, and returns the
// parameters that a script needs. Every user has the password ExamplePassword, an email address
// and a phone number, unless the name states otherwise. A digit at the end of a name distinguishes
// users of the same kind.
func challenging(t *testing.T) map[string]any {
	t.Helper()
	pools := []cognitotest.UserPool{
		{
			ID:                 challengesPool,
			MFAConfiguration:   "OPTIONAL",
			RequiredAttributes: []string{"email"},
			CustomAuth:         twoQuestions,
		},
		{ID: requiredPool, MFAConfiguration: "ON"},
		{
			ID:               alwaysPool,
			MFAConfiguration: "OPTIONAL",
			DeviceTracking:   "ALWAYS",
			CustomAuth:       twoQuestions,
		},
		{ID: optInPool, MFAConfiguration: "OPTIONAL", DeviceTracking: "OPT_IN"},
	}
	server := &cognitotest.Server{Roles: []cognitotest.Role{{ARN: cognitotest.ExampleRoleARN}}}
	identities := cognitotest.IdentityPool{
		ID:                cognitotest.ExampleIdentityPoolID,
		AuthenticatedRole: cognitotest.ExampleRoleARN,
	}
	byName := map[string]poolParameters{}
	for i, name := range []string{"challenges", "required", "always", "optIn"} {
		p := &pools[i]
		p.Users, p.AliasAttributes = challengedUsers(), []string{"email"}
		ids := poolParameters{
			UserPoolID:       p.ID,
			ClientID:         name + "client0123456789",
			RotatingClientID: name + "rotating0123456789",
			StrictClientID:   name + "strict0123456789",
			SecretClientID:   name + "secret0123456789",
			ClientSecret:     cognitotest.ExampleClientSecret,
		}
		all := []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH",
			"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
		p.Clients = []cognitotest.AppClient{
			{ID: ids.ClientID, ExplicitAuthFlows: all},
			{
				ID:                   ids.RotatingClientID,
				ExplicitAuthFlows:    all,
				RefreshTokenRotation: true,
				RetryGracePeriod:     time.Minute,
			},
			{ID: ids.StrictClientID, ExplicitAuthFlows: all, RefreshTokenRotation: true},
			{
				ID:                         ids.SecretClientID,
				ExplicitAuthFlows:          all,
				Secret:                     ids.ClientSecret,
				PreventUserExistenceErrors: true,
			},
		}
		byName[name] = ids
		identities.ClientIDs = append(identities.ClientIDs, ids.ClientID, ids.RotatingClientID,
			ids.StrictClientID)
	}
	server.UserPools, server.IdentityPools = pools, []cognitotest.IdentityPool{identities}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return map[string]any{
		"endpoint":       listener.URL,
		"codes":          codes(t, server),
		"region":         cognitotest.ExampleRegion,
		"pools":          byName,
		"identityPoolId": identities.ID,
		"password":       cognitotest.ExamplePassword,
		"newPassword":    newPassword,
		"totpSecret":     totpSecret,
	}
}

// codes starts a server that returns the code that was last sent to a user, at
// /?pool=...&user=..., and returns its address.
func codes(t *testing.T, server *cognitotest.Server) string {
	t.Helper()
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, server.Code(r.FormValue("pool"), r.FormValue("user")))
	}))
	t.Cleanup(listener.Close)
	return listener.URL
}

// challengedUsers returns the users of each pool of challenging.
func challengedUsers() (users []cognitotest.User) {
	const (
		sms  = "SMS_MFA"
		mail = "EMAIL_OTP"
		totp = "SOFTWARE_TOKEN_MFA"
	)
	add := func(name string, change func(u *cognitotest.User)) {
		u := cognitotest.User{
			Name:     name,
			Password: cognitotest.ExamplePassword,
			Attributes: map[string]string{
				"email": name + "@example.com", "email_verified": "true",
				"phone_number": "+12065550123", "phone_number_verified": "true",
			},
		}
		change(&u)
		if slices.Contains(u.MFA, totp) {
			u.TOTPSecret = totpSecret
		}
		users = append(users, u)
	}
	mfa := func(kinds ...string) func(u *cognitotest.User) {
		return func(u *cognitotest.User) { u.MFA = kinds }
	}
	for _, n := range []string{"", "2", "3", "4"} {
		add("plain"+n, mfa())
		add("sms"+n, mfa(sms))
		add("mail"+n, mfa(mail))
		add("totp"+n, mfa(totp))
		add("several"+n, mfa(sms, totp, mail))
		add("invited"+n, func(u *cognitotest.User) { u.ForceChangePassword = true })
		add("without-email"+n, func(u *cognitotest.User) {
			u.ForceChangePassword = true
			delete(u.Attributes, "email")
		})
	}
	add("preferring", func(u *cognitotest.User) {
		u.MFA, u.PreferredMFA = []string{sms, totp}, totp
	})
	add("invited-sms", func(u *cognitotest.User) {
		u.MFA, u.ForceChangePassword = []string{sms}, true
	})
	add("without-password", func(u *cognitotest.User) { u.Password = "" })
	add("unconfirmed", func(u *cognitotest.User) { u.Unconfirmed = true })
	add("reset", func(u *cognitotest.User) { u.ResetRequired = true })
	add("disabled", func(u *cognitotest.User) { u.Disabled = true })
	return users
}

// twoQuestions is the custom authentication of a pool. It asks two questions and accepts one wrong
// answer in total.
func twoQuestions(c cognitotest.CustomAuthRequest) cognitotest.CustomAuthResponse {
	right, wrong := 0, 0
	for _, step := range c.History {
		switch {
		case step.ChallengeName != "CUSTOM_CHALLENGE":
		case step.Passed:
			right++
		default:
			wrong++
		}
	}
	switch {
	case wrong > 1:
		return cognitotest.CustomAuthResponse{FailAuthentication: true}
	case right > 1:
		return cognitotest.CustomAuthResponse{IssueTokens: true}
	}
	number := []string{"one", "two"}[right]
	return cognitotest.CustomAuthResponse{
		Parameters: map[string]string{"question": number, "heard": c.Metadata["said"]},
		Answer:     "answer " + number,
	}
}
