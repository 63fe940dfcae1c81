package cognito_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// signInWithSteps signs in by steps.
func signInWithSteps(t *testing.T, server *cognitotest.Server, client *cognito.Client,
	login cognito.Login, steps []step) *cognito.Session {
	t.Helper()
	ctx := t.Context()
	secret := exampleTOTPSecret
	s, err := client.Start(ctx, login)
	for _, want := range steps {
		challenge := asChallenge(err)
		if challenge == nil || challenge.Name != want.challenge {
			t.Fatalf("error %v, want challenge %s", err, want.challenge)
		}
		choices := challenge.Choices()
		slices.Sort(choices)
		if !slices.Equal(challenge.AnswerKeys(), want.asks) ||
			!slices.Equal(choices, want.choices) {
			t.Errorf("%s has AnswerKeys %q and Choices %q, want %q and %q", challenge.Name,
				challenge.AnswerKeys(), choices, want.asks, want.choices)
		}
		if challenge.Name == "MFA_SETUP" && want.answers["SOFTWARE_TOKEN_MFA_CODE"] != "" {
			if secret, challenge, err = challenge.SetUpTOTP(ctx); err != nil {
				t.Fatalf("SetUpTOTP: %v", err)
			}
		}
		if want.wrong != nil {
			if _, err := challenge.Respond(ctx, want.wrong); err == nil || asChallenge(err) != nil {
				t.Fatalf("wrong answers to %s: %v", challenge.Name, err)
			}
		}
		answers := maps.Clone(want.answers)
		for key, value := range answers {
			switch value {
			case "CODE":
				if medium, to := challenge.Delivery(); medium == "" || !strings.Contains(to, "*") {
					t.Errorf("%s: Delivery = %q, %q", challenge.Name, medium, to)
				}
				answers[key] = server.Code(cognitotest.ExampleUserPoolID, cognitotest.ExampleUser)
			case "ASSERTION":
				answers[key] = assertion(challenge.Parameters["CREDENTIAL_REQUEST_OPTIONS"])
			case "TOTP":
				var totpErr error
				if answers[key], totpErr = cognito.TOTP(secret, time.Now()); totpErr != nil {
					t.Fatalf("TOTP: %v", totpErr)
				}
			}
		}
		s, err = challenge.Respond(ctx, answers)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const newPassword = "Another-Horse-8-battery"

// firstFactors are the first factors of a user of everyFlow, in order.
var firstFactors = []string{"EMAIL_OTP", "PASSWORD", "PASSWORD_SRP", "SMS_OTP"}

// A step is an expected challenge of a sign-in, with its answers. "CODE" stands for the code that
// was sent, "TOTP" for the code of the authenticator app, and "ASSERTION" for the authenticator's.
type step struct {
	challenge string
	asks      []string
	choices   []string
	wrong     map[string]string // refused first; the challenge stays valid
	answers   map[string]string
}

// everyFlow returns a server that allows every flow.
func everyFlow(change func(*cognitotest.UserPool, *cognitotest.User)) *cognitotest.Server {
	server := cognitotest.Example()
	pool := &server.UserPools[0]
	for i := range pool.Clients {
		pool.Clients[i].ExplicitAuthFlows = []string{
			"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH",
			"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		}
	}
	for i := range pool.Users {
		if u := &pool.Users[i]; u.Name == cognitotest.ExampleUser {
			u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = "+15555550100",
				"true"
			if change != nil {
				change(pool, u)
			}
		}
	}
	return server
}

func withMFA(kinds ...string) func(*cognitotest.UserPool, *cognitotest.User) {
	return func(p *cognitotest.UserPool, u *cognitotest.User) {
		p.MFAConfiguration, u.MFA, u.TOTPSecret = "OPTIONAL", kinds, exampleTOTPSecret
	}
}

// passkey lets the user sign in with the assertion of the options.
func passkey(p *cognitotest.UserPool, _ *cognitotest.User) {
	p.WebAuthn = func(username, options, credential string) bool {
		return username == cognitotest.ExampleUser && credential == assertion(options)
	}
}

// assertion is a fake authenticator. Its result depends on every byte of the options.
func assertion(options string) string {
	return fmt.Sprintf(`{"id":"k","response":{"signature":"%x"}}`, sha256.Sum256([]byte(options)))
}

func riddle(p *cognitotest.UserPool, _ *cognitotest.User) {
	p.CustomAuth = func(c cognitotest.CustomAuthRequest) cognitotest.CustomAuthResponse {
		riddles := 0
		for _, s := range c.History {
			if s.ChallengeName == "CUSTOM_CHALLENGE" && s.Passed {
				riddles++
			}
		}
		if riddles == 2 {
			return cognitotest.CustomAuthResponse{IssueTokens: true}
		}
		return cognitotest.CustomAuthResponse{
			Parameters: map[string]string{"riddle": "1+1"},
			Answer:     "2",
		}
	}
}

// flows contains every kind of sign-in. docs/flows.md has a table of them.
var flows = map[string]struct {
	login  cognito.Login
	change func(*cognitotest.UserPool, *cognitotest.User)
	steps  []step
	sends  bool // whether the password is sent
}{
	"USER_SRP_AUTH": {login: cognito.Login{Password: cognitotest.ExamplePassword}},
	"USER_PASSWORD_AUTH": {
		login: cognito.Login{Flow: "USER_PASSWORD_AUTH", Password: cognitotest.ExamplePassword},
		sends: true,
	},
	"USER_AUTH PASSWORD_SRP": {
		login: cognito.Login{
			Flow:               "USER_AUTH",
			PreferredChallenge: "PASSWORD_SRP",
			Password:           cognitotest.ExamplePassword,
		},
	},
	"USER_AUTH PASSWORD": {
		login: cognito.Login{
			Flow:               "USER_AUTH",
			PreferredChallenge: "PASSWORD",
			Password:           cognitotest.ExamplePassword,
		},
		sends: true,
	},
	"USER_AUTH EMAIL_OTP": {
		login: cognito.Login{Flow: "USER_AUTH", PreferredChallenge: "EMAIL_OTP"},
		steps: []step{{
			challenge: "EMAIL_OTP", asks: []string{"EMAIL_OTP_CODE"},
			wrong:   map[string]string{"EMAIL_OTP_CODE": "00000000"},
			answers: map[string]string{"EMAIL_OTP_CODE": "CODE"},
		}},
	},
	"USER_AUTH SMS_OTP": {
		login: cognito.Login{Flow: "USER_AUTH", PreferredChallenge: "SMS_OTP"},
		steps: []step{{
			challenge: "SMS_OTP", asks: []string{"SMS_OTP_CODE"},
			wrong:   map[string]string{"SMS_OTP_CODE": "00000000"},
			answers: map[string]string{"SMS_OTP_CODE": "CODE"},
		}},
	},
	"USER_AUTH SELECT_CHALLENGE PASSWORD_SRP": {
		login: cognito.Login{Flow: "USER_AUTH"},
		steps: []step{{
			challenge: "SELECT_CHALLENGE", asks: []string{"ANSWER"}, choices: firstFactors,
			wrong: map[string]string{"ANSWER": "WEB_AUTHN"},
			answers: map[string]string{"ANSWER": "PASSWORD_SRP",
				"PASSWORD": cognitotest.ExamplePassword},
		}},
	},
	"USER_AUTH SELECT_CHALLENGE PASSWORD": {
		login: cognito.Login{Flow: "USER_AUTH"}, sends: true,
		steps: []step{{
			challenge: "SELECT_CHALLENGE", asks: []string{"ANSWER"}, choices: firstFactors,
			answers: map[string]string{"ANSWER": "PASSWORD",
				"PASSWORD": cognitotest.ExamplePassword},
		}},
	},
	"USER_AUTH SELECT_CHALLENGE EMAIL_OTP": {
		login: cognito.Login{Flow: "USER_AUTH"},
		steps: []step{
			{
				challenge: "SELECT_CHALLENGE", asks: []string{"ANSWER"}, choices: firstFactors,
				answers: map[string]string{"ANSWER": "EMAIL_OTP"},
			},
			{
				challenge: "EMAIL_OTP",
				asks:      []string{"EMAIL_OTP_CODE"},
				answers:   map[string]string{"EMAIL_OTP_CODE": "CODE"},
			},
		},
	},
	"USER_AUTH SELECT_CHALLENGE SMS_OTP": {
		login: cognito.Login{Flow: "USER_AUTH"},
		steps: []step{
			{
				challenge: "SELECT_CHALLENGE",
				asks:      []string{"ANSWER"},
				choices:   firstFactors,
				answers:   map[string]string{"ANSWER": "SMS_OTP"},
			},
			{
				challenge: "SMS_OTP",
				asks:      []string{"SMS_OTP_CODE"},
				answers:   map[string]string{"SMS_OTP_CODE": "CODE"},
			},
		},
	},
	"USER_AUTH SELECT_CHALLENGE WEB_AUTHN": {
		login: cognito.Login{Flow: "USER_AUTH"}, change: passkey,
		steps: []step{
			{
				challenge: "SELECT_CHALLENGE",
				asks:      []string{"ANSWER"},
				choices:   append(slices.Clone(firstFactors), "WEB_AUTHN"),
				answers:   map[string]string{"ANSWER": "WEB_AUTHN"},
			},
			{
				challenge: "WEB_AUTHN",
				asks:      []string{"CREDENTIAL"},
				answers:   map[string]string{"CREDENTIAL": "ASSERTION"},
			},
		},
	},
	"USER_AUTH WEB_AUTHN": {
		login: cognito.Login{Flow: "USER_AUTH", PreferredChallenge: "WEB_AUTHN"}, change: passkey,
		steps: []step{{
			challenge: "WEB_AUTHN",
			asks:      []string{"CREDENTIAL"},
			answers:   map[string]string{"CREDENTIAL": "ASSERTION"},
		}},
	},
	"CUSTOM_AUTH": {
		login: cognito.Login{Flow: "CUSTOM_AUTH"}, change: riddle,
		steps: []step{
			{
				challenge: "CUSTOM_CHALLENGE",
				asks:      []string{"ANSWER"},
				answers:   map[string]string{"ANSWER": "2"},
			},
			{
				challenge: "CUSTOM_CHALLENGE",
				asks:      []string{"ANSWER"},
				answers:   map[string]string{"ANSWER": "2"},
			},
		},
	},
	"CUSTOM_AUTH after SRP": {
		login:  cognito.Login{Flow: "CUSTOM_AUTH", Password: cognitotest.ExamplePassword},
		change: riddle,
		steps: []step{
			{
				challenge: "CUSTOM_CHALLENGE",
				asks:      []string{"ANSWER"},
				answers:   map[string]string{"ANSWER": "2"},
			},
			{
				challenge: "CUSTOM_CHALLENGE",
				asks:      []string{"ANSWER"},
				answers:   map[string]string{"ANSWER": "2"},
			},
		},
	},
	"SMS_MFA": {
		login: cognito.Login{Password: cognitotest.ExamplePassword}, change: withMFA("SMS_MFA"),
		steps: []step{{
			challenge: "SMS_MFA", asks: []string{"SMS_MFA_CODE"},
			wrong:   map[string]string{"SMS_MFA_CODE": "00000000"},
			answers: map[string]string{"SMS_MFA_CODE": "CODE"},
		}},
	},
	"EMAIL_OTP": {
		login: cognito.Login{Password: cognitotest.ExamplePassword}, change: withMFA("EMAIL_OTP"),
		steps: []step{{
			challenge: "EMAIL_OTP", asks: []string{"EMAIL_OTP_CODE"},
			wrong:   map[string]string{"EMAIL_OTP_CODE": "00000000"},
			answers: map[string]string{"EMAIL_OTP_CODE": "CODE"},
		}},
	},
	"SOFTWARE_TOKEN_MFA": {
		login:  cognito.Login{Password: cognitotest.ExamplePassword},
		change: withMFA("SOFTWARE_TOKEN_MFA"),
		steps: []step{{
			challenge: "SOFTWARE_TOKEN_MFA", asks: []string{"SOFTWARE_TOKEN_MFA_CODE"},
			wrong:   map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "00000000"},
			answers: map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "TOTP"},
		}},
	},
	"SELECT_MFA_TYPE": {
		login:  cognito.Login{Password: cognitotest.ExamplePassword},
		change: withMFA("SMS_MFA", "SOFTWARE_TOKEN_MFA"),
		steps: []step{
			{
				challenge: "SELECT_MFA_TYPE",
				asks:      []string{"ANSWER"}, choices: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"},
				wrong:   map[string]string{"ANSWER": "EMAIL_OTP"},
				answers: map[string]string{"ANSWER": "SOFTWARE_TOKEN_MFA"},
			},
			{
				challenge: "SOFTWARE_TOKEN_MFA",
				asks:      []string{"SOFTWARE_TOKEN_MFA_CODE"},
				answers:   map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "TOTP"},
			},
		},
	},
	"MFA_SETUP": {
		login: cognito.Login{Password: cognitotest.ExamplePassword},
		change: func(p *cognitotest.UserPool, u *cognitotest.User) {
			p.MFAConfiguration = "ON"
			delete(u.Attributes, "phone_number")
			delete(u.Attributes, "email")
		},
		steps: []step{{
			challenge: "MFA_SETUP",
			asks:      []string{"SOFTWARE_TOKEN_MFA_CODE"},
			choices:   []string{"EMAIL_OTP", "SOFTWARE_TOKEN_MFA"},
			wrong:     map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "00000000"},
			answers:   map[string]string{"SOFTWARE_TOKEN_MFA_CODE": "TOTP"},
		}},
	},
	"MFA_SETUP EMAIL": {
		login: cognito.Login{Password: cognitotest.ExamplePassword},
		change: func(p *cognitotest.UserPool, u *cognitotest.User) {
			p.MFAConfiguration = "ON"
			delete(u.Attributes, "phone_number")
			delete(u.Attributes, "email")
		},
		steps: []step{
			{
				challenge: "MFA_SETUP",
				asks:      []string{"SOFTWARE_TOKEN_MFA_CODE"},
				choices:   []string{"EMAIL_OTP", "SOFTWARE_TOKEN_MFA"},
				wrong:     map[string]string{"EMAIL": "ada"},
				answers:   map[string]string{"EMAIL": "ada@example.org"},
			},
			{
				challenge: "EMAIL_OTP",
				asks:      []string{"EMAIL_OTP_CODE"},
				answers:   map[string]string{"EMAIL_OTP_CODE": "CODE"},
			},
		},
	},
	"NEW_PASSWORD_REQUIRED": {
		login: cognito.Login{Password: cognitotest.ExamplePassword},
		change: func(p *cognitotest.UserPool, u *cognitotest.User) {
			p.RequiredAttributes = []string{"email", "given_name"}
			u.ForceChangePassword = true
		},
		steps: []step{{
			challenge: "NEW_PASSWORD_REQUIRED",
			asks:      []string{"NEW_PASSWORD", "userAttributes.given_name"},
			wrong: map[string]string{"NEW_PASSWORD": "short",
				"userAttributes.given_name": "Ada"},
			answers: map[string]string{"NEW_PASSWORD": newPassword,
				"userAttributes.given_name": "Ada"},
		}},
	},
}

func TestFlows(t *testing.T) {
	for name, flow := range flows {
		t.Run(name, func(t *testing.T) {
			for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
				for _, typed := range []string{cognitotest.ExampleUser, cognitotest.ExampleEmail} {
					if typed == cognitotest.ExampleEmail && strings.HasPrefix(name, "MFA_SETUP") {
						continue // the user has no email address
					}
					synctest.Test(t, func(t *testing.T) {
						server := everyFlow(flow.change)
						spy := spyOn(server, cognitotest.ExamplePassword)
						client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
						login := flow.login
						login.Username = typed
						s := signInWithSteps(t, server, client, login, flow.steps)
						if _, err := s.Credentials(t.Context()); err != nil {
							t.Errorf("Credentials: %v", err)
						}
						if user := s.UnverifiedClaims().Username; user != cognitotest.ExampleUser {
							t.Errorf("signed in as %q", user)
						}
						if spy() != flow.sends {
							t.Errorf("the password was sent: %v, want %v", spy(), flow.sends)
						}
					})
				}
			}
		})
	}
}
