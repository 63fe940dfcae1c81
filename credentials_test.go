package cognito_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
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
		want     string // the name of the assumed role, or the start of the cause of an error
		fails    bool
	}{
		{"enhanced", 0, func(*cognito.Environment) {}, "assumed-role/example/", false},
		{"enhanced, role chosen", 0, func(e *cognito.Environment) {
			e.CustomRoleARN = cognitotest.ExampleAdminRoleARN
		}, "assumed-role/admin/", false},
		{"enhanced, role of another", 0, func(e *cognito.Environment) {
			e.CustomRoleARN = "arn:aws:iam::123456789012:role/other"
		}, "", true},
		{"classic, shortest", 15 * time.Minute, func(*cognito.Environment) {},
			"assumed-role/example/ada", false},
		{"classic", time.Hour, func(*cognito.Environment) {}, "assumed-role/example/ada", false},
		{"classic, longer than the role allows", 12 * time.Hour, func(*cognito.Environment) {},
			"maximum", true},
		{"classic, unknown role", time.Hour, func(e *cognito.Environment) {
			e.RoleARN = "arn:aws:iam::123456789012:role/none"
		}, "trust policy", true},
		{"classic, no role", time.Hour, func(e *cognito.Environment) {
			e.RoleARN = ""
		}, "role_arn", true},
		{"no identity pool", 0, func(e *cognito.Environment) {
			e.IdentityPoolID = ""
		}, "identity_pool_id", true},
		{"unknown identity pool", 0, func(e *cognito.Environment) {
			e.IdentityPoolID = "us-east-1:00000000-0000-0000-0000-000000000000"
		}, "identity_pool_id", true},
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
				who := &sts.Client{
					Region:      cognitotest.ExampleRegion,
					HTTPClient:  server.Client(),
					Credentials: s.Credentials,
				}
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

// The credentials of a guest expire by the identity pool's clock.
func TestGuestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, by := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
			server := cognitotest.Example()
			base := server.Client().Transport
			client := exampleClient(server)
			client.HTTPClient = &http.Client{
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					resp, err := base.RoundTrip(r)
					if err == nil {
						resp.Header.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
						if strings.Contains(r.Header.Get("X-Amz-Target"),
							"GetCredentialsForIdentity") {
							data, _ := io.ReadAll(resp.Body)
							var v map[string]any
							json.Unmarshal(data, &v)
							c := v["Credentials"].(map[string]any)
							c["Expiration"] = c["Expiration"].(float64) + by.Seconds()
							data, _ = json.Marshal(v)
							resp.Body = io.NopCloser(strings.NewReader(string(data)))
						}
					}
					return resp, err
				}),
			}
			s, _ := client.Guest()
			c, err := s.Credentials(t.Context())
			if err != nil {
				t.Errorf("%v: %v", by, err)
				continue
			}
			time.Sleep(61 * time.Minute)
			if d, err := s.Credentials(t.Context()); err != nil || d == c {
				t.Errorf("%v: Credentials returned expired ones, error %v", by, err)
			}
		}
	})
}

// HTTPClient signs with the server's time if the local clock is wrong.
func TestHTTPClientFollowsServerClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = 20 * time.Minute
		base := cognitotest.Example().Client().Transport
		var signed string
		client := exampleClient(new(cognitotest.Server))
		client.HTTPClient = &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if strings.HasPrefix(r.URL.Host, "execute-api.") {
					signed = r.Header.Get("X-Amz-Date")
					return answer(200, ""), nil
				}
				response, err := base.RoundTrip(r)
				if err == nil {
					response.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
				}
				return response, err
			}),
		}
		s, err := client.Guest()
		if err != nil {
			t.Fatalf("Guest: %v", err)
		}
		const api = "https://execute-api.us-east-1.amazonaws.com/"
		response, err := s.HTTPClient("execute-api", "").Get(api)
		if err != nil {
			t.Fatalf("Get: %v", err)
		}
		response.Body.Close()
		if want := time.Now().Add(ahead).UTC().Format("20060102T150405Z"); signed != want {
			t.Errorf("signed with %s, want %s", signed, want)
		}
	})
}

