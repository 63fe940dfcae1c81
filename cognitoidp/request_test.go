package cognitoidp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// TestBadInput checks that invalid requests are not sent, and that the errors do not quote them.
// Texts that are not UTF-8 are in TestTextIsUTF8.
func TestBadInput(t *testing.T) {
	c, sent := respond(200, `{}`)
	const verifier = `{` + withToken + `,` + withDevice + `,"DeviceSecretVerifierConfig":`
	for _, test := range []struct{ operation, request, want string }{
		{"InitiateAuth", `{"AuthFlow":"X"}`, "ClientId is missing"},
		{"InitiateAuth", `{"ClientId":"a b","AuthFlow":"X"}`, "ClientId is missing"},
		{
			"InitiateAuth",
			`{"ClientId":"` + strings.Repeat("a", 129) + `","AuthFlow":"X"}`,
			"ClientId",
		},
		{"InitiateAuth", `{"ClientId":"a"}`, "AuthFlow is missing"},
		{"RespondToAuthChallenge", `{"ChallengeName":"X"}`, "ClientId is missing"},
		{"RespondToAuthChallenge", `{"ClientId":"a"}`, "ChallengeName is missing"},
		{"GetTokensFromRefreshToken", `{"ClientId":"a"}`, "RefreshToken"},
		{"GetTokensFromRefreshToken", `{"RefreshToken":"hunter2"}`, "ClientId is missing"},
		{
			"GetTokensFromRefreshToken",
			`{"ClientId":"a","RefreshToken":"hunter2\n"}`,
			"RefreshToken",
		},
		{"RevokeToken", `{"ClientId":"a"}`, "Token is missing"},
		{"RevokeToken", `{"Token":"hunter2"}`, "ClientId is missing"},
		{"SignUp", `{"Username":"u"}`, "ClientId is missing"},
		{"SignUp", `{"ClientId":"a b","Username":"u","Password":"hunter2"}`, "ClientId is missing"},
		{"SignUp", `{"ClientId":"a","Password":"hunter2"}`, "Username is missing"},
		{
			"SignUp",
			`{` + withUser + `,"UserAttributes":[{"Name":"a"},{"Value":"hunter2"}]}`,
			"Name in UserAttributes is missing",
		},
		{
			"SignUp",
			`{` + withUser + `,"ValidationData":[{"Value":"hunter2"}]}`,
			"Name in ValidationData is missing",
		},
		{"ConfirmSignUp", `{"Username":"u","ConfirmationCode":"1"}`, "ClientId is missing"},
		{"ConfirmSignUp", `{"ClientId":"a","ConfirmationCode":"1"}`, "Username is missing"},
		{"ConfirmSignUp", `{` + withUser + `}`, "ConfirmationCode is missing"},
		{"ResendConfirmationCode", `{"Username":"u"}`, "ClientId is missing"},
		{"ResendConfirmationCode", `{"ClientId":"a"}`, "Username is missing"},
		{"ForgotPassword", `{"Username":"u"}`, "ClientId is missing"},
		{"ForgotPassword", `{"ClientId":"a"}`, "Username is missing"},
		{
			"ConfirmForgotPassword",
			`{"Username":"u","ConfirmationCode":"1","Password":"hunter2"}`,
			"ClientId is missing",
		},
		{
			"ConfirmForgotPassword",
			`{"ClientId":"a","ConfirmationCode":"1","Password":"hunter2"}`,
			"Username is missing",
		},
		{
			"ConfirmForgotPassword",
			`{` + withUser + `,"Password":"hunter2"}`,
			"ConfirmationCode is missing",
		},
		{
			"ConfirmForgotPassword",
			`{` + withUser + `,"ConfirmationCode":"hunter2"}`,
			"Password is missing",
		},
		{"ChangePassword", `{"ProposedPassword":"hunter2"}`, "AccessToken"},
		{
			"ChangePassword",
			`{"AccessToken":"hunter2\r\n","ProposedPassword":"hunter2"}`,
			"AccessToken",
		},
		{
			"ChangePassword",
			`{` + withToken + `,"PreviousPassword":"hunter2"}`,
			"ProposedPassword is missing",
		},
		{"GetUser", `{}`, "AccessToken"},
		{"GetUser", `{"AccessToken":"Bearer hunter2"}`, "AccessToken"},
		{"GetUser", `{"AccessToken":"` + strings.Repeat("a", 50001) + `"}`, "AccessToken"},
		{"GlobalSignOut", `{}`, "AccessToken"},
		{"ConfirmDevice", `{` + withDevice + `}`, "AccessToken"},
		{"ConfirmDevice", `{` + withToken + `}`, "DeviceKey"},
		{"ConfirmDevice", verifier + `{"Salt":"AQ=="}}`, "DeviceSecretVerifierConfig"},
		{"ConfirmDevice", verifier + `{"PasswordVerifier":"AQ=="}}`, "DeviceSecretVerifierConfig"},
		{
			"ConfirmDevice",
			verifier + `{"PasswordVerifier":"hunter2","Salt":"AQ=="}}`,
			"DeviceSecretVerifierConfig",
		},
		{
			"ConfirmDevice",
			verifier + `{"PasswordVerifier":"AQ==","Salt":"hunter2"}}`,
			"DeviceSecretVerifierConfig",
		},
		{
			"UpdateDeviceStatus",
			`{` + withDevice + `,"DeviceRememberedStatus":"remembered"}`,
			"AccessToken",
		},
		{
			"UpdateDeviceStatus",
			`{` + withToken + `,"DeviceRememberedStatus":"remembered"}`,
			"DeviceKey",
		},
		{
			"UpdateDeviceStatus",
			`{` + withToken + `,` + withDevice + `}`,
			"DeviceRememberedStatus is missing",
		},
		{"ForgetDevice", `{` + withDevice + `}`, "AccessToken"},
		{"ForgetDevice", `{` + withToken + `,"DeviceKey":"a b"}`, "DeviceKey"},
		{"GetDevice", `{` + withDevice + `}`, "AccessToken"},
		{
			"GetDevice",
			`{` + withToken + `,"DeviceKey":"` + strings.Repeat("a", 56) + `"}`,
			"DeviceKey",
		},
		{"ListDevices", `{}`, "AccessToken"},
		{"ListDevices", `{` + withToken + `,"Limit":61}`, "Limit"},
		{"ListDevices", `{` + withToken + `,"Limit":-1}`, "Limit"},
		{"AssociateSoftwareToken", `{}`, "either AccessToken or Session"},
		{"AssociateSoftwareToken", `{` + withToken + `,"Session":"hunter2"}`, "not both"},
		{"AssociateSoftwareToken", `{"AccessToken":"hunter2 "}`, "AccessToken"},
		{"VerifySoftwareToken", `{"UserCode":"123456"}`, "either AccessToken or Session"},
		{
			"VerifySoftwareToken",
			`{` + withToken + `,"Session":"hunter2","UserCode":"123456"}`,
			"not both",
		},
		{"VerifySoftwareToken", `{"Session":"s"}`, "UserCode is not 6 digits"},
		{"VerifySoftwareToken", `{"Session":"s","UserCode":"hunter"}`, "UserCode is not 6 digits"},
		{"VerifySoftwareToken", `{"Session":"s","UserCode":"12345"}`, "UserCode is not 6 digits"},
		{"VerifySoftwareToken", `{"Session":"s","UserCode":"1234567"}`, "UserCode is not 6 digits"},
		{"VerifySoftwareToken", `{"Session":"s","UserCode":"123 56"}`, "UserCode is not 6 digits"},
		{"SetUserMFAPreference", `{"EmailMfaSettings":{"Enabled":true}}`, "AccessToken"},
	} {
		out, err := operations[test.operation](t.Context(), c, test.request)
		checkError(t, err, test.operation, test.want)
		checkZero(t, test.operation, out)
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent, want 0", *sent)
	}
}

