package cognito_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
	"github.com/loginwithcognito/cognito/srp"
)

// A pool that sends SRP challenges forever causes an error after maxSteps.
func TestMaxSteps(t *testing.T) {
	server := tracking("ALWAYS")
	count := watch(server, func(operation string, _ int) *http.Response {
		if operation == "RespondToAuthChallenge" || operation == "InitiateAuth" {
			return answer(200, `{"ChallengeName":"DEVICE_SRP_AUTH","ChallengeParameters":{}}`)
		}
		return nil
	})
	_, err := exampleClient(server).Start(t.Context(), cognito.Login{
		Username: "ada", Password: cognitotest.ExamplePassword,
		Device: cognito.Device{Username: "ada", Key: "us-east-1_0", GroupKey: "g", Password: "p"},
	})
	if err == nil || count("RespondToAuthChallenge") > 10 {
		t.Errorf("Start: error %v after %d answers", err, count("RespondToAuthChallenge"))
	}

	// Only the triggers of CUSTOM_AUTH can request the proof of a device more than once.
	pool, client := newSequencePool()
	pool.ask(slices.Repeat([]string{"DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"}, 20)...)
	err = startAsAda(t, client, byTriggers)
	if err == nil || !strings.Contains(err.Error(), "proofs 8 times") || len(pool.next) != 40-9 {
		t.Errorf("startAsAda: error %v with %d of 40 challenges left", err, len(pool.next))
	}
}

func TestSignIn(t *testing.T) {
	for _, test := range []struct {
		name, user string
		env        cognito.Environment
	}{
		{"user name", cognitotest.ExampleUser, exampleEnvironment()},
		{"alias", cognitotest.ExampleEmail, exampleEnvironment()},
		{"client with a secret", cognitotest.ExampleUser, secretEnvironment()},
		{"alias, client with a secret", cognitotest.ExampleEmail, secretEnvironment()},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := t.Context()
			client := &cognito.Client{
				Environment: test.env,
				HTTPClient:  cognitotest.Example().Client(),
			}
			s, err := client.SignIn(ctx, test.user, cognitotest.ExamplePassword)
			if err != nil {
				t.Fatalf("SignIn: %v", err)
			}
			tokens, err := s.Tokens(ctx)
			if err != nil {
				t.Fatalf("Tokens: %v", err)
			}
			claims, err := client.VerifyIDToken(ctx, tokens.ID)
			if err != nil {
				t.Fatalf("VerifyIDToken: %v", err)
			}
			if claims.Username != cognitotest.ExampleUser ||
				s.UnverifiedClaims().JSON != claims.JSON {
				t.Errorf("claims = %+v", claims)
			}
			var all struct{ Email string }
			if err := json.Unmarshal([]byte(claims.JSON), &all); err != nil ||
				all.Email != cognitotest.ExampleEmail {
				t.Errorf("claims %s: %v", claims.JSON, err)
			}
			if _, err := client.VerifyAccessToken(ctx, tokens.Access); err != nil {
				t.Errorf("VerifyAccessToken: %v", err)
			}
			creds, err := s.Credentials(ctx)
			if err != nil {
				t.Fatalf("Credentials: %v", err)
			}
			if creds.AccessKeyID == "" || time.Until(creds.Expires) < 50*time.Minute {
				t.Errorf("credentials %v", creds)
			}
		})
	}
}

