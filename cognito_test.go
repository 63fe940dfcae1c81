package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

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
			client := &cognito.Client{Environment: test.env, HTTPClient: cognitotest.Example().Client()}
			s, err := client.SignIn(ctx, test.user, cognitotest.ExamplePassword)
			if err != nil {
				t.Fatal(err)
			}
			tokens, err := s.Tokens(ctx)
			if err != nil {
				t.Fatal(err)
			}
			claims, err := client.VerifyIDToken(ctx, tokens.ID)
			if err != nil {
				t.Fatal(err)
			}
			if claims.Username != cognitotest.ExampleUser || s.UnverifiedClaims().JSON != claims.JSON {
				t.Errorf("claims = %+v", claims)
			}
			var all struct{ Email string }
			if err := json.Unmarshal([]byte(claims.JSON), &all); err != nil || all.Email != cognitotest.ExampleEmail {
				t.Errorf("claims %s: %v", claims.JSON, err)
			}
			if _, err := client.VerifyAccessToken(ctx, tokens.Access); err != nil {
				t.Error(err)
			}
			creds, err := s.Credentials(ctx)
			if err != nil {
				t.Fatal(err)
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
		{"wrong password", "ada", "wrong", exampleEnvironment(), cognitoidp.CodeNotAuthorized, "clock"},
		{"password with a space more", "ada", cognitotest.ExamplePassword + " ", exampleEnvironment(), cognitoidp.CodeNotAuthorized, "password"},
		{"unknown user", "nobody", "wrong", exampleEnvironment(), cognitoidp.CodeUserNotFound, "misspelt"},
		{"unknown user, hidden", "nobody", "wrong", secretEnvironment(), cognitoidp.CodeNotAuthorized, "hides"},
		{"wrong secret", "ada", cognitotest.ExamplePassword, wrongSecret, cognitoidp.CodeNotAuthorized, "client_secret"},
		{"no secret", "ada", cognitotest.ExamplePassword, noSecret, cognitoidp.CodeNotAuthorized, "client_secret"},
		{"unknown client", "ada", cognitotest.ExamplePassword, otherClient, cognitoidp.CodeResourceNotFound, "client_id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := cognitotest.Example()
			count := watch(server, nil)
			client := &cognito.Client{Environment: test.env, HTTPClient: server.Client()}
			_, err := client.SignIn(t.Context(), test.user, test.password)
			var service *cognitoidp.Error
			if !errors.As(err, &service) || service.Code != test.code {
				t.Fatalf("error %v, want code %s", err, test.code)
			}
			text := err.Error()
			if !strings.Contains(text, "probably") || !strings.Contains(text, test.hint) {
				t.Errorf("%q does not name the cause (%s)", text, test.hint)
			}
			for _, secret := range []string{cognitotest.ExamplePassword, cognitotest.ExampleClientSecret} {
				if strings.Contains(text, secret) {
					t.Errorf("%q tells a secret", text)
				}
			}
			if count("InitiateAuth") > 1 || count("RespondToAuthChallenge") > 1 {
				t.Error("a refused sign-in was tried again")
			}
		})
	}
}

func TestSignInNeedsMore(t *testing.T) {
	for _, test := range []struct {
		name, user, password, want string
		change                     func(*cognito.Client)
	}{
		{"no user name", "", "x", "user name", func(*cognito.Client) {}},
		{"no password", "ada", "", "password", func(*cognito.Client) {}},
		{"password is not UTF-8", "ada", "\xff", "UTF-8", func(*cognito.Client) {}},
		{"nothing set", "ada", "x", "user_pool_id and client_id", func(c *cognito.Client) { c.Environment = cognito.Environment{} }},
		{"swapped ids", "ada", "x", "identity pool id", func(c *cognito.Client) { c.Environment.UserPoolID = c.Environment.IdentityPoolID }},
		{"short life", "ada", "x", "15m to 12h", func(c *cognito.Client) { c.Duration = time.Minute }},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := cognitotest.Example()
			count := watch(server, nil)
			client := exampleClient(server)
			test.change(client)
			_, err := client.SignIn(t.Context(), test.user, test.password)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if count("RespondToAuthChallenge") > 0 {
				t.Error("an answer was sent")
			}
		})
	}
}

