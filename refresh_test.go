package cognito_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
	"github.com/loginwithcognito/cognito/jwt"
)

// A token with RefreshTokenReuseException is not sent again.
func TestReusedTokenIsNotResent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		s := signIn(t, exampleClient(server))
		count := watch(server, func(op string, n int) *http.Response {
			if op == "GetTokensFromRefreshToken" {
				return refusal(400, "RefreshTokenReuseException", "reused")
			}
			return nil
		})
		time.Sleep(2 * time.Hour)
		for range 5 {
			s.Tokens(t.Context())
		}
		if n := count("GetTokensFromRefreshToken"); n != 1 {
			t.Errorf("%d", n)
		}
	})
}

// A rotated token is kept even if the other tokens of the response are unusable. Here they have
// expired by the local clock, and the responses have no Date to correct it.
func TestRotatedTokenIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := cognitotest.Example().Client().Transport
		var taken []string
		client := exampleClient(new(cognitotest.Server))
		client.HTTPClient = &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetTokensFromRefreshToken") {
					return base.RoundTrip(r)
				}
				var in struct{ RefreshToken string }
				if body, err := bodyOf(r); err != nil ||
					json.NewDecoder(body).Decode(&in) != nil {
					t.Error("the refresh has no token")
				}
				taken = append(taken, in.RefreshToken)
				expires := time.Now().Add(time.Hour)
				if len(taken) == 1 {
					expires = time.Now()
				}
				rotated := fmt.Sprint("rotated-", len(taken))
				return answer(200, issued(unsigned(expires), rotated)), nil
			}),
		}
		s := signIn(t, client)
		first := savedSession(s).Tokens.Refresh
		time.Sleep(2 * time.Hour)
		if _, err := s.Tokens(t.Context()); err == nil || !strings.Contains(err.Error(), "clock") {
			t.Errorf("Tokens: error %v", err)
		}
		if saved := savedSession(s).Tokens.Refresh; saved != "rotated-1" {
			t.Errorf("saved refresh token = %q, want the rotated one", saved)
		}
		if tokens, err := s.Tokens(t.Context()); err != nil || tokens.Refresh != "rotated-2" {
			t.Errorf("refresh token %q, error %v", tokens.Refresh, err)
		}
		if want := []string{first, "rotated-1"}; !slices.Equal(taken, want) {
			t.Errorf("refreshed with %q, want %q", taken, want)
		}
	})
}

// If the service lacks GetTokensFromRefreshToken, in whatever form it says so, the session uses
// REFRESH_TOKEN_AUTH.
func TestRefreshFallsBack(t *testing.T) {
	step := longtest.Step(t, 2)
	for n, reply := range []struct {
		name   string
		status int
		body   string
	}{
		{"AWS", 400, `{"__type":"UnknownOperationException"}`},
		{"web server", 404, "<html>"},
		{"empty", 501, ""},
		{"cognito-local", 500, `{"code":"CognitoLocal#Unsupported","message":"Cognito Local ` +
			`unsupported feature: Unsupported x-amz-target header"}`},
		{"moto", 500, "<!doctype html><title>500 Internal Server Error</title>"},
		{"method not allowed", 405, "Method Not Allowed"},
		{"LocalStack", 501, `{"__type":"InternalFailure","message":"not yet implemented"}`},
		{"fault that is none", 500, `{"__type":"InternalError","message":"Not implemented: x"}`},
		{"gateway", 403, `{"__type":"UnknownOperationException"}`},
		{"unavailable operation", 503, `{"__type":"NotImplementedException"}`},
		{"query protocol", 400, `{"__type":"InvalidAction","message":"Could not find operation"}`},
		{"validation", 400, `{"__type":"ValidationException","message":"no such target"}`},
		{"parameter", 400, `{"__type":"InvalidParameterException","message":"unknown target"}`},
		{"not found", 404, `{"__type":"ResourceNotFoundException","message":"no route"}`},
		{"text", 400, "unknown target"},
		{"text with success", 200, "unknown target"},
		{"page with success", 200, "<html>"},
		{"nothing with success", 200, ""},
		{"empty object with success", 200, "{}"},
		{"error with success", 200, `{"__type":"UnknownOperationException"}`},
	} {
		for i, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
			if (n+i)%step != 0 {
				continue
			}
			t.Run(reply.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					response := func(int) *http.Response { return answer(reply.status, reply.body) }
					refreshFallsBack(t, env, answerTo("GetTokensFromRefreshToken", response))
				})
			})
		}
	}
}