func TestSignInRefused(t *testing.T) {
	wrongSecret := secretEnvironment()
	wrongSecret.ClientSecret = "0" + wrongSecret.ClientSecret[1:]
	noSecret := secretEnvironment()
	noSecret.ClientSecret = ""
	otherClient := exampleEnvironment()
	otherClient.ClientID = "9example23456789abcdefghij"
	for _, test := range []struct {
		name, user, password string
		env                  cognito.Environment
		code, hint           string
	}{
		{"wrong password", "ada", "wrong", exampleEnvironment(), cognitoidp.CodeNotAuthorized,
			"clock"},
		{"password with a space in it", "ada", "a " + cognitotest.ExamplePassword,
			exampleEnvironment(), cognitoidp.CodeNotAuthorized, "password"},
		{"unknown user", "nobody", "wrong", exampleEnvironment(), cognitoidp.CodeUserNotFound,
			"misspelt"},
		{"unknown user, hidden", "nobody", "wrong", secretEnvironment(),
			cognitoidp.CodeNotAuthorized, "hides"},
		{"wrong secret", "ada", cognitotest.ExamplePassword, wrongSecret,
			cognitoidp.CodeNotAuthorized, "client_secret"},
		{"no secret", "ada", cognitotest.ExamplePassword, noSecret, cognitoidp.CodeNotAuthorized,
			"client_secret"},
		{"unknown client", "ada", cognitotest.ExamplePassword, otherClient,
			cognitoidp.CodeResourceNotFound, "client_id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := cognitotest.Example()
			count := watch(server, nil)
			client := &cognito.Client{Environment: test.env, HTTPClient: server.Client()}
			_, err := client.SignIn(t.Context(), test.user, test.password)
			var service *awserr.Error
			if !errors.As(err, &service) || service.Code != test.code {
				t.Fatalf("error %v, want code %s", err, test.code)
			}
			text := err.Error()
			if !strings.Contains(text, "probably") || !strings.Contains(text, test.hint) {
				t.Errorf("%q does not name the cause (%s)", text, test.hint)
			}
			for _, secret := range []string{cognitotest.ExamplePassword,
				cognitotest.ExampleClientSecret} {
				if strings.Contains(text, secret) {
					t.Errorf("%q contains a secret", text)
				}
			}
			if count("InitiateAuth") > 1 || count("RespondToAuthChallenge") > 1 {
				t.Error("a refused sign-in was retried")
			}
		})
	}
}

// White space at the ends of a user name or a password is refused before anything is sent.
func TestWhiteSpace(t *testing.T) {
	const name, password = cognitotest.ExampleUser, cognitotest.ExamplePassword
	server := everyFlow(nil)
	count := watch(server, nil)
	client := exampleClient(server)
	for _, space := range []string{" ", "\t", "\n", "\r\n"} {
		for _, login := range []cognito.Login{
			{Username: name, Password: password + space},
			{Username: name, Password: space + password},
			{Username: name + space, Password: password},
			{Username: space + name, Password: password},
		} {
			for _, flow := range []string{"USER_SRP_AUTH", "USER_PASSWORD_AUTH", "CUSTOM_AUTH"} {
				login.Flow = flow
				if _, err := client.Start(t.Context(), login); err == nil ||
					!strings.Contains(err.Error(), "white space") {
					t.Errorf("Start with %q by %s: error %v, want that of white space",
						login.Username, flow, err)
				}
			}
		}
	}
	if _, err := client.SignIn(t.Context(), name+"\u00a0", password); err == nil ||
		!strings.Contains(err.Error(), "white space") {
		t.Errorf("SignIn with a no-break space: error %v, want that of white space", err)
	}
	if n := count("InitiateAuth"); n != 0 {
		t.Fatalf("%d InitiateAuth requests, want 0", n)
	}
	for _, choice := range []string{"PASSWORD", "PASSWORD_SRP"} {
		challenge := challenged(t, client, cognito.Login{Username: name, Flow: "USER_AUTH"})
		_, err := challenge.Respond(t.Context(), map[string]string{
			"ANSWER":   choice,
			"PASSWORD": password + " ",
		})
		if err == nil || !strings.Contains(err.Error(), "PASSWORD begins or ends with white") {
			t.Errorf("Respond with %s: error %v, want that of white space", choice, err)
		}
	}
	_, err := client.SignIn(t.Context(), cognitotest.ExampleNewUser, password)
	challenge := asChallenge(err)
	if challenge == nil || challenge.Name != "NEW_PASSWORD_REQUIRED" {
		t.Fatalf("SignIn: %v", err)
	}
	answers := count("RespondToAuthChallenge")
	_, err = challenge.Respond(t.Context(), map[string]string{"NEW_PASSWORD": "New-password-1 "})
	if err == nil || !strings.Contains(err.Error(), "NEW_PASSWORD begins or ends with white") ||
		count("RespondToAuthChallenge") != answers {
		t.Errorf("Respond with NEW_PASSWORD: error %v, want that of white space", err)
	}
	if _, err := client.SignIn(t.Context(), name, "inner space"); err == nil ||
		strings.Contains(err.Error(), "white space") {
		t.Errorf("SignIn with an inner space: error %v, want that of the pool", err)
	}
}