// A pool that sends a bad SRP challenge must get no answer: it could be made to tell about the password.
func TestHostilePool(t *testing.T) {
	const n = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
	for name, parameters := range map[string]string{
		"B is 0":        `"SRP_B":"0","SALT":"ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"B is N":        `"SRP_B":"` + n + `","SALT":"ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"B is missing":  `"SALT":"ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
		"B is huge":     `"SRP_B":"` + strings.Repeat("1", 5000) + `","SALT":"ab","SECRET_BLOCK":"AAAA","USER_ID_FOR_SRP":"ada"`,
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
				return answer(200, `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{`+parameters+`}}`)
			})
			_, err := exampleClient(server).SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
			if err == nil || count("RespondToAuthChallenge") != 0 {
				t.Errorf("error %v, %d answers", err, count("RespondToAuthChallenge"))
			}
		})
	}
}

// TIMESTAMP is the server's time where the local clock is wrong.
func TestTimestampFollowsServerClock(t *testing.T) {
	const ahead = 3 * time.Hour
	server := cognitotest.Example()
	base := server.Client().Transport
	var sent string
	client := exampleClient(server)
	client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "RespondToAuthChallenge") {
			body, _ := r.GetBody()
			var in struct{ ChallengeResponses map[string]string }
			json.NewDecoder(body).Decode(&in)
			sent = in.ChallengeResponses["TIMESTAMP"]
		}
		response, err := base.RoundTrip(r)
		if err == nil {
			response.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		}
		return response, err
	})}
	client.SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
	at, err := time.Parse("Mon Jan 2 15:04:05 UTC 2006", sent)
	if err != nil || time.Until(at).Round(time.Hour) != ahead {
		t.Errorf("TIMESTAMP %q: %v", sent, err)
	}
}

func TestConnectionsAreOpenedAhead(t *testing.T) {
	for _, test := range []struct {
		name             string
		classic, resumed bool
	}{{"sign-in", false, false}, {"classic", true, false}, {"resumed", false, true}} {
		server := cognitotest.Example()
		var mu sync.Mutex
		heads := map[string]bool{}
		base := server.Client().Transport
		client := exampleClient(server)
		client.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodHead {
				mu.Lock()
				heads[r.URL.Host] = true
				mu.Unlock()
				if len(r.Header) > 0 {
					t.Errorf("HEAD with %v", r.Header)
				}
			}
			return base.RoundTrip(r)
		})}
		if test.classic {
			client.Duration = time.Hour
		}
		session := signIn(t, client)
		if test.resumed {
			saved := cognito.SavedSession{Tokens: cognito.Tokens{Refresh: savedSession(session).Tokens.Refresh}}
			clear(heads)
			if _, err := client.Resume(t.Context(), saved.Save()); err != nil {
				t.Fatal(err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if !heads["cognito-identity.us-east-1.amazonaws.com"] || heads["sts.us-east-1.amazonaws.com"] != test.classic {
			t.Errorf("%s: HEAD to %v", test.name, heads)
		}
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
	if _, err := exampleClient(server).SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Many programs' worth of sign-ins at once: none fails, and nothing is left running, which the end of the bubble tells.
func TestConcurrentSignIns(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 50
	}
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		client := exampleClient(server)
		signIn(t, client) // what is made once is there
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		heap := memory.HeapAlloc

		var running sync.WaitGroup
		failed := make(chan error, n)
		for range n {
			running.Go(func() {
				s, err := client.SignIn(t.Context(), cognitotest.ExampleUser, cognitotest.ExamplePassword)
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
