package cognitoidp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is a client whose every request gets the same answer; sent counts the requests.
func answering(status int, body string) (c *Client, sent *int) {
	sent = new(int)
	return &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		*sent++
		return &http.Response{StatusCode: status, Header: http.Header{"X-Amzn-Requestid": {"r-1"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})}}, sent
}

const clientID = "1example23456789"

func TestRepetition(t *testing.T) {
	requests := map[string]string{
		"InitiateAuth":              `{"ClientId":"c","AuthFlow":"USER_SRP_AUTH"}`,
		"RespondToAuthChallenge":    `{"ClientId":"c","ChallengeName":"PASSWORD_VERIFIER"}`,
		"GetTokensFromRefreshToken": `{"ClientId":"c","RefreshToken":"r"}`,
		"RevokeToken":               `{"ClientId":"c","Token":"r"}`,
	}
	for _, test := range []struct {
		status int
		body   string
		want   map[string]int
	}{
		{500, `{"__type":"InternalErrorException"}`, map[string]int{"InitiateAuth": 3, "RevokeToken": 3}},
		{503, ``, map[string]int{"InitiateAuth": 3, "RevokeToken": 3}},
		{400, `{"__type":"TooManyRequestsException"}`, map[string]int{"InitiateAuth": 3, "RevokeToken": 3, "RespondToAuthChallenge": 3, "GetTokensFromRefreshToken": 3}},
		{400, `{"__type":"LimitExceededException"}`, nil},
		{400, `{"__type":"NotAuthorizedException"}`, nil},
		{400, `{"__type":"RefreshTokenReuseException"}`, nil},
	} {
		for operation, request := range requests {
			synctest.Test(t, func(t *testing.T) {
				c, sent := answering(test.status, test.body)
				_, err := call(t.Context(), c, operation, []byte(request))
				var e *Error
				if want := max(1, test.want[operation]); *sent != want || !errors.As(err, &e) {
					t.Errorf("%s after %s: sent %d times, want %d; %v", operation, test.body, *sent, want, err)
				}
			})
		}
	}
}

func TestErrorText(t *testing.T) {
	c, _ := answering(400, `{"__type":"NotAuthorizedException","message":"Incorrect username or password.","reasonCode":"why"}`)
	_, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserPassword, AuthParameters: map[string]string{"PASSWORD": "hunter2"}})
	const want = "cognitoidp: InitiateAuth: NotAuthorizedException: Incorrect username or password. (status 400, request id r-1)"
	var e *Error
	if !errors.As(err, &e) || err.Error() != want || e.Code != CodeNotAuthorized || e.ReasonCode != "why" {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		if text := fmt.Sprintf(verb, err); strings.Contains(text, "hunter2") {
			t.Error(text)
		}
	}
}

// When the time runs out in a pause, the service's answer and the context's error are both there.
func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, sent := answering(400, `{"__type":"TooManyRequestsException"}`)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Nanosecond, cancel)
		_, err := c.RespondToAuthChallenge(ctx, RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: ChallengeSMSMFA})
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeTooManyRequests || !errors.Is(err, context.Canceled) || *sent != 1 {
			t.Error(*sent, err)
		}
		_, err = c.InitiateAuth(ctx, InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP})
		if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "cognitoidp: InitiateAuth: ") {
			t.Error(err)
		}
	})
}

func TestNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Client{Region: "us-east-1", HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			h := http.Header{"Date": {time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)}}
			return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(strings.NewReader(`{"ChallengeName":"X"}`))}, nil
		})}}
		if c.Now() != time.Now() {
			t.Error("corrected before the first answer")
		}
		if _, err := c.InitiateAuth(t.Context(), InitiateAuthInput{ClientID: clientID, AuthFlow: AuthFlowUserSRP}); err != nil {
			t.Fatal(err)
		}
		if got := c.Now().Sub(time.Now()); got != -time.Hour {
			t.Error("off by", got)
		}
	})
}

