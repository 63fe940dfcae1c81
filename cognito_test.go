package cognito_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/jwt"
)

// The Session of ConfirmSignUp continues the sign-up as a sign-in without another challenge.
func TestSignUpContinuesAsSignIn(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		ctx := t.Context()
		server := everyFlow(nil)
		client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
		pool, err := client.UserPool()
		if err != nil {
			t.Fatalf("UserPool: %v", err)
		}
		const name = "new-user"
		signedUp, err := pool.SignUp(ctx, cognitoidp.SignUpInput{
			ClientID:   env.ClientID,
			SecretHash: client.SecretHash(name), Username: name, Password: newPassword,
			UserAttributes: []cognitoidp.Attribute{{Name: "email", Value: "new@example.com"}},
		})
		if err != nil {
			t.Fatalf("SignUp: %v", err)
		}
		_, err = client.SignIn(ctx, name, newPassword)
		if !hasCode(err, cognitoidp.CodeUserNotConfirmed) {
			t.Errorf("SignIn: error %v", err)
		}
		confirmed, err := pool.ConfirmSignUp(ctx, cognitoidp.ConfirmSignUpInput{
			ClientID: env.ClientID, SecretHash: client.SecretHash(name), Username: name,
			ConfirmationCode: server.Code(cognitotest.ExampleUserPoolID, name),
			Session:          signedUp.Session,
		})
		if err != nil {
			t.Fatalf("ConfirmSignUp: %v", err)
		}
		s, err := client.Start(ctx, cognito.Login{
			Username: name,
			Flow:     "USER_AUTH",
			Session:  confirmed.Session,
		})
		if err != nil {
			t.Fatalf("Start: %v", err)
		}
		if _, err := s.Credentials(ctx); err != nil {
			t.Errorf("Credentials: %v", err)
		}
		if _, err := client.SignIn(ctx, name, newPassword); err != nil {
			t.Errorf("SignIn: %v", err)
		}
	}
}

func TestForgotAndChangePassword(t *testing.T) {
	for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
		ctx := t.Context()
		server := cognitotest.Example()
		client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
		pool, err := client.UserPool()
		if err != nil {
			t.Fatalf("UserPool: %v", err)
		}
		const name, third = cognitotest.ExampleUser, "Yet-Another-Horse-9"
		sent, err := pool.ForgotPassword(ctx, cognitoidp.ForgotPasswordInput{
			ClientID:   env.ClientID,
			SecretHash: client.SecretHash(name),
			Username:   name,
		})
		if err != nil || sent.DeliveryMedium != "EMAIL" {
			t.Fatalf("%+v, %v", sent, err)
		}
		in := cognitoidp.ConfirmForgotPasswordInput{
			ClientID: env.ClientID, SecretHash: client.SecretHash(name), Username: name,
			Password: newPassword, ConfirmationCode: "000000",
		}
		err = cognito.Explain(pool.ConfirmForgotPassword(ctx, in))
		if !hasCode(err, cognitoidp.CodeCodeMismatch) {
			t.Errorf("Explain: error %v", err)
		}
		in.ConfirmationCode = server.Code(cognitotest.ExampleUserPoolID, name)
		if err := pool.ConfirmForgotPassword(ctx, in); err != nil {
			t.Fatalf("ConfirmForgotPassword: %v", err)
		}
		s, err := client.SignIn(ctx, name, newPassword)
		if err != nil {
			t.Fatalf("SignIn: %v", err)
		}
		tokens, err := s.Tokens(ctx)
		if err != nil {
			t.Fatalf("Tokens: %v", err)
		}
		change := cognitoidp.ChangePasswordInput{
			AccessToken:      tokens.Access,
			PreviousPassword: newPassword,
			ProposedPassword: third,
		}
		if err := pool.ChangePassword(ctx, change); err != nil {
			t.Fatalf("ChangePassword: %v", err)
		}
		if _, err := client.SignIn(ctx, name, third); err != nil {
			t.Errorf("SignIn: %v", err)
		}
		if err := pool.GlobalSignOut(ctx, tokens.Access); err != nil {
			t.Fatalf("GlobalSignOut: %v", err)
		}
		_, err = client.Resume(ctx, cognito.SavedSession{
			Tokens: cognito.Tokens{Refresh: tokens.Refresh},
		}.Save())
		if !hasCode(err, cognitoidp.CodeNotAuthorized) {
			t.Errorf("Resume with a revoked token: error %v, want NotAuthorizedException", err)
		}
	}
}

