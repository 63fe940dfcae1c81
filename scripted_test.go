package cognito_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/srp"
)

// A sent request, as a JSON object or a form.
type sent struct {
	operation string
	members   map[string]any
}

// scripted answers each operation with a fixed text and keeps what was sent. Unlike the stand-in it checks nothing, so
// that it can answer as other services and as AWS in other partitions do.
func scripted(t *testing.T, answers map[string]string) (client *http.Client, log *[]sent) {
	log = new([]sent)
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodHead {
			return answer(404, ""), nil
		}
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		s := sent{members: map[string]any{}}
		if _, s.operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), "."); s.operation != "" {
			err = json.NewDecoder(body).Decode(&s.members)
		} else if err = r.ParseForm(); err == nil {
			s.operation = r.PostForm.Get("Action")
			for name := range r.PostForm {
				s.members[name] = r.PostForm.Get(name)
			}
		}
		*log = append(*log, s)
		text, ok := answers[s.operation]
		if err != nil || !ok {
			t.Errorf("unexpected %s: %v", s.operation, err)
			return refusal(400, "UnknownOperationException", ""), nil
		}
		return answer(200, text), nil
	})}, log
}

const (
	identityA = "us-east-1:00000000-0000-0000-0000-00000000000a"
	identityB = "us-east-1:00000000-0000-0000-0000-00000000000b"
)

// tokensOf is an answer with tokens of an issuer, for a user.
func tokensOf(issuer, user string) string {
	id := part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(map[string]any{
		"iss": issuer, "aud": exampleEnvironment().ClientID, "token_use": "id", "cognito:username": user,
		"exp": time.Now().Add(time.Hour).Unix(),
	}) + ".AAAA"
	return fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":"a","IdToken":%q,"RefreshToken":"r","ExpiresIn":3600}}`, id)
}

func credentialsOf(identity string) string {
	return fmt.Sprintf(`{"IdentityId":%q,"Credentials":{"AccessKeyId":"ASIA","SecretKey":"s","SessionToken":"t","Expiration":%d}}`,
		identity, time.Now().Add(time.Hour).Unix())
}

// The SECRET_BLOCK goes back as it came, in whatever base64; a Session only if there was one; and emulators leave one of
// the two names out.
func TestPasswordVerifierAnswer(t *testing.T) {
	const block = "-_-_" // URL-safe
	if _, err := base64.StdEncoding.DecodeString(block); err == nil {
		t.Fatal("this block shows nothing")
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
				t.Fatal(err)
			}
			server, err := srp.NewServer(verifier)
			if err != nil {
				t.Fatal(err)
			}
			challenge := fmt.Sprintf(`{"ChallengeName":"PASSWORD_VERIFIER","Session":%q,"ChallengeParameters":{%s,"SALT":%q,"SRP_B":%q,"SECRET_BLOCK":%q}}`,
				test.session, test.names, server.Salt(), server.B(), block)
			httpClient, log := scripted(t, map[string]string{
				"InitiateAuth": challenge, "RespondToAuthChallenge": tokensOf("https://issuer.example/pool", "real"),
			})
			client := &cognito.Client{Environment: secretEnvironment(), HTTPClient: httpClient}
			client.Environment.ClientID = exampleEnvironment().ClientID
			if _, err := client.SignIn(t.Context(), "typed@example.com", "password"); err != nil {
				t.Fatal(err)
			}
			got := (*log)[1].members
			responses := got["ChallengeResponses"].(map[string]any)
			a := (*log)[0].members["AuthParameters"].(map[string]any)["SRP_A"].(string)
			decoded, _ := base64.RawURLEncoding.DecodeString(block)
			signature, _ := base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SIGNATURE"].(string))
			if err := server.Verify(a, id, decoded, responses["TIMESTAMP"].(string), signature); err != nil {
				t.Error(err)
			}
			if responses["PASSWORD_CLAIM_SECRET_BLOCK"] != block {
				t.Errorf("SECRET_BLOCK %v", responses["PASSWORD_CLAIM_SECRET_BLOCK"])
			}
			if responses["USERNAME"] != test.want || responses["SECRET_HASH"] != client.SecretHash(test.want) {
				t.Errorf("USERNAME %v, want %s, and the hash of the same", responses["USERNAME"], test.want)
			}
			if session, has := got["Session"]; has != (test.session != "") || has && session != test.session {
				t.Errorf("Session %v", session)
			}
		})
	}
}