// checkError fails the test if err does not name the operation and contain want, or if it quotes
// the secret of the tests.
func checkError(t *testing.T, err error, operation, want string) {
	t.Helper()
	prefix := "cognitoidp: " + operation + ": "
	text := fmt.Sprint(err)
	if !strings.HasPrefix(text, prefix) || !strings.Contains(text, want) {
		t.Errorf("%s = %v, want %s...%s", operation, err, prefix, want)
	}
	if strings.Contains(strings.ToLower(text), "hunter") {
		t.Errorf("%s = %v, which contains a secret", operation, err)
	}
}

// TestTextIsUTF8 checks every text that has no stricter form. encoding/json would replace invalid
// UTF-8 with U+FFFD and send, for example, another password.
func TestTextIsUTF8(t *testing.T) {
	const bad, token = "hunter2\xff", "eyJ.access.tok"
	metadata := map[string]string{"k": "v", "PASSWORD": bad}
	initiate := func(in InitiateAuthInput) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			in.ClientID, in.AuthFlow = clientID, "X"+in.AuthFlow
			_, err := c.InitiateAuth(ctx, in)
			return err
		}
	}
	answer := func(in RespondToAuthChallengeInput) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			in.ClientID, in.ChallengeName = clientID, "X"+in.ChallengeName
			_, err := c.RespondToAuthChallenge(ctx, in)
			return err
		}
	}
	refresh := func(in GetTokensFromRefreshTokenInput) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			in.ClientID, in.RefreshToken = clientID, "t"
			_, err := c.GetTokensFromRefreshToken(ctx, in)
			return err
		}
	}
	signUp := func(in SignUpInput) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			in.ClientID, in.Username = clientID, "u"+in.Username
			_, err := c.SignUp(ctx, in)
			return err
		}
	}
	confirm := func(in ConfirmSignUpInput) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			in.ClientID, in.Username = clientID, "u"
			in.ConfirmationCode = "1" + in.ConfirmationCode
			_, err := c.ConfirmSignUp(ctx, in)
			return err
		}
	}
	change := func(in ChangePasswordInput) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			in.AccessToken, in.ProposedPassword = token, "p"+in.ProposedPassword
			return c.ChangePassword(ctx, in)
		}
	}
	for _, test := range []struct {
		want string
		call func(context.Context, *Client) error
	}{
		{"InitiateAuth: AuthFlow", initiate(InitiateAuthInput{AuthFlow: bad})},
		{`AuthParameters: "PASSWORD"`, initiate(InitiateAuthInput{AuthParameters: metadata})},
		{`ClientMetadata: "PASSWORD"`, initiate(InitiateAuthInput{ClientMetadata: metadata})},
		{"InitiateAuth: Session", initiate(InitiateAuthInput{Session: bad})},
		{
			"InitiateAuth: EncodedData",
			initiate(InitiateAuthInput{UserContextData: &UserContextData{EncodedData: bad}}),
		},
		{
			"RespondToAuthChallenge: IpAddress",
			answer(RespondToAuthChallengeInput{UserContextData: &UserContextData{IPAddress: bad}}),
		},
		{"RespondToAuthChallenge: Session", answer(RespondToAuthChallengeInput{Session: bad})},
		{
			"RespondToAuthChallenge: ChallengeName",
			answer(RespondToAuthChallengeInput{ChallengeName: bad}),
		},
		{
			`ChallengeResponses: "PASSWORD"`,
			answer(RespondToAuthChallengeInput{ChallengeResponses: metadata}),
		},
		{
			"GetTokensFromRefreshToken: ClientSecret",
			refresh(GetTokensFromRefreshTokenInput{ClientSecret: bad}),
		},
		{
			"GetTokensFromRefreshToken: DeviceKey",
			refresh(GetTokensFromRefreshTokenInput{DeviceKey: bad}),
		},
		{
			"RevokeToken: ClientSecret",
			func(ctx context.Context, c *Client) error {
				return c.RevokeToken(ctx, "t", clientID, bad)
			},
		},
		{"SignUp: Username", signUp(SignUpInput{Username: bad})},
		{"SignUp: Password", signUp(SignUpInput{Password: bad})},
		{"SignUp: SecretHash", signUp(SignUpInput{SecretHash: bad})},
		{
			`UserAttributes: "email"`,
			signUp(SignUpInput{UserAttributes: []Attribute{
				{Name: "email", Value: bad},
				{Name: "email", Value: "good"},
			}}),
		},
		{
			`ValidationData: "v"`,
			signUp(SignUpInput{ValidationData: []Attribute{{Name: "v", Value: bad}}}),
		},
		{`ClientMetadata: "m"`, signUp(SignUpInput{ClientMetadata: map[string]string{"m": bad}})},
		{"ConfirmSignUp: ConfirmationCode", confirm(ConfirmSignUpInput{ConfirmationCode: bad})},
		{"ConfirmSignUp: Session", confirm(ConfirmSignUpInput{Session: bad})},
		{"ChangePassword: PreviousPassword", change(ChangePasswordInput{PreviousPassword: bad})},
		{"ChangePassword: ProposedPassword", change(ChangePasswordInput{ProposedPassword: bad})},
		{
			"UpdateDeviceStatus: DeviceRememberedStatus",
			func(ctx context.Context, c *Client) error {
				return c.UpdateDeviceStatus(ctx, UpdateDeviceStatusInput{
					AccessToken:            token,
					DeviceKey:              deviceKey,
					DeviceRememberedStatus: bad,
				})
			},
		},
		{
			"ConfirmDevice: DeviceName",
			func(ctx context.Context, c *Client) error {
				_, err := c.ConfirmDevice(ctx, ConfirmDeviceInput{
					AccessToken: token,
					DeviceKey:   deviceKey,
					DeviceName:  bad,
				})
				return err
			},
		},
		{
			"ListDevices: PaginationToken",
			func(ctx context.Context, c *Client) error {
				_, err := c.ListDevices(ctx, ListDevicesInput{
					AccessToken:     token,
					PaginationToken: bad,
				})
				return err
			},
		},
		{
			"AssociateSoftwareToken: Session",
			func(ctx context.Context, c *Client) error {
				_, err := c.AssociateSoftwareToken(ctx, AssociateSoftwareTokenInput{Session: bad})
				return err
			},
		},
		{
			"VerifySoftwareToken: FriendlyDeviceName",
			func(ctx context.Context, c *Client) error {
				_, err := c.VerifySoftwareToken(ctx, VerifySoftwareTokenInput{
					AccessToken:        token,
					UserCode:           "123456",
					FriendlyDeviceName: bad,
				})
				return err
			},
		},
	} {
		c, sent := respond(200, `{}`)
		err := test.call(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), test.want+" is not valid UTF-8") ||
			strings.Contains(err.Error(), "hunter2") || *sent != 0 {
			t.Errorf("got %v after %d requests, want %s and no request", err, *sent, test.want)
		}
	}
}