func TestSignInMissingInput(t *testing.T) {
	for _, test := range []struct {
		name, user, password, want string
		change                     func(*cognito.Client)
	}{
		{"no user name", "", "x", "user name", func(*cognito.Client) {}},
		{"no password", "ada", "", "password", func(*cognito.Client) {}},
		{"password is not UTF-8", "ada", "\xff", "UTF-8", func(*cognito.Client) {}},
		{"nothing set", "ada", "x", "user_pool_id and client_id", func(c *cognito.Client) {
			c.Environment = cognito.Environment{}
		}},
		{"swapped IDs", "ada", "x", "identity pool ID", func(c *cognito.Client) {
			c.Environment.UserPoolID = c.Environment.IdentityPoolID
		}},
		{"short life", "ada", "x", "15m to 12h", func(c *cognito.Client) {
			c.Duration = time.Minute
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := cognitotest.Example()
			count := watch(server, nil)
			client := exampleClient(server)
			test.change(client)
			_, err := client.SignIn(t.Context(), test.user, test.password)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("SignIn: error %v, want %q", err, test.want)
			}
			if count("RespondToAuthChallenge") > 0 {
				t.Error("an answer was sent")
			}
		})
	}
}

// An invalid SRP challenge is not answered, because the answer could reveal the password.
func TestInvalidSRPChallenge(t *testing.T) {
	const n = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74" +
		"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
		"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05" +
		"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB" +
		"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718" +
		"3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33" +
		"A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864" +
		"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2" +
		"08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
	for name, parameters := range map[string]string{
		"B is 0": `"SRP_B":"0","SALT":"ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"B is N": `"SRP_B":"` + n +
			`","SALT":"ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"B is missing": `"SALT":"ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"B is huge": `"SRP_B":"` + strings.Repeat("1", 5000) +
			`","SALT":"ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"negative salt": `"SRP_B":"2","SALT":"-ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"no salt":       `"SRP_B":"2","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"block":         `"SRP_B":"2","SALT":"ab","SECRET_BLOCK":"*","USER_ID_FOR_SRP":"ada"`,
		"nothing":       ``,
	} {
		t.Run(name, func(t *testing.T) {
			server := cognitotest.Example()
			count := watch(server, func(operation string, _ int) *http.Response {
				if operation != "InitiateAuth" {
					return nil
				}
				return answer(200, `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{`+
					parameters+`}}`)
			})
			_, err := exampleClient(server).SignIn(t.Context(), cognitotest.ExampleUser,
				cognitotest.ExamplePassword)
			if err == nil || count("RespondToAuthChallenge") != 0 {
				t.Errorf("SignIn: error %v, %d answers", err, count("RespondToAuthChallenge"))
			}
		})
	}
}

// If the local clock is wrong, TIMESTAMP is the server's time.
func TestTimestampFollowsServerClock(t *testing.T) {
	const ahead = 3 * time.Hour
	server := cognitotest.Example()
	base := server.Client().Transport
	var sent string
	client := exampleClient(server)
	client.HTTPClient = &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "RespondToAuthChallenge") {
				body, _ := bodyOf(r)
				var in struct{ ChallengeResponses map[string]string }
				json.NewDecoder(body).Decode(&in)
				sent = in.ChallengeResponses["TIMESTAMP"]
			}
			response, err := base.RoundTrip(r)
			if err == nil {
				response.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
			}
			return response, err
		}),
	}
	client.SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	at, err := time.Parse("Mon Jan 2 15:04:05 UTC 2006", sent)
	if err != nil || time.Until(at).Round(time.Hour) != ahead {
		t.Errorf("TIMESTAMP %q: %v", sent, err)
	}
}

