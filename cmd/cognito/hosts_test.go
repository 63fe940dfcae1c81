package main

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

func TestCustomHosts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		service, host string
		aws           bool
	}{
		{"cognito-idp", "cognito-idp.eu-west-1.amazonaws.com", true},
		{"cognito-idp", "Cognito-IDP.eu-west-1.amazonaws.com", true},
		{"cognito-idp", "cognito-idp-fips.us-east-1.amazonaws.com", true},
		{"cognito-idp", "issuer-cognito-idp.eu-west-1.amazonaws.com", true},
		{"cognito-identity", "cognito-identity.us-east-1.amazonaws.com", true},
		{"sts", "sts.us-east-1.amazonaws.com", true},
		{"s3", "s3.us-east-1.amazonaws.com", true},
		{"cognito-idp", "127.0.0.1", false},
		{"cognito-idp", "localhost", false},
		{"cognito-idp", "cognito-idp.eu-west-1.amazonaws.com.example.net", false},
		{"cognito-idp", "cognito-idp.eu-west-1.evil.amazonaws.com", false},
		{"cognito-idp", "evil.execute-api.eu-west-1.amazonaws.com", false},
		{"cognito-idp", "cognito-idp-1.eu-west-1.elb.amazonaws.com", false},
		{"cognito-idp", "ec2-203-0-113-1.compute-1.amazonaws.com", false},
		{"cognito-idp", "sts.us-east-1.amazonaws.com", false},
		{"s3", "evil.s3.us-east-1.amazonaws.com", false},
		{"s3", "sts.s3.us-east-1.amazonaws.com", false},
		{"managed login", "example.auth.us-east-1.amazoncognito.com", true},
		{"managed login", "example.auth-fips.us-gov-west-1.amazoncognito.com", true},
		{"managed login", "login.example.com", false},
		{"managed login", "example.auth.us-east-1.amazoncognito.com.example.net", false},
		{"managed login", "a.auth.b.c.amazoncognito.com", false},
	} {
		if got := ofAWS(test.service, test.host); got != test.aws {
			t.Errorf("ofAWS(%s, %s) = %t, want %t", test.service, test.host, got, test.aws)
		}
	}
	got := customHosts(cognito.Environment{
		Issuer: "https://idp.example.com/pool",
		Domain: "login.example.com",
		Endpoints: cognito.Endpoints{
			CognitoIDP: "https://idp.example.com",
			STS:        "http://127.0.0.1:9400",
			S3:         "https://s3.eu-west-1.amazonaws.com",
		},
	})
	want := []string{"https://idp.example.com (issuer, endpoints.cognito_idp)",
		"https://login.example.com (domain)",
		"http://127.0.0.1:9400 (endpoints.sts)"}
	if !slices.Equal(got, want) {
		t.Errorf("customHosts = %q, want %q", got, want)
	}
}

// Every setting with a URL is one that customHosts knows.
func TestCustomHostsKnowsSettings(t *testing.T) {
	t.Parallel()
	var e cognito.Environment
	for _, s := range e.Settings() {
		*s.Value = "https://host.example"
		if u, _ := url.Parse(*s.Value); e.Validate() == nil && customHosts(e) == nil &&
			s.Key != "redirect_uri" { // it receives only a code
			t.Errorf("%s may be %s, but is not shown", s.Key, u)
		}
		*s.Value = ""
	}
}

func TestConfigureAsksForHosts(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"issuer", "cognito_idp", "cognito_identity", "sts", "s3"} {
		setting := `"endpoints": {"` + key + `": "https://evil.example"}`
		if key == "issuer" {
			setting = `"issuer": "https://evil.example"`
		}
		for _, existing := range []bool{false, true} {
			m := blank(t)
			plain := m.write(t, "plain",
				fill(`{"DEV": {"user_pool_id": "POOL", "client_id": "CLIENT"}}`))
			if existing {
				m.must(t, "", "configure", "-from", plain)
			}
			file := m.write(t, "from", fill(
				`{"DEV": {"user_pool_id": "POOL", "client_id": "CLIENT", `+setting+`}}`))
			code, _, stderr := m.run(t, "", "configure", "-from", file)
			if code != exitUsage || !strings.Contains(stderr, "https://evil.example ("+
				strings.TrimPrefix("endpoints."+key, "endpoints.issuer")) ||
				!strings.Contains(stderr, "-force") {
				t.Errorf("%s, existing %t: exit %d, %s", key, existing, code, stderr)
			}
			if existing && customHosts(m.configuration(t)["DEV"]) != nil {
				t.Errorf("%s: the host was stored", key)
			}
			m.must(t, "", "configure", "-from", file, "-force")
			m.must(t, "", "configure", "-from", file) // nothing is new
			if code, _, stderr := m.run(t, "", "configure", "-from", m.write(t, "other",
				fill(strings.ReplaceAll(`{"DEV": {"user_pool_id": "POOL", "client_id": "CLIENT", `+
					setting+`}}`, "evil", "worse")))); code != exitUsage {
				t.Errorf("%s changed: exit %d, %s", key, code, stderr)
			}
		}
	}
	m := blank(t) // AWS's own host needs no agreement
	m.must(t, fill(`{"DEV": {"user_pool_id": "POOL", "client_id": "CLIENT", "endpoints":
		{"sts": "https://sts.us-east-1.amazonaws.com"}}}`), "configure", "-from", "-")
}

func TestCommandsNameHosts(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	want := m.url + " (endpoints.cognito_idp, "
	_, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada")
	if !strings.Contains(stderr, want) {
		t.Errorf("login: %s", stderr)
	}
	for _, args := range [][]string{{"whoami"}, {"whoami", "-json"}, {"doctor"}} {
		if out := m.must(t, "", args...); !strings.Contains(out, want) {
			t.Errorf("%s: %s", args, out)
		}
	}
}