func TestBadClient(t *testing.T) {
	for _, test := range []struct {
		client *Client
		want   string
	}{
		{&Client{}, "Region is missing"},
		{&Client{Region: "evil.example/"}, "is not a Region"},
		{&Client{Endpoint: "http://evil.example/"}, "https"},
	} {
		err := test.client.RevokeToken(t.Context(), "hunter2", clientID, "")
		checkError(t, err, "RevokeToken", test.want)
	}
}

// TestRetries checks how often each operation is sent.
func TestRetries(t *testing.T) {
	requests := map[string]string{
		"SignUp":                 `{` + withUser + `}`,
		"ConfirmSignUp":          `{` + withUser + `,"ConfirmationCode":"1"}`,
		"ResendConfirmationCode": `{` + withUser + `}`,
		"ForgotPassword":         `{` + withUser + `}`,
		"ConfirmForgotPassword":  `{` + withUser + `,"ConfirmationCode":"1","Password":"p"}`,
		"ChangePassword":         `{` + withToken + `,"ProposedPassword":"new"}`,
		"GetUser":                `{` + withToken + `}`,
		"GlobalSignOut":          `{` + withToken + `}`,
		"ConfirmDevice":          `{` + withToken + `,` + withDevice + `}`,
		"UpdateDeviceStatus": `{` + withToken + `,` + withDevice + `,
			"DeviceRememberedStatus":"x"}`,
		"ForgetDevice":           `{` + withToken + `,` + withDevice + `}`,
		"GetDevice":              `{` + withToken + `,` + withDevice + `}`,
		"ListDevices":            `{` + withToken + `}`,
		"AssociateSoftwareToken": `{` + withToken + `}`,
		"VerifySoftwareToken":    `{` + withToken + `,"UserCode":"012345"}`,
		"SetUserMFAPreference":   `{` + withToken + `}`,
	}
	for operation, request := range authOperations {
		requests[operation] = request
	}
	if len(requests) != len(operations) {
		t.Errorf("%d of %d operations tested", len(requests), len(operations))
	}
	for _, test := range []struct {
		status              int
		body                string
		ifIdempotent, ifNot int
	}{
		{500, `{"__type":"InternalErrorException"}`, 3, 1},
		{503, ``, 3, 1},
		{400, `{"__type":"TooManyRequestsException"}`, 3, 3},
		{400, `{"__type":"LimitExceededException"}`, 1, 1},
		{400, `{"__type":"NotAuthorizedException"}`, 1, 1},
		{400, `{"__type":"RefreshTokenReuseException"}`, 1, 1},
		{400, `{"__type":"CodeMismatchException"}`, 1, 1},
		{400, `{"__type":"TooManyFailedAttemptsException"}`, 1, 1},
		{400, `{"__type":"ConcurrentModificationException"}`, 1, 1},
		{0, ``, 3, 1}, // disconnected
	} {
		for operation, request := range requests {
			synctest.Test(t, func(t *testing.T) {
				c, sent := respond(test.status, test.body)
				if test.status == 0 {
					c.HTTPClient = fakehttp.Client(func(*http.Request) *http.Response {
						*sent++
						return nil
					})
				}
				want := test.ifNot
				if idempotentOperations[operation] {
					want = test.ifIdempotent
				}
				out, err := operations[operation](t.Context(), c, request)
				if *sent != want {
					t.Errorf("%s after %d %s: sent %d times, want %d; error %v",
						operation, test.status, test.body, *sent, want, err)
				}
				checkError(t, err, operation, "")
				checkZero(t, operation, out)
				var e *awserr.Error
				if errors.As(err, &e) != (test.status != 0) {
					t.Fatalf("%s = %v, want an *awserr.Error only for a response", operation, err)
				}
				if e != nil && (e.Service != "cognitoidp" || e.Operation != operation ||
					e.StatusCode != test.status || e.RequestID != "r-1") {
					t.Errorf("%s = %v, want the operation, status %d and request ID r-1",
						operation, e, test.status)
				}
			})
		}
	}
}