// Nothing is sent when the request cannot be right, and nothing that it holds is shown.
func TestBadInput(t *testing.T) {
	c, sent := answering(200, `{"ChallengeName":"X"}`)
	initiate := func(in InitiateAuthInput) error { _, err := c.InitiateAuth(t.Context(), in); return err }
	respond := func(in RespondToAuthChallengeInput) error {
		_, err := c.RespondToAuthChallenge(t.Context(), in)
		return err
	}
	tokens := func(in GetTokensFromRefreshTokenInput) error {
		_, err := c.GetTokensFromRefreshToken(t.Context(), in)
		return err
	}
	const bad = "hunter2\xff"
	invalid := map[string]string{"PASSWORD": bad}
	for i, test := range []struct {
		err  error
		want string
	}{
		{initiate(InitiateAuthInput{AuthFlow: "X"}), "ClientID"},
		{initiate(InitiateAuthInput{ClientID: "a b", AuthFlow: "X"}), "ClientID"},
		{initiate(InitiateAuthInput{ClientID: strings.Repeat("a", 129), AuthFlow: "X"}), "ClientID"},
		{initiate(InitiateAuthInput{ClientID: clientID}), "AuthFlow"},
		{initiate(InitiateAuthInput{ClientID: clientID, AuthFlow: "X", AuthParameters: invalid}), `AuthParameters: "PASSWORD" is not valid UTF-8`},
		{initiate(InitiateAuthInput{ClientID: clientID, AuthFlow: "X", ClientMetadata: invalid}), "ClientMetadata"},
		{initiate(InitiateAuthInput{ClientID: clientID, AuthFlow: "X", Session: bad}), `the request: "Session" is not valid UTF-8`},
		{initiate(InitiateAuthInput{ClientID: clientID, AuthFlow: bad}), `"AuthFlow" is not valid UTF-8`},
		{initiate(InitiateAuthInput{ClientID: clientID, AuthFlow: "X", UserContextData: &UserContextData{EncodedData: bad}}), `"EncodedData" is not valid UTF-8`},
		{respond(RespondToAuthChallengeInput{ChallengeName: "X"}), "ClientID"},
		{respond(RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "X", Session: bad}), `"Session" is not valid UTF-8`},
		{respond(RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: bad}), `"ChallengeName" is not valid UTF-8`},
		{respond(RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "X", UserContextData: &UserContextData{IPAddress: bad}}), `"IpAddress" is not valid UTF-8`},
		{tokens(GetTokensFromRefreshTokenInput{ClientID: clientID, RefreshToken: "t", ClientSecret: bad}), `"ClientSecret" is not valid UTF-8`},
		{tokens(GetTokensFromRefreshTokenInput{ClientID: clientID, RefreshToken: "t", DeviceKey: bad}), `"DeviceKey" is not valid UTF-8`},
		{c.RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "t", ClientSecret: bad}), `"ClientSecret" is not valid UTF-8`},
		{respond(RespondToAuthChallengeInput{ClientID: clientID}), "ChallengeName"},
		{respond(RespondToAuthChallengeInput{ClientID: clientID, ChallengeName: "X", ChallengeResponses: invalid}), "ChallengeResponses"},
		{tokens(GetTokensFromRefreshTokenInput{ClientID: clientID}), "RefreshToken"},
		{tokens(GetTokensFromRefreshTokenInput{RefreshToken: "hunter2"}), "ClientID"},
		{tokens(GetTokensFromRefreshTokenInput{ClientID: clientID, RefreshToken: "hunter2\n"}), "RefreshToken"},
		{c.RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID}), "Token"},
		{c.RevokeToken(t.Context(), RevokeTokenInput{Token: "hunter2"}), "ClientID"},
		{(&Client{}).RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "hunter2"}), "Region is missing"},
		{(&Client{Region: "evil.example/"}).RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "hunter2"}), "Region"},
		{(&Client{Endpoint: "http://evil.example/"}).RevokeToken(t.Context(), RevokeTokenInput{ClientID: clientID, Token: "hunter2"}), "https"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "cognitoidp: ") || strings.Contains(test.err.Error(), "hunter2") {
			t.Errorf("%d: %v, want %s", i, test.err, test.want)
		}
	}
	if *sent != 0 {
		t.Errorf("%d requests were sent", *sent)
	}
}
