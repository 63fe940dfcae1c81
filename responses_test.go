package cognito_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// A memberChange changes the n-th response member of one operation. Members are counted in the
// text of the response, at all depths. It notes the member's name, or that there is none.
type memberChange struct {
	base      http.RoundTripper
	operation string
	n         int
	change    func(name, value string) string
	name      string
}

// memberPattern matches a name, and its value if that is not an object or a list.
var memberPattern = regexp.MustCompile(`"(\w+)":("[^"]*"|[0-9.E]+|)`)

func (m *memberChange) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := m.base.RoundTrip(r)
	operation := r.Header.Get("X-Amz-Target")
	if operation == "" {
		operation = r.URL.Path
	}
	if err != nil || !strings.HasSuffix(operation, m.operation) {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if members := memberPattern.FindAllSubmatchIndex(body, -1); m.n < len(members) {
		at := members[m.n]
		m.name = string(body[at[2]:at[3]])
		text := m.change(m.name, string(body[at[4]:at[5]]))
		body = []byte(string(body[:at[0]]) + text + string(body[at[1]:]))
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Del("Content-Length")
	return response, nil
}

// foreignText is in a result only if it comes from a member that the service did not send.
const foreignText = "Zm9yZWlnbg"

// otherValue returns another value of the type of value.
func otherValue(value string) string {
	switch {
	case value == "":
		return "{}"
	case value[0] == '"':
		return `"` + foreignText + `"`
	}
	return "1"
}

// TestResponsesAreStrict checks every member of every JSON response with secrets, keys, or what
// selects them. A duplicate member makes the response an error. So does a member that differs from
// a known one only in case; elsewhere it is ignored.
func TestResponsesAreStrict(t *testing.T) {
	server := cognitotest.Example()
	base := server.Client().Transport
	signedIn := savedSession(signIn(t, exampleClient(server)))
	resumed := func(ctx context.Context, c *cognito.Client) (*cognito.Session, error) {
		return c.Resume(ctx, cognito.SavedSession{
			Tokens: cognito.Tokens{Refresh: signedIn.Tokens.Refresh},
		}.Save())
	}
	result := func(ctx context.Context, s *cognito.Session, err error) (string, error) {
		if err != nil {
			return "", err
		}
		tokens, err := s.Tokens(ctx)
		return tokens.ID + tokens.Access + tokens.Refresh, err
	}
	start := func(ctx context.Context, c *cognito.Client) (string, error) {
		s, err := c.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
		return result(ctx, s, err)
	}
	credentials := func(ctx context.Context, c *cognito.Client) (string, error) {
		s, err := c.Resume(ctx, signedIn.Save())
		if err != nil {
			return "", err
		}
		creds, err := s.Credentials(ctx)
		return creds.AccessKeyID + creds.SecretAccessKey + creds.SessionToken, err
	}
	for _, test := range []struct {
		operation string
		members   string // those that decide, which must be refused in another case
		duration  time.Duration
		call      func(context.Context, *cognito.Client) (string, error)
	}{
		{"InitiateAuth", "ChallengeName ChallengeParameters", 0, start},
		{
			"RespondToAuthChallenge",
			"AuthenticationResult AccessToken ExpiresIn IdToken RefreshToken", 0, start,
		},
		{
			"GetTokensFromRefreshToken", "AuthenticationResult AccessToken ExpiresIn IdToken", 0,
			func(ctx context.Context, c *cognito.Client) (string, error) {
				s, err := resumed(ctx, c)
				return result(ctx, s, err)
			},
		},
		{"GetId", "IdentityId", 0, credentials},
		{
			"GetCredentialsForIdentity",
			"Credentials AccessKeyId Expiration SecretKey SessionToken", 0, credentials,
		},
		{"GetOpenIdToken", "IdentityId Token", time.Hour, credentials},
		{
			"jwks.json", "keys kty kid n e", 0,
			func(ctx context.Context, c *cognito.Client) (string, error) {
				_, err := c.VerifyIDToken(ctx, signedIn.Tokens.ID)
				return "", err
			},
		},
	} {
		for kind, change := range map[string]func(name, value string) string{
			"duplicate before": func(name, value string) string {
				return `"` + name + `":` + otherValue(value) + `,"` + name + `":` + value
			},
			"duplicate after": func(name, value string) string {
				if value == "" { // the value follows
					return `"` + name + `":{},"` + name + `":`
				}
				return `"` + name + `":` + value + `,"` + name + `":` + otherValue(value)
			},
			"other case before": func(name, value string) string {
				return `"` + otherCase(name) + `":` + otherValue(value) + `,"` + name + `":` + value
			},
			"other case after": func(name, value string) string {
				if value == "" {
					return `"` + otherCase(name) + `":{},"` + name + `":`
				}
				return `"` + name + `":` + value + `,"` + otherCase(name) + `":` + otherValue(value)
			},
		} {
			t.Run(test.operation+" "+kind, func(t *testing.T) {
				found := ""
				for n := 0; ; n++ {
					m := &memberChange{base: base, operation: test.operation, n: n, change: change}
					c := exampleClient(server)
					c.HTTPClient = &http.Client{Transport: m}
					c.Duration = test.duration
					got, err := test.call(t.Context(), c)
					if m.name == "" {
						if err != nil {
							t.Fatalf("without a change: %v", err)
						}
						break
					}
					found += " " + m.name
					decides := strings.Contains(" "+test.members+" ", " "+m.name+" ")
					if strings.Contains(got, foreignText) {
						t.Errorf("%s: a foreign value is in the result", m.name)
					}
					if err == nil && (decides || strings.HasPrefix(kind, "duplicate")) {
						t.Errorf("%s: no error", m.name)
					}
					if err != nil && strings.Contains(err.Error(), foreignText) {
						t.Errorf("%s: the error quotes a value: %v", m.name, err)
					}
				}
				for _, name := range strings.Fields(test.members) {
					if !strings.Contains(found+" ", " "+name+" ") {
						t.Errorf("the response has no member %s, only%s", name, found)
					}
				}
			})
		}
	}
}

// otherCase returns a name that differs from name only in the case of its first letter.
func otherCase(name string) string {
	first := strings.ToUpper(name[:1])
	if first == name[:1] {
		first = strings.ToLower(first)
	}
	return first + name[1:]
}
