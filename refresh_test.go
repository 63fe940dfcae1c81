package cognito_test

import (
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

// If the service lacks GetTokensFromRefreshToken, the session uses REFRESH_TOKEN_AUTH.
func TestRefreshFallsBack(t *testing.T) {
	for name, env := range map[string]cognito.Environment{"public": exampleEnvironment(),
		"secret": secretEnvironment()} {
		for _, reply := range []func() *http.Response{
			func() *http.Response { return refusal(400, "UnknownOperationException", "") },
			func() *http.Response { return answer(404, "<html>") },
			func() *http.Response { return answer(501, "") },
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := cognitotest.Example()
					count := watch(server, func(operation string, _ int) *http.Response {
						if operation == "GetTokensFromRefreshToken" {
							return reply()
						}
						return nil
					})
					client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
					s,
						err := client.SignIn(t.Context(), cognitotest.ExampleEmail,
						cognitotest.ExamplePassword)
					if err != nil {
						t.Fatalf("SignIn: %v", err)
					}
					refresh := savedSession(s).Tokens.Refresh
					for range 2 {
						time.Sleep(2 * time.Hour)
						tokens, err := s.Tokens(t.Context())
						if err != nil {
							t.Fatalf("Tokens: %v", err)
						}
						if tokens.Refresh != refresh {
							t.Error("the refresh token was lost")
						}
					}
					if n := count("GetTokensFromRefreshToken"); n != 1 {
						t.Errorf("%d requests for a missing operation", n)
					}
				})
			})
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
	if r.Method == http.MethodHead { // opens a connection ahead
		return answer(404, ""), nil
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
