package cognito_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/sts"
)

func TestCredentials(t *testing.T) {
	for _, test := range []struct {
		name     string
		duration time.Duration
		change   func(*cognito.Environment)
		want     string // the assumed role's name, or the beginning of an error's cause
		fails    bool
	}{
		{"enhanced", 0, func(*cognito.Environment) {}, "assumed-role/example/", false},
		{"enhanced, role chosen", 0, func(e *cognito.Environment) { e.CustomRoleARN = cognitotest.ExampleAdminRoleARN }, "assumed-role/admin/", false},
		{"enhanced, role of another", 0, func(e *cognito.Environment) { e.CustomRoleARN = "arn:aws:iam::123456789012:role/other" }, "", true},
		{"classic, shortest", 15 * time.Minute, func(*cognito.Environment) {}, "assumed-role/example/ada", false},
		{"classic", time.Hour, func(*cognito.Environment) {}, "assumed-role/example/ada", false},
		{"classic, longer than the role allows", 12 * time.Hour, func(*cognito.Environment) {}, "maximum", true},
		{"classic, unknown role", time.Hour, func(e *cognito.Environment) { e.RoleARN = "arn:aws:iam::123456789012:role/none" }, "trust policy", true},
		{"classic, no role", time.Hour, func(e *cognito.Environment) { e.RoleARN = "" }, "role_arn", true},
		{"no identity pool", 0, func(e *cognito.Environment) { e.IdentityPoolID = "" }, "identity_pool_id", true},
		{"unknown identity pool", 0, func(e *cognito.Environment) { e.IdentityPoolID = "us-east-1:00000000-0000-0000-0000-000000000000" }, "identity_pool_id", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := cognitotest.Example()
				for i := range server.Roles {
					server.Roles[i].MaxSessionDuration = 2 * time.Hour
				}
				client := exampleClient(server)
				client.Duration = test.duration
				test.change(&client.Environment)
				s := signIn(t, client)
				creds, err := s.Credentials(t.Context())
				if test.fails {
					if err == nil || !strings.Contains(err.Error(), test.want) {
						t.Errorf("credentials %v, error %v, want %q", creds, err, test.want)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				life := test.duration
				if life == 0 {
					life = time.Hour
				}
				if time.Until(creds.Expires) != life {
					t.Errorf("credentials live %v, want %v", time.Until(creds.Expires), life)
				}
				who := &sts.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client(), Credentials: s.Credentials}
				identity, err := who.GetCallerIdentity(t.Context())
				if err != nil || !strings.Contains(identity.ARN, test.want) {
					t.Errorf("caller %+v, want %q: %v", identity, test.want, err)
				}
			})
		})
	}
}

func TestClassicFlowNotEnabled(t *testing.T) {
	server := cognitotest.Example()
	server.IdentityPools[0].AllowClassicFlow = false
	client := exampleClient(server)
	client.Duration = time.Hour
	_, err := signIn(t, client).Credentials(t.Context())
	var e *awserr.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "leave Duration at 0") {
		t.Errorf("error %v", err)
	}
}

// An identity that was deleted since it was learnt is asked for again, once.
func TestForgottenIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		gone := 0
		count := watch(server, func(operation string, n int) *http.Response {
			if operation == "GetCredentialsForIdentity" && gone > 0 {
				gone--
				return refusal(400, "ResourceNotFoundException", "Identity 'us-east-1:0' not found.")
			}
			return nil
		})
		client := exampleClient(server)
		s := signIn(t, client)
		if _, err := s.IdentityID(t.Context()); err != nil {
			t.Fatal(err)
		}
		gone = 1
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Error(err)
		}
		if n := count("GetId"); n != 2 {
			t.Errorf("GetId was called %d times", n)
		}
		gone = 100
		time.Sleep(2 * time.Hour)
		if _, err := s.Credentials(t.Context()); err == nil {
			t.Error("credentials of nobody")
		}
		if n := count("GetId"); n != 3 {
			t.Errorf("GetId was called %d times", n)
		}
	})
}