func TestSignInCancelled(t *testing.T) {
	server := cognitotest.Example()
	ctx, cancel := context.WithCancel(t.Context())
	watch(server, func(operation string, _ int) *http.Response {
		if operation == "InitiateAuth" {
			cancel()
		}
		return nil
	})
	_, err := exampleClient(server).SignIn(ctx, cognitotest.ExampleUser,
		cognitotest.ExamplePassword)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("SignIn: error %v", err)
	}
}

// Concurrent sign-ins all succeed, and leave neither goroutines nor memory behind. Set
// COGNITO_TEST_LONG=1 for a thousand of them.
func TestConcurrentSignIns(t *testing.T) {
	n := 20
	if longtest.Enabled(t, "20 of 1,000 sign-ins") {
		n = 1000
	}
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		client := exampleClient(server)
		signIn(t, client) // creates what sign-ins share
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		heap := memory.HeapAlloc

		var running sync.WaitGroup
		failed := make(chan error, n)
		for range n {
			running.Go(func() {
				s, err := client.SignIn(t.Context(), cognitotest.ExampleUser,
					cognitotest.ExamplePassword)
				if err == nil {
					_, err = s.Credentials(t.Context())
				}
				if err != nil {
					failed <- err
				}
			})
		}
		running.Wait()
		close(failed)
		for err := range failed {
			t.Fatal(err)
		}
		synctest.Wait() // the last goroutines return
		runtime.GC()
		runtime.ReadMemStats(&memory)
		if grown := int64(memory.HeapAlloc) - int64(heap); grown > 64<<20 {
			t.Errorf("%d sign-ins left %d bytes", n, grown)
		}
	})
}

// With a password, CUSTOM_AUTH runs SRP first. With a wrong one, the pool's triggers do not run.
func TestCustomAuthProvesPassword(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		for _, test := range []struct {
			password string
			want     []cognitotest.ChallengeResult
			refused  bool
		}{
			{cognitotest.ExamplePassword,
				[]cognitotest.ChallengeResult{{
					ChallengeName: "SRP_A",
					Passed:        true,
				}, {ChallengeName: "PASSWORD_VERIFIER", Passed: true}}, false},
			{"", nil, false},
			{"wrong", []cognitotest.ChallengeResult{{ChallengeName: "SRP_A", Passed: true}}, true},
		} {
			var mu sync.Mutex
			var seen []cognitotest.ChallengeResult
			server := everyFlow(func(p *cognitotest.UserPool, _ *cognitotest.User) {
				p.CustomAuth = func(
					c cognitotest.CustomAuthRequest,
				) cognitotest.CustomAuthResponse {
					mu.Lock()
					defer mu.Unlock()
					seen = slices.Clone(c.History)
					return cognitotest.CustomAuthResponse{Answer: "2"}
				}
			})
			client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
			_, err := client.Start(t.Context(), cognito.Login{
				Flow:     "CUSTOM_AUTH",
				Username: cognitotest.ExampleEmail,
				Password: test.password,
			})
			if test.refused {
				if !hasCode(err, cognitoidp.CodeNotAuthorized) ||
					slices.ContainsFunc(seen, func(s cognitotest.ChallengeResult) bool {
						return s.ChallengeName == "PASSWORD_VERIFIER" && s.Passed
					}) {
					t.Errorf("password %q: error %v after %v", test.password, err, seen)
				}
				continue
			}
			if challenge := asChallenge(err); challenge == nil ||
				challenge.Name != "CUSTOM_CHALLENGE" || !slices.Equal(seen, test.want) {
				t.Errorf("password %q: error %v after %v, want %v", test.password, err, seen,
					test.want)
			}
		}
	}
}

