package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// change writes the record again.
func (m *machine) change(t *testing.T, change func(*state.Record, *cognito.SavedSession)) {
	t.Helper()
	path, r := m.record(t)
	saved := r.SavedSession()
	change(&r, saved)
	r.SetSession(*saved)
	text, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// configure changes a value of the environment DEV, which makes the session unusable.
func (m *machine) configure(t *testing.T, key, value string) {
	t.Helper()
	data, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]string
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	all["DEV"][key] = value
	if data, err = json.Marshal(all); err == nil {
		err = os.WriteFile(m.settings["COGNITO_CONFIG"], data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// For each kind of problem, doctor reports the check that fails, and no earlier one.
func TestDoctorFindsFault(t *testing.T) {
	const foreignPool, foreignIdentities = "us-east-1_FOREIGN00",
		"us-east-1:00000000-8a4d-4e6f-9b3a-0123456789ab"
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, m *machine, f *fault) // after the sign-in
		step  string                                   // that fails first; none: all is well
		said  string                                   // how to mend it, or what it is
		code  int
	}{
		{name: "nothing", spoil: func(*testing.T, *machine, *fault) {}},
		{
			name: "no configuration",
			step: "configuration",
			said: "cognito configure",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.settings["COGNITO_CONFIG"] += ".none"
			},
		},
		{
			name: "no environment",
			step: "configuration",
			said: "COGNITO_ENV",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.settings["COGNITO_ENV"] = "PROD"
			},
		},
		{
			name: "no app client",
			step: "configuration",
			said: "client_id is missing",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.configure(t, "client_id", "")
			},
		},
		{
			name: "not a Region",
			step: "configuration",
			said: "aws_region",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.configure(t, "aws_region", "North China")
			},
		},
		{
			name: "others can read",
			step: "state",
			said: "chmod",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				if runtime.GOOS == "windows" {
					t.Skip("NOT TESTED: Windows has no such modes")
				}
				path, _ := m.record(t)
				if err := os.Chmod(path, 0o644); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "damaged",
			step: "state",
			said: "cognito login -env DEV",
			code: exitSignIn,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				path, _ := m.record(t)
				if err := os.WriteFile(path, []byte("{]"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "port closed",
			step: "user pool",
			said: fakehttp.Nowhere + ": connection refused: ",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.settings["AWS_ENDPOINT_URL"] = "http://" + fakehttp.Nowhere
			},
		},
		{
			name: "port of identity pools closed",
			step: "identity pool",
			said: "nothing listens there",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.settings["AWS_ENDPOINT_URL_COGNITO_IDENTITY"] = "http://" + fakehttp.Nowhere
			},
		},
		{
			name: "port of S3 closed",
			step: "bucket",
			said: "nothing listens there",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.settings["AWS_ENDPOINT_URL_S3"] = "http://" + fakehttp.Nowhere
			},
		},
		{
			name: "refused TLS",
			step: "role",
			said: "AWS_CA_BUNDLE",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				secure := httptest.NewUnstartedServer(m.server)
				secure.Config.ErrorLog = log.New(io.Discard, "", 0)
				secure.StartTLS()
				t.Cleanup(secure.Close)
				m.settings["AWS_ENDPOINT_URL_STS"] = secure.URL
			},
		},
		{
			name: "clock behind",
			step: "clock",
			said: "10m0s behind AWS's",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, f *fault) {
				f.set(m.dated(10 * time.Minute))
			},
		},
		{
			name: "clock ahead",
			step: "clock",
			said: "1h0m0s ahead of AWS's",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, f *fault) {
				f.set(m.dated(-time.Hour))
			},
		},
		{name: "clock a little off", spoil: func(t *testing.T, m *machine, f *fault) {
			f.set(m.dated(time.Minute))
		}},
		{
			name: "foreign pool",
			step: "user pool",
			said: foreignPool,
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.configure(t, "user_pool_id", foreignPool)
			},
		},
		{
			name: "wrong client ID",
			step: "app client",
			said: "client_id does not exist",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.configure(t, "client_id", "9example23456789abcdefghij")
			},
		},
		{
			name: "no client secret",
			step: "app client",
			said: "client_secret",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.configure(t, "client_id", cognitotest.ExampleSecretClientID)
			},
		},
		{
			name: "user pools are out of order",
			step: "app client",
			said: "500",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, f *fault) {
				f.set(func(r *http.Request) *http.Response {
					if operation(r) != "" {
						return answer(500,
							`{"__type":"InternalErrorException","message":"internal"}`)
					}
					return nil
				})
			},
		},
		{
			name: "signed out",
			step: "session",
			said: "cognito login -env DEV",
			code: exitSignIn,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.must(t, "", "logout")
			},
		},
		{
			name: "tokens of another pool",
			step: "tokens",
			said: "user pool \"us-east-1_Other\"",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.foreignTokens(t, "us-east-1_Other", cognitotest.ExampleClientID)
			},
		},
		{
			name: "tokens of another Region",
			step: "tokens",
			said: "Region \"eu-west-1\"",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.foreignTokens(t, "eu-west-1_Other", cognitotest.ExampleClientID)
			},
		},
		{
			name: "tokens of another app client",
			step: "tokens",
			said: "app client \"other\"",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.foreignTokens(t, cognitotest.ExampleUserPoolID, "other")
			},
		},
		{
			name: "ended session",
			step: "refresh",
			said: "cognito login -env DEV",
			code: exitSignIn,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				_, r := m.record(t)
				pool, err := (&cognito.Client{
					Environment: cognito.Environment{UserPoolID: cognitotest.ExampleUserPoolID,
						ClientID:  cognitotest.ExampleClientID,
						Endpoints: cognito.Endpoints{CognitoIDP: m.url}},
				}).Resume(t.Context(), r.SavedSession().Save())
				if err == nil {
					err = pool.SignOut(t.Context())
				}
				if err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "user disabled",
			step: "refresh",
			said: "the user is disabled",
			code: exitSignIn,
			spoil: func(t *testing.T, m *machine, f *fault) {
				answered := 0
				f.set(func(r *http.Request) *http.Response {
					if operation(r) == "GetTokensFromRefreshToken" {
						if answered++; answered > 1 {
							return refused("NotAuthorizedException", "User is disabled.")
						}
					}
					return nil
				})
			},
		},
		{
			name: "signed with another key",
			step: "signature",
			said: "no key",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, f *fault) {
				other := cognitotest.Example()
				var err error
				if other.SigningKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
					t.Fatal(err)
				}
				f.set(func(r *http.Request) *http.Response {
					if !strings.HasSuffix(r.URL.Path, "jwks.json") {
						return nil
					}
					w := httptest.NewRecorder()
					other.ServeHTTP(w, r)
					return w.Result()
				})
			},
		},
		{
			name: "identity pool refuses",
			step: "identity pool",
			said: "compare user_pool_id and client_id",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, f *fault) {
				f.set(only("GetId", refused("NotAuthorizedException", "Token is not from a "+
					"supported provider of this identity pool.")))
			},
		},
		{
			name: "no such identity pool",
			step: "identity pool",
			said: "identity_pool_id does not exist",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.configure(t, "identity_pool_id", foreignIdentities)
			},
		},
		{
			name: "no role",
			step: "credentials",
			said: "has no role for this user",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, f *fault) {
				f.set(
					only("GetCredentialsForIdentity",
						refused("InvalidIdentityPoolConfigurationException",
							"Invalid identity pool configuration.")),
				)
			},
		},
		{
			name: "STS refuses",
			step: "role",
			said: "InvalidClientTokenId",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, f *fault) {
				f.set(func(r *http.Request) *http.Response {
					if strings.Contains(r.Header.Get("Authorization"), "/sts/") {
						return answer(403,
							"<ErrorResponse><Error><Code>InvalidClientTokenId</Code>"+
								"<Message>no</Message></Error></ErrorResponse>")
					}
					return nil
				})
			},
		},
		{
			name: "bucket missing",
			step: "bucket",
			said: "NoSuchBucket",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, _ *fault) {
				m.configure(t, "bucket_name", "no-such-bucket")
			},
		},
		{
			name: "bucket closed",
			step: "bucket",
			said: "AccessDenied",
			code: exitFailed,
			spoil: func(t *testing.T, m *machine, f *fault) {
				f.set(func(r *http.Request) *http.Response {
					if r.URL.Query().Has("list-type") {
						return answer(403,
							"<Error><Code>AccessDenied</Code>"+
								"<Message>Access Denied</Message></Error>")
					}
					return nil
				})
			},
		},
		{name: "bucket open below the own prefix", spoil: func(t *testing.T, m *machine, f *fault) {
			f.set(func(r *http.Request) *http.Response {
				if query := r.URL.Query(); query.Has("list-type") &&
					!strings.HasPrefix(query.Get("prefix"), "us-east-1:") {
					return answer(403,
						`<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
				}
				return nil
			})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			f := m.fault
			test.spoil(t, m.signedIn(t), f)
			code, stdout, stderr := m.run(t, "", "doctor")
			first := ""
			for line := range strings.Lines(stdout) {
				if strings.HasPrefix(line, "FAIL") {
					first = strings.TrimSpace(line[6:22])
					break
				}
			}
			if code != test.code || first != test.step {
				t.Errorf("exit %d, %q fails first, want %q:\n%s%s", code, first, test.step, stdout,
					stderr)
			}
			if test.step == "" {
				if stderr != "" {
					t.Error(stderr)
				}
			} else if !strings.HasPrefix(stderr, "cognito: first problem: "+
				test.step+": ") || strings.Count(stderr, "\n") != 1 ||
				!strings.Contains(stderr, test.said) {
				t.Errorf("%s%s", stdout, stderr)
			}
			checkPrintable(t, stdout+stderr)
			if strings.Contains(stdout+stderr, "hunter2") {
				t.Error("a secret is shown")
			}
		})
	}
}

// dated is a Fault that sends AWS's clock ahead.
func (m *machine) dated(ahead time.Duration) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		if !strings.HasSuffix(r.URL.Path, "jwks.json") || r.Header.Get("Again") != "" {
			return nil
		}
		r.Header.Set("Again", "let it through")
		w := httptest.NewRecorder()
		m.server.ServeHTTP(w, r)
		response := w.Result()
		response.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		return response
	}
}

// foreignTokens replaces the stored tokens with those of another pool or app client.
func (m *machine) foreignTokens(t *testing.T, pool, client string) {
	t.Helper()
	other := &cognitotest.Server{UserPools: []cognitotest.UserPool{{
		ID: pool, Clients: []cognitotest.AppClient{{ID: client}},
		Users: []cognitotest.User{{Name: "ada", Password: cognitotest.ExamplePassword}},
	}}}
	session, err := (&cognito.Client{
		Environment: cognito.Environment{UserPoolID: pool, ClientID: client},
		HTTPClient:  other.Client(),
	}).SignIn(t.Context(), "ada", cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	m.change(t, func(_ *state.Record, saved *cognito.SavedSession) {
		var newer cognito.SavedSession
		if err := newer.Load(session.Save()); err != nil {
			t.Fatal(err)
		}
		newer.Tokens.Refresh = saved.Tokens.Refresh
		saved.Tokens = newer.Tokens
	})
}