// A sign-in or refresh opens connections to the hosts that issue credentials.
func TestConnectAhead(t *testing.T) {
	for _, test := range []struct {
		name             string
		classic, resumed bool
	}{{"sign-in", false, false}, {"classic", true, false}, {"resumed", false, true}} {
		server := cognitotest.Example()
		var mu sync.Mutex
		heads := map[string]bool{}
		base := server.Client().Transport
		client := exampleClient(server)
		client.HTTPClient = &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodHead {
					mu.Lock()
					heads[r.URL.Host] = true
					mu.Unlock()
					if len(r.Header) > 0 {
						t.Errorf("HEAD with %v", r.Header)
					}
				}
				return base.RoundTrip(r)
			}),
		}
		if test.classic {
			client.Duration = time.Hour
		}
		session := signIn(t, client)
		if test.resumed {
			saved := cognito.SavedSession{
				Tokens: cognito.Tokens{Refresh: savedSession(session).Tokens.Refresh},
			}
			clear(heads)
			if _, err := client.Resume(t.Context(), saved.Save()); err != nil {
				t.Fatalf("Resume: %v", err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if !heads["cognito-identity.us-east-1.amazonaws.com"] ||
			heads["sts.us-east-1.amazonaws.com"] != test.classic {
			t.Errorf("%s: HEAD to %v", test.name, heads)
		}
	}
}

// FIPS and DualStack apply to every service and to the connections that are opened ahead.
func TestHosts(t *testing.T) {
	for _, test := range []struct {
		fips, dualStack bool
		want            []string
	}{
		{false, false,
			[]string{"cognito-identity.us-east-1.amazonaws.com",
				"cognito-idp.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com"}},
		{true, false,
			[]string{"cognito-identity-fips.us-east-1.amazonaws.com",
				"cognito-idp-fips.us-east-1.amazonaws.com", "sts-fips.us-east-1.amazonaws.com"}},
		{false, true,
			[]string{"cognito-identity.us-east-1.amazonaws.com",
				"cognito-idp.us-east-1.amazonaws.com", "sts.us-east-1.api.aws"}},
		{true, true,
			[]string{"cognito-identity-fips.us-east-1.amazonaws.com",
				"cognito-idp-fips.us-east-1.amazonaws.com", "sts-fips.us-east-1.api.aws"}},
	} {
		server := cognitotest.Example()
		var mu sync.Mutex
		hosts := map[string]bool{}
		server.Fault = func(r *http.Request) *http.Response {
			mu.Lock()
			defer mu.Unlock()
			hosts[r.Host] = true
			return nil
		}
		client := exampleClient(server)
		client.FIPS, client.DualStack, client.Duration = test.fips, test.dualStack, time.Hour
		s := signIn(t, client)
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Fatalf("Credentials: %v", err)
		}
		if _, err := client.VerifyIDToken(t.Context(), savedSession(s).Tokens.ID); err != nil {
			t.Errorf("VerifyIDToken: %v", err)
		}
		mu.Lock()
		if got := slices.Sorted(maps.Keys(hosts)); !slices.Equal(got, test.want) {
			t.Errorf("FIPS %v, DualStack %v: hosts %q, want %q", test.fips, test.dualStack, got,
				test.want)
		}
		mu.Unlock()
	}
	client := &cognito.Client{Environment: exampleEnvironment(), FIPS: true}
	client.Environment.Endpoints.CognitoIDP = "https://pool.example"
	if _, err := client.SignIn(t.Context(), "ada", "p"); err == nil ||
		!strings.Contains(err.Error(), "FIPS and DualStack") {
		t.Errorf("SignIn: error %v", err)
	}
}