// Start refuses fields that the flow does not use.
func TestLoginForOtherFlow(t *testing.T) {
	server := cognitotest.Example()
	count := watch(server, nil)
	for _, login := range []cognito.Login{
		{Username: "ada", Password: "p", Session: "a-session-of-20-letters"},
		{Username: "ada", Password: "p", PreferredChallenge: "EMAIL_OTP"},
		{
			Username:           "ada",
			Password:           "p",
			PreferredChallenge: "PASSWORD",
			Flow:               "USER_PASSWORD_AUTH",
		},
	} {
		if _, err := exampleClient(server).Start(t.Context(), login); err == nil ||
			!strings.Contains(err.Error(), "USER_AUTH") {
			t.Errorf("Start: error %v", err)
		}
	}
	if n := count("InitiateAuth"); n != 0 {
		t.Errorf("%d sign-ins", n)
	}
}

// Without ExpiresIn, the claims say when tokens expire.
func TestNoExpiresIn(t *testing.T) {
	httpClient, _ := scripted(t, map[string]string{
		"InitiateAuth": strings.Replace(tokensOf("https://i.example/p", "ada"),
			`,"ExpiresIn":3600`, "", 1),
	})
	s := signIn(t, &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient})
	if d := time.Until(savedSession(s).Tokens.Expires); d < time.Minute {
		t.Errorf("tokens that live an hour expire in %v", d)
	}
}

// loopOnce answers a challenge with text for each of its AnswerKeys.
func loopOnce(t *testing.T, challenge *cognito.Challenge, choice string) error {
	t.Helper()
	prompt := map[string]string{"PASSWORD": distinctPassword, "ANSWER": choice}
	answers := map[string]string{}
	for _, key := range challenge.AnswerKeys() {
		answers[key] = cmp.Or(prompt[key], "123456")
	}
	_, err := challenge.Respond(t.Context(), answers)
	return err
}

// The loop in the documentation of Challenge sends the password only if the caller requested that
// by name, for every two challenges before the pool requests it.
func TestLoopKeepsPassword(t *testing.T) {
	pool, client := newSequencePool()
	then := []string{"PASSWORD", "PASSWORD", "PASSWORD", "PASSWORD"}
	step := longtest.Step(t, 3)
	for _, test := range sequences {
		if test.asked != "" || test.sends {
			continue
		}
		for n, first := range allChallenges {
			pool.ask(first)
			challenge := asChallenge(startAsAda(t, client, test.login))
			if challenge == nil && !pool.issued {
				continue // Start refused it
			}
			for i, second := range allChallenges {
				if (n+i)%step != 0 {
					continue
				}
				choice := []string{"EMAIL_OTP", "an answer"}[i%2]
				var err error
				if challenge != nil {
					pool.ask(append([]string{second}, then...)...)
					err = loopOnce(t, challenge, choice)
				} else {
					pool.ask(append([]string{first, second}, then...)...)
					err = startAsAda(t, client, test.login)
				}
				for range 6 {
					if next := asChallenge(err); next != nil {
						err = loopOnce(t, saveAndResume(t, client, next), choice)
					}
				}
				if pool.sawPassword() {
					t.Fatalf("%s %s: the password was sent after %s and %s",
						test.login.Flow, test.login.PreferredChallenge, first, second)
				}
			}
		}
	}
}

// The retry without a forgotten device does not send the password either.
func TestForgottenDeviceKeepsPassword(t *testing.T) {
	pool, client := newSequencePool()
	starts := 0
	forget := func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodHead {
			starts++
		}
		if r.Method != http.MethodHead && starts == 1 {
			return refusal(400, "ResourceNotFoundException", "Device does not exist."), nil
		}
		return pool.RoundTrip(r)
	}
	client.HTTPClient = &http.Client{Transport: roundTripper(forget)}
	pool.ask("PASSWORD")
	err := startAsAda(t, client, bySRP)
	if outcome := outcomeOf(pool, err, "PASSWORD"); outcome != "refused" || starts != 2 {
		t.Errorf("PASSWORD was %s after %d starts: error %v", outcome, starts, err)
	}
	if pool.sawPassword() {
		t.Error("the password was sent")
	}
}