func refreshFallsBack(t *testing.T, env cognito.Environment,
	reply func(operation string, n int) *http.Response) {
	server := cognitotest.Example()
	count := watch(server, reply)
	client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
	login := cognito.Login{
		Username: cognitotest.ExampleEmail,
		Password: cognitotest.ExamplePassword,
	}
	s, err := client.Start(t.Context(), login)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	refresh := savedSession(s).Tokens.Refresh
	for range 2 {
		time.Sleep(2 * time.Hour)
		tokens, err := s.Tokens(t.Context())
		if err != nil {
			t.Fatalf("Tokens: %v", err)
		}
		if tokens.Refresh != refresh {
			t.Errorf("refresh token = %q, want that of the sign-in", tokens.Refresh)
		}
	}
	if n := count("GetTokensFromRefreshToken"); n != 1 {
		t.Errorf("%d requests for a missing operation, want 1", n)
	}
}

// answerTo returns an argument of watch that replaces the responses to one operation.
func answerTo(name string, reply func(n int) *http.Response) func(string, int) *http.Response {
	return func(operation string, n int) *http.Response {
		if operation == name {
			return reply(n)
		}
		return nil
	}
}

// A response about authorization, a trigger, throttling or a fault settles a refresh. So does one
// that may have used the token up.
func TestRefreshIsSettled(t *testing.T) {
	for _, reply := range []struct {
		status     int
		body, want string
	}{
		{400, `{"__type":"NotAuthorizedException","message":"Invalid Refresh Token"}`, "Invalid R"},
		{400, `{"__type":"RefreshTokenReuseException"}`, "RefreshTokenReuse"},
		{400, `{"__type":"UserNotFoundException"}`, "UserNotFound"},
		{400, `{"__type":"UserNotConfirmedException"}`, "UserNotConfirmed"},
		{400, `{"__type":"PasswordResetRequiredException"}`, "PasswordReset"},
		{400, `{"__type":"ForbiddenException"}`, "Forbidden"},
		{400, `{"__type":"UserLambdaValidationException"}`, "UserLambda"},
		{400, `{"__type":"InvalidLambdaResponseException"}`, "InvalidLambda"},
		{400, `{"__type":"TooManyRequestsException"}`, "TooMany"},
		{400, `{"__type":"ThrottlingException"}`, "Throttling"},
		{400, `{"__type":"LimitExceededException"}`, "LimitExceeded"},
		{404, `{"__type":"NotAuthorizedException","message":"Invalid Refresh Token"}`, "Invalid R"},
		{500, `{"__type":"InternalErrorException","message":"Something went wrong"}`, "Internal"},
		{503, `{"__type":"ServiceUnavailable"}`, "ServiceUnav"},
		{401, "", "HTTP 401"},
		{403, "<html>", "HTTP 403"},
		{407, "", "HTTP 407"},
		{429, "", "HTTP 429"},
		{502, "<html>", "HTTP 502"},
		{503, "<html>", "HTTP 503"},
		{504, "<html>", "HTTP 504"},
		{0, "", "connection closed"},
		{200, `{"AuthenticationResult":{"AccessToken":"a","IdTo`, "not the JSON object"},
		{200, `{"AuthenticationResult":{"AccessToken":""}}`, "no access token"},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := cognitotest.Example()
			response := func(int) *http.Response { return answer(reply.status, reply.body) }
			count := watch(server, answerTo("GetTokensFromRefreshToken", response))
			s := signIn(t, exampleClient(server))
			time.Sleep(2 * time.Hour)
			_, err := s.Tokens(t.Context())
			if err == nil || !strings.Contains(err.Error(), reply.want) {
				t.Errorf("Tokens after %d %s: error %v, want %s", reply.status, reply.body, err,
					reply.want)
			}
			if n := count("InitiateAuth"); n != 1 {
				t.Errorf("after %d %s: REFRESH_TOKEN_AUTH was sent", reply.status, reply.body)
			}
		})
	}
}