// The IDs give the Regions of the pools, unless the user pool is called in a replica's Region.
// aws_region gives all other Regions.
func TestHostsInSeveralRegions(t *testing.T) {
	elsewhere := cognito.Environment{
		Region:         "eu-west-3",
		UserPoolID:     "eu-west-1_AbCdEfGhI",
		ClientID:       cognitotest.ExampleClientID,
		IdentityPoolID: "eu-central-1:01234567-89ab-cdef-0123-456789abcdef",
		RoleARN:        cognitotest.ExampleRoleARN,
	}
	replica := elsewhere
	replica.UserPoolRegion = "us-west-2"
	for _, test := range []struct {
		env  cognito.Environment
		want []string
	}{
		{elsewhere, []string{"cognito-identity.eu-central-1.amazonaws.com",
			"cognito-idp.eu-west-1.amazonaws.com", "sts.eu-west-3.amazonaws.com"}},
		{replica, []string{"cognito-identity.eu-central-1.amazonaws.com",
			"cognito-idp.us-west-2.amazonaws.com", "sts.eu-west-3.amazonaws.com"}},
	} {
		answers, _ := scripted(t, map[string]string{
			"InitiateAuth":              tokensOf("https://issuer.example/pool", "ada"),
			"GetId":                     fmt.Sprintf(`{"IdentityId":%q}`, identityA),
			"GetOpenIdToken":            `{"IdentityId":"` + identityA + `","Token":"a.b.c"}`,
			"AssumeRoleWithWebIdentity": assumed(),
		})
		var mu sync.Mutex
		hosts := map[string]bool{}
		record := func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			hosts[r.URL.Host] = true
			return answers.Transport.RoundTrip(r)
		}
		client := &cognito.Client{
			Environment: test.env,
			Duration:    time.Hour,
			HTTPClient:  &http.Client{Transport: roundTripper(record)},
		}
		if _, err := signIn(t, client).Credentials(t.Context()); err != nil {
			t.Fatalf("Credentials: %v", err)
		}
		if got := slices.Sorted(maps.Keys(hosts)); !slices.Equal(got, test.want) {
			t.Errorf("hosts = %q, want %q", got, test.want)
		}
	}
}

// ClientMetadata and UserContextData are in every request that supports them.
func TestMetadataInEveryCall(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			server := cognitotest.Example()
			seen := map[string]int{}
			server.Fault = func(r *http.Request) *http.Response {
				operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"),
					"AWSCognitoIdentityProviderService.")
				if !ok {
					return nil
				}
				var in struct {
					ClientMetadata  map[string]string
					UserContextData struct{ EncodedData string }
				}
				if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
					t.Errorf("Decode: %v", err)
				}
				if in.ClientMetadata["app"] != "test" {
					t.Errorf("%s has no ClientMetadata", operation)
				}
				if operation != "GetTokensFromRefreshToken" &&
					in.UserContextData.EncodedData != "fingerprint" {
					t.Errorf("%s has no UserContextData", operation)
				}
				seen[operation]++
				if legacy && operation == "GetTokensFromRefreshToken" {
					return refusal(400, "UnknownOperationException", "")
				}
				return nil
			}
			client := exampleClient(server)
			client.ClientMetadata = map[string]string{"app": "test"}
			client.UserContextData = &cognitoidp.UserContextData{EncodedData: "fingerprint"}
			_, err := client.SignIn(t.Context(), cognitotest.ExampleNewUser,
				cognitotest.ExamplePassword)
			challenge := asChallenge(err)
			if challenge == nil {
				t.Fatal(err)
			}
			s, err := challenge.Respond(t.Context(), map[string]string{"NEW_PASSWORD": newPassword})
			if err != nil {
				t.Fatalf("Respond: %v", err)
			}
			time.Sleep(2 * time.Hour)
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Fatalf("Tokens: %v", err)
			}
			if seen["InitiateAuth"] == 0 || seen["RespondToAuthChallenge"] != 2 ||
				seen["GetTokensFromRefreshToken"] != 1 {
				t.Errorf("calls %v", seen)
			}
		})
	}
}