// A response with neither tokens nor a challenge is an error.
func TestNeitherTokensNorChallenge(t *testing.T) {
	pool, client := newSequencePool()
	pool.tokens = "{}"
	for _, next := range [][]string{nil, {"CUSTOM_CHALLENGE"}} {
		pool.ask(next...)
		err := startAsAda(t, client, byTriggers)
		if challenge := asChallenge(err); challenge != nil {
			_, err = challenge.Respond(t.Context(), map[string]string{"ANSWER": "1"})
		}
		if err == nil || asChallenge(err) != nil || !pool.issued {
			t.Errorf("after %q: error %v", next, err)
		}
	}
}

// The answer contains SECRET_BLOCK as received, and Session only if there was one. Emulators may
// omit one of the two user names.
func TestPasswordVerifierAnswer(t *testing.T) {
	const block = "-_-_" // URL-safe
	if _, err := base64.StdEncoding.DecodeString(block); err == nil {
		t.Fatal("this block checks nothing")
	}
	for _, test := range []struct{ name, names, session, want, proven string }{
		{"both names, the same", `"USERNAME":"real","USER_ID_FOR_SRP":"real"`, "", "real", "real"},
		{"both names", `"USERNAME":"real","USER_ID_FOR_SRP":"id"`, "", "real", "id"},
		{"USER_ID_FOR_SRP", `"USER_ID_FOR_SRP":"id"`, "", "id", "id"},
		{"USERNAME", `"USERNAME":"real"`, "", "real", "real"},
		{"neither", `"X":""`, "", "typed@example.com", "typed@example.com"},
		{"session", `"USERNAME":"real"`, "a-session-of-20-letters", "real", "real"},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := srp.Identity{Pool: "EXAMPLE00", User: test.proven, Password: "password"}
			verifier, err := srp.NewVerifier(id)
			if err != nil {
				t.Fatalf("NewVerifier: %v", err)
			}
			server, err := srp.NewServer(verifier)
			if err != nil {
				t.Fatalf("NewServer: %v", err)
			}
			challenge := fmt.Sprintf(`{"ChallengeName":"PASSWORD_VERIFIER","Session":%q,`+
				`"ChallengeParameters":{%s,"SALT":%q,"SRP_B":%q,"SECRET_BLOCK":%q}}`,
				test.session, test.names, server.Salt(), server.B(), block)
			httpClient, log := scripted(t, map[string]string{
				"InitiateAuth":           challenge,
				"RespondToAuthChallenge": tokensOf("https://issuer.example/pool", "real"),
			})
			client := &cognito.Client{Environment: secretEnvironment(), HTTPClient: httpClient}
			client.Environment.ClientID = exampleEnvironment().ClientID
			if _, err := client.SignIn(t.Context(), "typed@example.com", "password"); err != nil {
				t.Fatalf("SignIn: %v", err)
			}
			got := (*log)[1].members
			responses := got["ChallengeResponses"].(map[string]any)
			a := (*log)[0].members["AuthParameters"].(map[string]any)["SRP_A"].(string)
			decoded, _ := base64.RawURLEncoding.DecodeString(block)
			proof := responses["PASSWORD_CLAIM_SIGNATURE"].(string)
			signature, _ := base64.StdEncoding.DecodeString(proof)
			timestamp := responses["TIMESTAMP"].(string)
			if err := server.Verify(a, id, decoded, timestamp, signature); err != nil {
				t.Errorf("Verify: %v", err)
			}
			if responses["PASSWORD_CLAIM_SECRET_BLOCK"] != block {
				t.Errorf("SECRET_BLOCK %v", responses["PASSWORD_CLAIM_SECRET_BLOCK"])
			}
			if responses["USERNAME"] != test.want ||
				responses["SECRET_HASH"] != client.SecretHash(test.want) {
				t.Errorf("USERNAME %v, want %s, and the hash of the same", responses["USERNAME"],
					test.want)
			}
			if session, has := got["Session"]; has != (test.session != "") || has &&
				session != test.session {
				t.Errorf("Session %v", session)
			}
		})
	}
}