// Only a Timeout of Client.HTTPClient limits requests of Session.HTTPClient.
func TestHTTPClientTimeout(t *testing.T) {
	for _, own := range []*http.Client{nil, {Timeout: time.Hour}} {
		client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: own}
		s, err := client.Guest()
		if err != nil {
			t.Fatalf("Guest: %v", err)
		}
		want := time.Duration(0)
		if own != nil {
			want = own.Timeout
		}
		signing := s.HTTPClient("s3", "")
		if signing.Timeout != want {
			t.Errorf("time limit %v, want %v", signing.Timeout, want)
		}
		switch base, ok := baseOf(signing).(*http.Transport); {
		// an AWS Lambda function may run for 15 minutes
		case own == nil && (!ok || base.ResponseHeaderTimeout != 0):
			t.Error("the response was cut off before the context ended")
		case own == nil && !base.DisableCompression:
			t.Error("the transport decompresses responses")
		case own == nil && base != baseOf(s.HTTPClient("kinesis", "")):
			t.Error("the connections are not shared")
		case own != nil && ok:
			t.Error("the transport of Client.HTTPClient was not used")
		}
	}
}

// baseOf returns the transport that sends the signed requests of a client.
func baseOf(c *http.Client) http.RoundTripper {
	base := reflect.ValueOf(c.Transport).Elem().FieldByName("Base")
	transport, _ := base.Interface().(http.RoundTripper)
	return transport
}

// Requests are signed for the Region that HTTPClient is given, or that of the environment, which
// may differ from the pools'. A request to an AWS host in another Region is not sent.
func TestHTTPClientRegion(t *testing.T) {
	for _, test := range []struct {
		name, region, url, host string
		want                    string // the Region of the signature, or the error
	}{
		{
			name: "environment",
			url:  "https://abc.execute-api.eu-west-3.amazonaws.com/",
			want: "eu-west-3",
		},
		{
			name:   "given",
			region: "ap-southeast-2",
			url:    "https://abc.execute-api.ap-southeast-2.amazonaws.com/",
			want:   "ap-southeast-2",
		},
		{
			name: "pool's Region",
			url:  "https://abc.execute-api.eu-west-1.amazonaws.com/",
			want: "must be signed for Region eu-west-1, not eu-west-3",
		},
		{
			name:   "other Region than given",
			region: "us-east-1",
			url:    "https://abc.execute-api.eu-west-3.amazonaws.com/",
			want:   "must be signed for Region eu-west-3, not us-east-1",
		},
		{
			name: "Host header",
			url:  "https://proxy.example.com/",
			host: "abc.execute-api.eu-west-1.amazonaws.com",
			want: "must be signed for Region eu-west-1, not eu-west-3",
		},
		{
			name: "host without a Region",
			url:  "https://iam.amazonaws.com/",
			want: "must be signed for Region us-east-1, not eu-west-3",
		},
		{
			name: "custom domain",
			url:  "https://api.example.com/",
			want: "eu-west-3",
		},
	} {
		var signed []string
		base := cognitotest.Example().Client().Transport
		client := &cognito.Client{
			Environment: exampleEnvironment(),
			HTTPClient: &http.Client{
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if strings.HasPrefix(r.URL.Host, "cognito-") {
						return base.RoundTrip(r)
					}
					signed = strings.Split(r.Header.Get("Authorization"), "/")
					return answer(200, ""), nil
				}),
			},
		}
		client.Environment.Region = "eu-west-3"
		// The environment's own check of the two Regions is not part of this test.
		client.Environment.UserPoolID, client.Environment.ClientID = "", ""
		s, err := client.Guest()
		if err != nil {
			t.Fatalf("%s: Guest: %v", test.name, err)
		}
		signing := s.HTTPClient("execute-api", test.region)
		for range 2 { // the second request finds the host checked
			req, err := http.NewRequest("POST", test.url, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if test.host != "" {
				req.Host = test.host
			}
			response, err := signing.Do(req)
			switch {
			case err == nil && (len(signed) < 3 || signed[2] != test.want):
				t.Errorf("%s: signed for %q, want Region %s", test.name, signed, test.want)
			case err != nil && (signed != nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%s: error %v, want %s", test.name, err, test.want)
			}
			if err == nil {
				response.Body.Close()
			}
		}
	}
}