func TestErrorText(t *testing.T) {
	c, _ := respond(400, `{"__type":"NotAuthorizedException",
		"message":"Incorrect username or password.","reasonCode":"why"}`)
	_, err := c.InitiateAuth(t.Context(), InitiateAuthInput{
		ClientID:       clientID,
		AuthFlow:       AuthFlowUserPassword,
		AuthParameters: map[string]string{"PASSWORD": "hunter2"},
	})
	const want = "cognitoidp: InitiateAuth: NotAuthorizedException:" +
		" Incorrect username or password. (status 400, request ID r-1)"
	var e *awserr.Error
	if !errors.As(err, &e) || err.Error() != want || e.Code != CodeNotAuthorized ||
		e.ReasonCode != "why" {
		t.Errorf("InitiateAuth = %v, want %s", err, want)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		if text := fmt.Sprintf(verb, err); strings.Contains(text, "hunter2") {
			t.Errorf("%s prints %s, which contains a secret", verb, text)
		}
	}
}

// TestContext checks that both the service's error and the context's are reported if the context
// ends before a retry.
func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, sent := respond(400, `{"__type":"TooManyRequestsException"}`)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Nanosecond, cancel)
		_, err := c.RespondToAuthChallenge(ctx, RespondToAuthChallengeInput{
			ClientID:      clientID,
			ChallengeName: ChallengeSMSMFA,
		})
		var e *awserr.Error
		if !errors.As(err, &e) || e.Code != CodeTooManyRequests ||
			!errors.Is(err, context.Canceled) || *sent != 1 {
			t.Errorf("RespondToAuthChallenge = %v after %d requests,"+
				" want %s and context.Canceled after 1", err, *sent, CodeTooManyRequests)
		}
		in := InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP}
		_, err = c.InitiateAuth(ctx, in)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("InitiateAuth = %v, want context.Canceled", err)
		}
		checkError(t, err, "InitiateAuth", "")
	})
}

func TestNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
		client, _ := fakehttp.Canned(200, `{"ChallengeName":"X"}`, "Date", date)
		c := &Client{Region: "us-east-1", HTTPClient: client}
		if got := time.Until(c.Now()); got != 0 {
			t.Errorf("Now before the first response is off by %v, want 0", got)
		}
		in := InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP}
		if _, err := c.InitiateAuth(t.Context(), in); err != nil {
			t.Fatalf("InitiateAuth: %v", err)
		}
		if got := time.Until(c.Now()); got != -time.Hour {
			t.Errorf("Now is off by %v, want -1h", got)
		}
		fresh := &Client{Region: "us-east-1", HTTPClient: client}
		if fresh.Sync(t.Context()); time.Until(fresh.Now()) != -time.Hour {
			t.Errorf("Now after Sync is off by %v, want -1h", time.Until(fresh.Now()))
		}
	})
}

// User names and passwords with white space at their ends are not sent.
func TestWhiteSpace(t *testing.T) {
	client, sent := fakehttp.Canned(200, "{}")
	c := &Client{Region: "us-east-1", HTTPClient: client}
	const id = "1example23456789"
	for _, test := range []struct {
		want string
		call func(space string) error
	}{
		{"Username", func(space string) error {
			_, err := c.ForgotPassword(t.Context(), ForgotPasswordInput{
				ClientID: id,
				Username: "ada" + space,
			})
			return err
		}},
		{"Password", func(space string) error {
			_, err := c.SignUp(t.Context(), SignUpInput{
				ClientID: id,
				Username: "ada",
				Password: space + "p",
			})
			return err
		}},
		{"ProposedPassword", func(space string) error {
			return c.ChangePassword(t.Context(), ChangePasswordInput{
				AccessToken:      "a.b.c",
				PreviousPassword: "p",
				ProposedPassword: "q" + space,
			})
		}},
		{"PreviousPassword", func(space string) error {
			return c.ChangePassword(t.Context(), ChangePasswordInput{
				AccessToken:      "a.b.c",
				PreviousPassword: "p" + space,
				ProposedPassword: "q",
			})
		}},
		{"PASSWORD", func(space string) error {
			_, err := c.InitiateAuth(t.Context(), InitiateAuthInput{
				ClientID:       id,
				AuthFlow:       AuthFlowUserPassword,
				AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": "p" + space},
			})
			return err
		}},
		{"NEW_PASSWORD", func(space string) error {
			_, err := c.RespondToAuthChallenge(t.Context(), RespondToAuthChallengeInput{
				ClientID:           id,
				ChallengeName:      ChallengeNewPasswordRequired,
				ChallengeResponses: map[string]string{"NEW_PASSWORD": space + "p"},
			})
			return err
		}},
	} {
		spaces := []string{" ", "\t", "\r\n"}
		if test.want == "Username" { // passwords may have others
			spaces = append(spaces, "\u00a0", "\u3000", "\u200b", "\ufeff", "\x00", "\u202c")
		}
		for _, space := range spaces {
			*sent = 0
			want := ": " + test.want + " begins or ends with white space"
			if err := test.call(space); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("with %q in %s: error %v, want %s", space, test.want, err, want)
			}
			if *sent != 0 {
				t.Errorf("with %q in %s a request was sent", space, test.want)
			}
		}
	}
}