// TestRememberedDevice and TestResumeChallenge with separate processes.
func TestOtherProcess(t *testing.T) {
	server := tracking("ALWAYS")
	listener := httptest.NewServer(server)
	defer listener.Close()

	first, err := anotherProcess(t, "device", listener.URL, "")
	asked, device, _ := strings.Cut(first, "\n")
	if err != nil || asked != "asked: SOFTWARE_TOKEN_MFA" {
		t.Fatalf("%v: %s", err, first)
	}
	second, err := anotherProcess(t, "device", listener.URL, device)
	if err != nil || second != device {
		t.Errorf("%v: %s", err, second)
	}

	login := cognito.Login{Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword}
	if err := json.Unmarshal([]byte(device), &login.Device); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
	client := exampleClient(server)
	session, err := client.Start(t.Context(), login)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	tokens, err := session.Tokens(t.Context())
	if err != nil {
		t.Fatalf("Tokens: %v", err)
	}
	pool, err := client.UserPool()
	if err != nil {
		t.Fatalf("UserPool: %v", err)
	}
	if err := pool.ForgetDevice(t.Context(), tokens.Access, login.Device.Key); err != nil {
		t.Fatalf("ForgetDevice: %v", err)
	}
	// its code may equal the first one, which is valid once
	third, _ := anotherProcess(t, "device", listener.URL, device)
	if !strings.HasPrefix(third, "asked: SOFTWARE_TOKEN_MFA\n") {
		t.Errorf("after ForgetDevice: %s", third)
	}

	server = tracking("") // another server, for the same reason
	listener2 := httptest.NewServer(server)
	defer listener2.Close()
	_, err = exampleClient(server).SignIn(t.Context(), cognitotest.ExampleUser,
		cognitotest.ExamplePassword)
	challenge := asChallenge(err)
	if challenge == nil {
		t.Fatal(err)
	}
	stored, err := challenge.Save()
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	if out, err := anotherProcess(t, "continue", listener2.URL, string(stored)); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// Neither package fmt nor log/slog nor encoding/json prints a secret.
func TestRedaction(t *testing.T) {
	client := &cognito.Client{
		Environment: secretEnvironment(),
		HTTPClient:  cognitotest.Example().Client(),
	}
	session := signIn(t, client)
	if _, err := session.Credentials(t.Context()); err != nil {
		t.Fatalf("Credentials: %v", err)
	}
	saved := savedSession(session)
	saved.Device = cognito.Device{
		Username: "ada",
		Key:      "us-east-1_0",
		GroupKey: "g",
		Password: "device-Password",
	}
	login := cognito.Login{
		Username: "ada",
		Password: cognitotest.ExamplePassword,
		Device:   saved.Device,
		Session:  "login-Session",
	}
	const password = cognitotest.ExamplePassword
	_, challenge := client.SignIn(t.Context(), cognitotest.ExampleNewUser, password)
	revealed, err := asChallenge(challenge).Save()
	var stored struct{ Session string }
	if err != nil || json.Unmarshal(revealed, &stored) != nil || stored.Session == "" {
		t.Fatal(err)
	}
	browser := startBrowser(t, browserClient(browserServer()))
	secrets := []string{
		stored.Session, queryOf(t, browser.URL).Get("state"),
		cognitotest.ExampleClientSecret, cognitotest.ExamplePassword, "ASIA", "device-Password",
		"login-Session",
		saved.Tokens.ID, saved.Tokens.Access, saved.Tokens.Refresh,
		"in every field",
	}
	values := []any{
		client.Environment, client, session, saved, &saved, saved.Tokens, &saved.Tokens,
		saved.Device, login, &login, challenge, *asChallenge(challenge),
		fmt.Errorf("wrapped: %w", challenge), errors.Join(challenge),
		browser, cognito.Federation{Provider: "in every field"},
		struct{ err error }{challenge},
	}
	tested := map[string]bool{}
	for _, value := range values {
		if v := reflect.Indirect(reflect.ValueOf(value)); v.Kind() == reflect.Struct {
			tested[v.Type().Name()] = true
		}
	}
	for _, pointer := range []any{
		&cognito.Environment{}, &cognito.Tokens{}, &cognito.SavedSession{}, &cognito.Device{},
		&cognito.Login{},
	} {
		fill(reflect.ValueOf(pointer).Elem(), "in every field")
		values = append(values, pointer, reflect.ValueOf(pointer).Elem().Interface())
	}
	withoutSecrets := []string{"Endpoints", "Setting", "BrowserLogin", "BrowserError"}
	for _, name := range exportedStructs(t) {
		if !tested[name] && !slices.Contains(withoutSecrets, name) {
			t.Errorf("type %s is not tested", name)
		}
	}
	for _, value := range values {
		for _, v := range []any{
			value, []any{value}, struct{ Inner any }{value}, map[string]any{"k": value},
		} {
			var printed bytes.Buffer
			for _, verb := range "vsdxXqtbeTU" {
				fmt.Fprintf(&printed, "%"+string(verb)+" %+"+string(verb)+" %#"+string(verb)+"\n",
					v, v, v)
			}
			gob.NewEncoder(&printed).Encode(v) // an error
			slog.New(slog.NewTextHandler(&printed, nil)).Info("m", "v", v)
			slog.New(slog.NewJSONHandler(&printed, nil)).Info("m", "v", v)
			text, err := json.Marshal(v)
			if err != nil {
				t.Errorf("%T: %v", value, err)
			}
			printed.Write(text)
			for _, secret := range secrets {
				if strings.Contains(printed.String(), secret) ||
					strings.Contains(printed.String(), fmt.Sprintf("%x", secret)) {
					t.Errorf("%T shows a secret:\n%s", value, printed.String())
				}
			}
		}
	}
}

// fill sets every string in v to text.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text)
			}
		}
	}
}