// assumed returns the response of AssumeRoleWithWebIdentity.
func assumed() string {
	return `<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId>` +
		`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>` +
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339) +
		`</Expiration></Credentials></AssumeRoleWithWebIdentityResult></R>`
}

// RoleSessionName has 2 to 64 characters of [\w+=,.@-]. User names may contain others.
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
			"InitiateAuth": tokensOf("https://issuer.example/pool", user),
			"GetId":        fmt.Sprintf(`{"IdentityId":%q}`, identityA),
			"GetOpenIdToken": fmt.Sprintf(`{"IdentityId":%q,"Token":"a.b.c"}`,
				identityA),
			"AssumeRoleWithWebIdentity": assumed(),
		})
		client := &cognito.Client{
			Environment: exampleEnvironment(),
			HTTPClient:  httpClient,
			Duration:    time.Hour,
		}
		if _, err := signIn(t, client).Credentials(t.Context()); err != nil {
			t.Fatalf("Credentials: %v", err)
		}
		last := (*log)[len(*log)-1]
		if got := last.members["RoleSessionName"]; got != want {
			t.Errorf("user %q: RoleSessionName %q, want %q", user, got, want)
		}
	}
}

// CustomRoleArn is not sent for guests.
func TestGuestCustomRole(t *testing.T) {
	httpClient, log := scripted(t, map[string]string{
		"GetId":                     fmt.Sprintf(`{"IdentityId":%q}`, identityA),
		"GetCredentialsForIdentity": credentialsOf(identityA),
	})
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
	client.Environment.CustomRoleARN = "arn:aws:iam::123456789012:role/admin"
	s, err := client.Guest()
	if err != nil {
		t.Fatalf("Guest: %v", err)
	}
	if _, err := s.Credentials(t.Context()); err != nil {
		t.Fatalf("Credentials: %v", err)
	}
	for _, request := range *log {
		for _, name := range []string{"CustomRoleArn", "Logins"} {
			if _, ok := request.members[name]; ok {
				t.Errorf("%s of a guest has %s", request.operation, name)
			}
		}
	}
}

func TestGuest(t *testing.T) {
	for _, duration := range []time.Duration{0, time.Hour} {
		server := cognitotest.Example()
		client := exampleClient(server)
		client.Duration = duration
		if duration > 0 {
			client.Environment.RoleARN = cognitotest.ExampleGuestRoleARN
		}
		s, err := client.Guest()
		if err != nil {
			t.Fatalf("Guest: %v", err)
		}
		if creds, err := s.Credentials(t.Context()); err != nil || creds.SessionToken == "" {
			t.Errorf("duration %v: credentials %v, error %v", duration, creds, err)
		}
		if _, err := s.Tokens(t.Context()); err == nil || !strings.Contains(err.Error(), "guest") {
			t.Errorf("a guest's tokens: %v", err)
		}
	}
	server := cognitotest.Example()
	server.IdentityPools[0].AllowGuests = false
	s, err := exampleClient(server).Guest()
	if err != nil {
		t.Fatalf("Guest: %v", err)
	}
	if _, err := s.Credentials(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "does not allow guests") {
		t.Errorf("Credentials: error %v", err)
	}
}

func TestHTTPClient(t *testing.T) {
	server := cognitotest.Example()
	s := signIn(t, exampleClient(server))
	client := s.HTTPClient("s3", "")
	url := "https://" + cognitotest.ExampleBucket + ".s3.us-east-1.amazonaws.com/?list-type=2"
	response, err := client.Get(url)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != 200 || !strings.Contains(string(body), "ListBucketResult") {
		t.Errorf("status %d: %s", response.StatusCode, body)
	}
	server.Fault = func(r *http.Request) *http.Response {
		if r.URL.Path != "/" {
			t.Error("the client followed a redirect")
		}
		return &http.Response{
			StatusCode: 307,
			Header:     http.Header{"Location": {"https://sts.us-east-1.amazonaws.com/elsewhere"}},
		}
	}
	if response, err = client.Get(url); err != nil || response.StatusCode != 307 {
		t.Errorf("response %v, error %v", response, err)
	}
}