// The Logins key is what the token says, in each partition and for both forms of issuer.
func TestLoginsKey(t *testing.T) {
	for _, provider := range []string{
		"cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00", "issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE00",
		"cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_EXAMPLE00", "cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_EXAMPLE00",
		"cognito-idp-fips.us-gov-west-1.amazonaws.com/us-gov-west-1_EXAMPLE00",
	} {
		for _, classic := range []bool{false, true} {
			httpClient, log := scripted(t, map[string]string{
				"InitiateAuth":              tokensOf("https://"+provider, "ada"),
				"GetId":                     fmt.Sprintf(`{"IdentityId":%q}`, identityA),
				"GetCredentialsForIdentity": credentialsOf(identityA),
				"GetOpenIdToken":            fmt.Sprintf(`{"IdentityId":%q,"Token":"a.b.c"}`, identityA),
				"AssumeRoleWithWebIdentity": assumed(),
			})
			client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
			if classic {
				client.Duration = time.Hour
			}
			s := signIn(t, client)
			if _, err := s.Credentials(t.Context()); err != nil {
				t.Fatal(err)
			}
			tokens, _ := s.Tokens(t.Context())
			calls := 0
			for _, request := range *log {
				if logins, ok := request.members["Logins"].(map[string]any); ok {
					if calls++; !maps.Equal(logins, map[string]any{provider: tokens.ID}) {
						t.Errorf("%s: Logins %v, want one for %s", request.operation, logins, provider)
					}
				}
			}
			if calls != 2 {
				t.Errorf("%d calls had Logins", calls)
			}
		}
	}
}

func assumed() string {
	return `<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>` +
		`<SessionToken>t</SessionToken><Expiration>` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `</Expiration></Credentials></AssumeRoleWithWebIdentityResult></R>`
}

// Identities that were merged answer under another id, which is the one from then on.
func TestMergedIdentity(t *testing.T) {
	httpClient, _ := scripted(t, map[string]string{
		"InitiateAuth":              tokensOf("https://issuer.example/pool", "ada"),
		"GetId":                     fmt.Sprintf(`{"IdentityId":%q}`, identityA),
		"GetCredentialsForIdentity": credentialsOf(identityB),
	})
	s := signIn(t, &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient})
	if _, err := s.Credentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id, err := s.IdentityID(t.Context()); err != nil || id != identityB {
		t.Errorf("identity %q, error %v", id, err)
	}
}

// RoleSessionName takes 2 to 64 of [\w+=,.@-]; user names may hold more.
func TestRoleSessionName(t *testing.T) {
	for user, want := range map[string]string{
		"ada":                     "ada",
		"ada@example.com":         "ada@example.com",
		"a":                       "user-a",
		"":                        "user-",
		"Ada Lovelace/é":          "Ada-Lovelace--",
		strings.Repeat("ü", 128):  strings.Repeat("-", 64),
		strings.Repeat("a", 100):  strings.Repeat("a", 64),
		"x&Action=GetFederation+": "x-Action=GetFederation+",
	} {
		httpClient, log := scripted(t, map[string]string{
			"InitiateAuth":              tokensOf("https://issuer.example/pool", user),
			"GetId":                     fmt.Sprintf(`{"IdentityId":%q}`, identityA),
			"GetOpenIdToken":            fmt.Sprintf(`{"IdentityId":%q,"Token":"a.b.c"}`, identityA),
			"AssumeRoleWithWebIdentity": assumed(),
		})
		client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient, Duration: time.Hour}
		if _, err := signIn(t, client).Credentials(t.Context()); err != nil {
			t.Fatal(err)
		}
		last := (*log)[len(*log)-1]
		if got := last.members["RoleSessionName"]; got != want {
			t.Errorf("user %q: RoleSessionName %q, want %q", user, got, want)
		}
	}
}

// A guest has no role to choose from: CustomRoleArn is for users of several.
func TestGuestHasNoCustomRole(t *testing.T) {
	httpClient, log := scripted(t, map[string]string{
		"GetId":                     fmt.Sprintf(`{"IdentityId":%q}`, identityA),
		"GetCredentialsForIdentity": credentialsOf(identityA),
	})
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
	client.Environment.CustomRoleARN = "arn:aws:iam::123456789012:role/admin"
	s, err := client.Guest()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Credentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, request := range *log {
		for _, name := range []string{"CustomRoleArn", "Logins"} {
			if _, ok := request.members[name]; ok {
				t.Errorf("%s of a guest has %s", request.operation, name)
			}
		}
	}
}