// If a pool that rotates refresh tokens refuses REFRESH_TOKEN_AUTH too, the first error says more.
func TestRefreshFallbackRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		server.UserPools[0].Clients[0].RefreshTokenRotation = true
		count := watch(server, answerTo("GetTokensFromRefreshToken", func(n int) *http.Response {
			if n == 1 {
				return refusal(400, "InvalidParameterException", "Invalid device key given.")
			}
			return nil
		}))
		s := signIn(t, exampleClient(server))
		time.Sleep(2 * time.Hour)
		_, err := s.Tokens(t.Context())
		if err == nil || !strings.Contains(err.Error(), "Invalid device key") {
			t.Errorf("Tokens: error %v, want that of GetTokensFromRefreshToken", err)
		}
		if _, err := s.Tokens(t.Context()); err != nil || count("InitiateAuth") != 2 {
			t.Errorf("Tokens: error %v after %d starts, want none after 2", err,
				count("InitiateAuth"))
		}
	})
}

// A session without an ID token is an error that says why. A rotated refresh token is kept.
func TestRefreshWithoutIDToken(t *testing.T) {
	for _, test := range []struct{ body, refresh string }{
		{`{"AuthenticationResult":{"AccessToken":"a.b.c","TokenType":"Bearer",` +
			`"ExpiresIn":3600}}`, "first"},
		{`{"AuthenticationResult":{"AccessToken":"a.b.c","IdToken":"","ExpiresIn":3600,` +
			`"RefreshToken":"rotated"}}`, "rotated"},
	} {
		httpClient, _ := scripted(t, map[string]string{"GetTokensFromRefreshToken": test.body})
		client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
		stored := cognito.SavedSession{Tokens: cognito.Tokens{Refresh: "first"}}
		var kept string
		client.RefreshWith = func(ctx context.Context, _ cognito.SavedSession,
			refresh refresher) (cognito.SavedSession, error) {
			saved, err := refresh(ctx, stored)
			kept = saved.Tokens.Refresh
			return saved, err
		}
		_, err := client.Resume(t.Context(), stored.Save())
		if err == nil || !strings.Contains(err.Error(), "no ID token") ||
			!strings.Contains(err.Error(), "scope openid") {
			t.Errorf("Resume: error %v, want that no ID token was issued, and why", err)
		}
		if kept != test.refresh {
			t.Errorf("refresh token = %q, want %q", kept, test.refresh)
		}
	}
}

// A server error during a refresh does not end the session.
func TestRefreshErrorKeepsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		var down atomic.Bool
		watch(server, func(operation string, _ int) *http.Response {
			if down.Load() && operation == "GetTokensFromRefreshToken" {
				return refusal(500, "InternalErrorException", "")
			}
			return nil
		})
		s := signIn(t, exampleClient(server))
		down.Store(true)
		time.Sleep(2 * time.Hour)
		if _, err := s.Tokens(t.Context()); !hasCode(err, cognitoidp.CodeInternalError) {
			t.Errorf("Tokens: error %v", err)
		}
		down.Store(false)
		if _, err := s.Tokens(t.Context()); err != nil {
			t.Errorf("Tokens: %v", err)
		}
	})
}

// skewedAWS is a user pool and an identity pool with a clock that differs from the local one.
type skewedAWS struct {
	off       time.Duration
	issued    int
	refreshed []string // the refresh tokens in requests
	refused   int      // how many expired ID tokens were sent
	damage    string   // replaces members of the next response
	rotates   bool
	told      bool // whether the response to HEAD has a Date
}

func (a *skewedAWS) now() time.Time { return time.Now().Add(a.off) }

// token is a new ID token of an hour.
func (a *skewedAWS) token() string {
	a.issued++
	return part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(map[string]any{
		"iss": "https://issuer.example/pool",
		"aud": exampleEnvironment().ClientID, "token_use": "id",
		"cognito:username": "ada", "jti": a.issued, "exp": a.now().Add(time.Hour).Unix(),
	}) + ".AAAA"
}