// A password that SRP needs must be given before a challenge is requested.
func TestPasswordMissing(t *testing.T) {
	server := everyFlow(nil)
	count := watch(server, nil)
	client := exampleClient(server)
	for _, login := range []cognito.Login{
		{}, {Flow: "USER_SRP_AUTH"}, {Flow: "USER_PASSWORD_AUTH"},
		{
			Flow:               "USER_AUTH",
			PreferredChallenge: "PASSWORD_SRP",
		}, {Flow: "USER_AUTH", PreferredChallenge: "PASSWORD"},
	} {
		login.Username = cognitotest.ExampleUser
		if _, err := client.Start(t.Context(), login); err == nil ||
			!strings.Contains(err.Error(), "password must not be empty") {
			t.Errorf("%s: error %v", login.Flow, err)
		}
	}
	if n := count("InitiateAuth"); n != 0 {
		t.Errorf("%d InitiateAuth requests", n)
	}
	_, err := client.Start(t.Context(), cognito.Login{
		Flow:     "USER_AUTH",
		Username: cognitotest.ExampleUser,
	})
	challenge := asChallenge(err)
	if challenge == nil {
		t.Fatal(err)
	}
	_, err = challenge.Respond(t.Context(), map[string]string{"ANSWER": "PASSWORD_SRP"})
	if err == nil || !strings.Contains(err.Error(), "PASSWORD is missing") {
		t.Errorf("Respond: error %v", err)
	}
	if n := count("RespondToAuthChallenge"); n != 0 {
		t.Errorf("%d answers were sent", n)
	}
	_, err = challenge.Respond(t.Context(),
		map[string]string{"ANSWER": "PASSWORD_SRP",
			"PASSWORD": cognitotest.ExamplePassword})
	if err != nil {
		t.Errorf("Respond: %v", err)
	}
}

// An answer is sent again without the device once, and only after an error about the device. The
// pool gets no second proof of the password.
func TestForgottenDeviceRetriesOnce(t *testing.T) {
	device := cognito.Device{
		Username: cognitotest.ExampleUser,
		Key:      "us-east-1_00000000-0000-0000-0000-000000000000",
		GroupKey: "g",
		Password: "p",
	}
	login := cognito.Login{
		Username: cognitotest.ExampleUser,
		Password: cognitotest.ExamplePassword,
		Device:   device,
	}
	for _, test := range []struct {
		name            string
		operation       string
		code, message   string
		starts, answers int
	}{
		{"the device, for ever", "RespondToAuthChallenge", "ResourceNotFoundException",
			"Device does not exist.", 1, 2},
		{"the device at once", "InitiateAuth", "ResourceNotFoundException",
			"Device does not exist.", 2, 0},
		{"the app client", "InitiateAuth", "ResourceNotFoundException",
			"User pool client 0 does not exist.", 1, 0},
		{"the password", "RespondToAuthChallenge", "NotAuthorizedException",
			"Incorrect username or password.", 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := tracking("ALWAYS")
			count := watch(server, func(operation string, _ int) *http.Response {
				if operation == test.operation {
					return refusal(400, test.code, test.message)
				}
				return nil
			})
			signatures := map[any]bool{}
			refuse := server.Fault
			server.Fault = func(r *http.Request) *http.Response {
				var in struct{ ChallengeResponses map[string]string }
				body, err := io.ReadAll(r.Body)
				if err == nil && json.Unmarshal(body, &in) == nil && in.ChallengeResponses != nil {
					signatures[in.ChallengeResponses["PASSWORD_CLAIM_SIGNATURE"]] = true
				}
				return refuse(r)
			}
			if _, err := exampleClient(server).Start(t.Context(), login); !hasCode(err, test.code) {
				t.Errorf("Start: error %v", err)
			}
			if n := count("InitiateAuth"); n != test.starts {
				t.Errorf("%d InitiateAuth requests, want %d", n, test.starts)
			}
			if n := count("RespondToAuthChallenge"); n != test.answers {
				t.Errorf("%d RespondToAuthChallenge requests, want %d", n, test.answers)
			}
			if len(signatures) > 1 {
				t.Errorf("%d proofs of the password, want at most 1", len(signatures))
			}
		})
	}
}