// exportedStructs returns the names of the exported struct types of the package.
func exportedStructs(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatalf("Glob: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatalf("ParseFile: %v", err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if _, ok := spec.Type.(*ast.StructType); ok {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	if len(names) < 8 {
		t.Fatalf("found only %v", names)
	}
	return names
}

// TestStaleDate checks that a server whose clock is behind cannot make an expired token valid.
func TestStaleDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cognitotest.Example()
		base := server.Client().Transport
		var behind time.Duration
		client := exampleClient(server)
		client.HTTPClient = &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				response, err := base.RoundTrip(r)
				if err == nil {
					date := time.Now().Add(-behind).UTC().Format(http.TimeFormat)
					response.Header.Set("Date", date)
				}
				return response, err
			}),
		}
		s := signIn(t, client)
		tokens, err := s.Tokens(t.Context())
		if err != nil {
			t.Fatalf("Tokens: %v", err)
		}
		if _, err := client.VerifyIDToken(t.Context(), tokens.ID); err != nil {
			t.Errorf("VerifyIDToken = %v", err)
		}
		behind = 90 * time.Minute
		time.Sleep(2 * time.Hour)
		if _, err := s.Tokens(t.Context()); err != nil { // a refresh
			t.Errorf("Tokens: %v", err)
		}
		_, err = client.VerifyIDToken(t.Context(), tokens.ID)
		var refused *jwt.Error
		if !errors.As(err, &refused) || refused.Reason != jwt.Expired {
			t.Errorf("VerifyIDToken of an expired token = %v, want %s", err, jwt.Expired)
		}
	})
}