func (a *skewedAWS) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodHead { // opens a connection ahead, or asks for the time
		response := answer(404, "")
		if a.told {
			response.Header.Set("Date", a.now().UTC().Format(http.TimeFormat))
		}
		return response, nil
	}
	var in struct {
		RefreshToken string
		Logins       map[string]string
	}
	if body, err := bodyOf(r); err == nil {
		json.NewDecoder(body).Decode(&in)
	}
	response := answer(404, "")
	switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); operation {
	case "GetTokensFromRefreshToken":
		a.refreshed = append(a.refreshed, in.RefreshToken)
		members := fmt.Sprintf(`"IdToken":%q`, a.token())
		if a.damage != "" {
			members, a.damage = a.damage, ""
		}
		for _, other := range []string{`"AccessToken":"a"`, `"ExpiresIn":3600`} {
			if name, _, _ := strings.Cut(other, ":"); !strings.Contains(members, name) {
				members += "," + other
			}
		}
		if a.rotates {
			members += fmt.Sprintf(`,"RefreshToken":"rotated-%d"`, len(a.refreshed))
		}
		response = answer(200, `{"AuthenticationResult":{`+members+`}}`)
	case "GetId", "GetCredentialsForIdentity":
		claims, err := jwt.ParseUnverified(in.Logins["issuer.example/pool"])
		switch {
		case err != nil || !a.now().Before(claims.ExpiresAt):
			a.refused++
			response = refusal(400, "NotAuthorizedException",
				"Invalid login token. Token expired: 1 >= 0")
		case operation == "GetId":
			response = answer(200, fmt.Sprintf(`{"IdentityId":%q}`, identityA))
		default:
			response = answer(200, credentialsUntil(identityA, fmt.Sprint("ASIA", a.issued),
				a.now().Add(time.Hour)))
		}
	}
	response.Header.Set("Date", a.now().UTC().Format(http.TimeFormat))
	return response, nil
}

// A resumed session first uses the local clock. If that is slow, an expired token seems valid; if
// it is fast, a valid token seems expired. In both cases one refresh suffices, and the session then
// uses the service's clock.
func TestResumeWithWrongClock(t *testing.T) {
	// the clock of the service
	for _, off := range []time.Duration{0, 3 * time.Hour, -3 * time.Hour} {
		for _, age := range []time.Duration{0, 90 * time.Minute} { // how old the saved token is
			t.Run(fmt.Sprintf("%v, token of %v ago", off, age), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					aws := &skewedAWS{off: off}
					saved := cognito.SavedSession{
						Tokens: cognito.Tokens{
							ID:      aws.token(),
							Access:  "a",
							Refresh: "r",
							Expires: aws.now().Add(time.Hour),
						},
					}
					time.Sleep(age)
					client := &cognito.Client{
						Environment: exampleEnvironment(),
						HTTPClient:  &http.Client{Transport: aws},
					}
					s, err := client.Resume(t.Context(), saved.Save())
					if err != nil {
						t.Fatalf("Resume: %v", err)
					}
					first, err := s.Credentials(t.Context())
					if err != nil {
						t.Fatalf("Credentials: %v", err)
					}
					// The session refreshes a token that has expired, or seems to have expired by
					// the local clock.
					want := 0
					if age > 0 || off+time.Hour <= 0 {
						want = 1
					}
					if len(aws.refreshed) != want {
						t.Errorf("%d refreshes, want %d", len(aws.refreshed), want)
					}
					if slow := off > time.Hour && age > 0; (aws.refused > 0) != slow {
						t.Errorf("%d expired tokens were sent", aws.refused)
					}
					for range 3 { // without further requests
						if again, err := s.Credentials(t.Context()); err != nil || again != first {
							t.Errorf("%v, %v", again, err)
						}
						if _, err := s.Tokens(t.Context()); err != nil {
							t.Errorf("Tokens: %v", err)
						}
					}
					if n := len(aws.refreshed); n > 1 {
						t.Errorf("%d refreshes", n)
					}
					refused := aws.refused
					time.Sleep(50 * time.Minute)
					if again, err := s.Credentials(t.Context()); err != nil || again == first {
						t.Errorf("not refreshed by the service's clock: %v, %v", again, err)
					}
					if aws.refused != refused {
						t.Error("an expired token was sent although the clock is known")
					}
				})
			})
		}
	}
}

// If the local clock is ahead, a token that has not expired by the pool's clock is not refreshed,
// by any number of processes.
func TestResumeWithClockAhead(t *testing.T) {
	for _, ahead := range []time.Duration{0, 55 * time.Minute, time.Hour, 3 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			aws := &skewedAWS{off: -ahead, rotates: true, told: true}
			saved := cognito.SavedSession{
				Tokens: cognito.Tokens{
					ID:      aws.token(),
					Access:  "a",
					Refresh: "first",
					Expires: aws.now().Add(time.Hour),
				},
			}
			for _, want := range []int{0, 0, 1, 1} {
				client := &cognito.Client{
					Environment: exampleEnvironment(),
					HTTPClient:  &http.Client{Transport: aws},
				}
				s, err := client.Resume(t.Context(), saved.Save())
				if err != nil {
					t.Fatalf("Resume with a clock %v ahead: %v", ahead, err)
				}
				if _, err := s.Credentials(t.Context()); err != nil {
					t.Errorf("Credentials with a clock %v ahead: %v", ahead, err)
				}
				if n := len(aws.refreshed); n != want {
					t.Errorf("%d refreshes with a clock %v ahead, want %d", n, ahead, want)
				}
				saved = savedSession(s)
				time.Sleep(31 * time.Minute)
			}
		})
	}
}

// A rotated token is kept even if the rest of the response is invalid.
func TestRotatedTokenInInvalidResponse(t *testing.T) {
	for damage, want := range map[string]string{
		`"IdToken":"damaged"`:                        "ID token is unusable",
		`"IdToken":"not a token"`:                    "IdToken is not a token",
		`"IdToken":"a","AccessToken":"not a token"`:  "AccessToken is not a token",
		`"IdToken":"a","AccessToken":""`:             "no access token",
		`"IdToken":"a","ExpiresIn":-1`:               "ExpiresIn",
		`"IdToken":"a","ExpiresIn":"an hour"`:        "not the JSON object",
		`"IdToken":["a"]`:                            "not the JSON object",
		`"IdToken":"a","NewDeviceMetadata":"device"`: "not the JSON object",
		`"IdToken":"a","IdToken":"b"`:                "not the JSON object",
	} {
		t.Run(damage, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { rotatedTokenInInvalidResponse(t, damage, want) })
		})
	}
}

func rotatedTokenInInvalidResponse(t *testing.T, damage, want string) {
	aws := &skewedAWS{rotates: true}
	saved := cognito.SavedSession{
		Tokens: cognito.Tokens{
			ID:      aws.token(),
			Access:  "a",
			Refresh: "first",
			Expires: aws.now().Add(time.Hour),
		},
	}
	client := &cognito.Client{
		Environment: exampleEnvironment(),
		HTTPClient:  &http.Client{Transport: aws},
	}
	s, err := client.Resume(t.Context(), saved.Save())
	if err != nil {
		t.Fatalf("Resume: %v", err)
	}
	time.Sleep(2 * time.Hour)
	aws.damage = damage
	if _, err := s.Tokens(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Tokens: error %v, want %s", err, want)
	}
	if got := savedSession(s).Tokens.Refresh; got != "rotated-1" {
		t.Errorf("saved refresh token = %q, want the rotated one", got)
	}
	if tokens, err := s.Tokens(t.Context()); err != nil || tokens.Refresh != "rotated-2" {
		t.Errorf("refresh token %q, error %v", tokens.Refresh, err)
	}
	if want := []string{"first", "rotated-1"}; !slices.Equal(aws.refreshed, want) {
		t.Errorf("refreshed with %q, want %q", aws.refreshed, want)
	}
}
