package cognito

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// validEnvironment returns an environment with every field that can be combined.
func validEnvironment() Environment {
	return Environment{
		Region:         "us-east-1",
		UserPoolID:     "us-east-1_AbCdEfGhI",
		UserPoolRegion: "us-west-2",
		Issuer:         "https://issuer.example.com/us-east-1_AbCdEfGhI",
		ClientID:       "1example23456789abcdefghij",
		ClientSecret:   "1example2secret3of4fifty5characters6or7so8that9is0hidden",
		Domain:         "example.auth.us-east-1.amazoncognito.com",
		RedirectURI:    "http://localhost:8400/callback,http://[::1]:8400/,com.example.app:/cb",
		Scopes:         "openid email server/read:all",
		IdentityPoolID: "eu-west-1:01234567-89ab-cdef-0123-456789abcdef",
		RoleARN:        "arn:aws:iam::123456789012:role/path/Name+=,.@-_",
		CustomRoleARN:  "arn:aws:iam::123456789012:role/other",
		BucketName:     "Old_bucket.example-1",
		Endpoints: Endpoints{
			CognitoIDP:      "https://idp.example.com",
			CognitoIdentity: "",
			STS:             "",
			S3:              "http://127.0.0.1:9000/base",
		},
	}
}

// set sets the field with a JSON key to value.
func (e *Environment) set(t *testing.T, key, value string) {
	t.Helper()
	for _, f := range e.Settings() {
		if f.Key == key {
			*f.Value = value
			return
		}
	}
	t.Fatalf("no field %s", key)
}

func TestValidateAccepts(t *testing.T) {
	if err := validEnvironment().Validate(); err != nil {
		t.Errorf("Validate: %v", err)
	}
	if err := (Environment{}).Validate(); err != nil {
		t.Error("nothing set:", err)
	}
	for _, test := range []struct{ key, value string }{
		{"user_pool_id", "us-east-1_a"},
		{"client_id", strings.Repeat("a", 128)},
		{"client_id", "with_underscore+plus"},
		{"identity_pool_id", "us-east-1:" + strings.Repeat("a", 45)},
		{"role_arn", "arn:aws:iam:::role/no-account"},
		{"role_arn", "arn:aws:iam::123456789012:role/" + strings.Repeat("a", 2000)},
		{"bucket_name", strings.Repeat("b", 255)},
		{"aws_region", "eu-west-3"}, // the IDs give the pools' Regions
		{"user_pool_region", "us-west-2"},
		{"issuer", "https://issuer.example.com/us-east-1_AbCdEfGhI"},
		{"issuer", "http://127.0.0.1:9229/us-east-1_AbCdEfGhI"},
		{"domain", "example.auth-fips.us-gov-west-1.amazoncognito.com"},
		{"domain", "https://login.example.com/"},
		{"domain", "login.example.com/"},
		{"domain", "http://127.0.0.1:9000"},
		{"redirect_uri", "http://localhost/callback"},
		{"redirect_uri", "https://app.example.com/callback?a=b, myapp://callback"},
		{"redirect_uri", "http://127.0.0.1:65535"},
		{"redirect_uri", strings.Repeat("http://localhost:8400/callback,", 100)},
		{"scopes", strings.Repeat("a", 256) + " openid"},
		{"endpoints.sts", "https://sts.example.com:8443/a/b"},
		{"endpoints.sts", "http://localhost:9000"},
		{"endpoints.sts", "http://[::1]:9000"},
		{"endpoints.cognito_identity", "https://192.0.2.1"},
	} {
		e := validEnvironment()
		e.set(t, test.key, test.value)
		if err := e.Validate(); err != nil {
			t.Errorf("%s = %.80q: %v", test.key, test.value, err)
		}
	}
}

// The error for a field with a wrong form is one line that names the field and does not contain the
// value.
func TestValidateRefuses(t *testing.T) {
	const (
		pool     = "should look like us-east-1_AbCdEfGhI (not an ARN, not an identity pool ID)"
		client   = "should look like 1example23456789 (the ID of the app client, not its name)"
		secret   = "should look like the text that Cognito generated: letters, digits, _ and + only"
		identity = "should look like us-east-1:01234567-89ab-cdef-0123-456789abcdef (not an ARN, " +
			"not a user pool ID)"
		role   = "should look like arn:aws:iam::123456789012:role/name"
		bucket = "should look like example-bucket (the name alone, without s3://, ARN or path)"
		url    = "should look like https://host, or http://localhost:9000 for this machine: no " +
			"user name, no query"
		issuer = "should look like https://host/path, or http://localhost:9000 for this machine: " +
			"no user name, no query"
		domain = "should look like example.auth.us-east-1.amazoncognito.com (not the prefix " +
			"alone), or https://host: no path, no query"
		redirect = "should look like http://localhost:8400/callback (http on loopback only, on " +
			"a port that browsers allow; several are separated by commas)"
		scopes = "should look like openid email (openid is required; separated by spaces)"
		quotes = "has quotes or white space around it: remove them"
		fill   = "still has a placeholder, such as <your value>: replace it"
	)
	tested := map[string]bool{}
	for _, test := range []struct{ key, value, problem string }{
		{"aws_region", "Frankfurt", "should look like us-east-1"},
		{"aws_region", "us-east-1.example.com/", "should look like us-east-1"},
		{"aws_region", "your_region", "should look like us-east-1"},
		{"user_pool_region", "Frankfurt", "should look like us-east-1"},
		{"user_pool_region", "us-east-1.example.com/", "should look like us-east-1"},
		{"issuer", "issuer.example.com", issuer},
		{"issuer", "http://issuer.example.com/pool", issuer},
		{"issuer", "https://name:word@issuer.example.com", issuer},
		{"issuer", "https://issuer.example.com/pool?x=1", issuer},
		{"issuer", "https://issuer.example.com/pool#x", issuer},
		{"user_pool_id", "us-east-1:01234567-89ab-cdef-0123-456789abcdef", pool},
		{"user_pool_id", "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI",
			pool},
		{"user_pool_id", "us-east-1", pool},
		{"user_pool_id", "us-east-1_", pool},
		{"user_pool_id", "_AbCdEfGhI", pool},
		{"user_pool_id", "us-east-1_Ab_Cd", pool},
		{"user_pool_id", "us-east-1_AbCdEfGhÍ", pool},
		{"user_pool_id", "us-east-1_Ab\x00", pool},
		{"user_pool_id", "us-east-1_" + strings.Repeat("a", 46), pool},
		{"user_pool_id", "your-user-pool-id", pool},
		{"user_pool_id", "evil.example.com/_a", pool},
		{"client_id", "my web client", client},
		{"client_id", "web-client", client},
		{"client_id", strings.Repeat("a", 129), client},
		{"client_secret", "with-hyphen", secret},
		{"client_secret", "two\nlines", secret},
		{"client_secret", strings.Repeat("a", 129), secret},
		{"identity_pool_id", "us-east-1_AbCdEfGhI", identity},
		{"identity_pool_id",
			"arn:aws:cognito-identity:us-east-1:123456789012:identitypool/us-east-1:0", identity},
		{"identity_pool_id", "01234567-89ab-cdef-0123-456789abcdef", identity},
		{"identity_pool_id", "us-east-1:", identity},
		{"identity_pool_id", "us-east-1:xxxxxxxx-xxxx", identity},
		{"identity_pool_id", "us-east-1:" + strings.Repeat("a", 46), identity},
		{"role_arn", "signed-in", role},
		{"role_arn", "arn:aws:iam::123456789012:user/ada", role},
		{"role_arn", "arn:aws:iam::123456789012:role/", role},
		{"role_arn", "arn:aws:iam::account:role/name", role},
		{"role_arn", "arn:aws:iam:us-east-1:123456789012:role/name", role},
		{"role_arn", "arn:aws:sts::123456789012:assumed-role/name/session", role},
		{"role_arn", "arn::iam::123456789012:role/name", role},
		{"role_arn", "arn:aws:iam::123456789012:role/na\x1bme", role},
		{"role_arn", "arn:aws:iam::123456789012:role/" + strings.Repeat("a", 2048), role},
		{"role_arn", "arn:aws-cn:iam::123456789012:role/name",
			"is in partition aws-cn, but Region us-east-1 is in aws: correct one"},
		{"custom_role_arn", "name", role},
		{"custom_role_arn", "arn:aws-us-gov:iam::123456789012:role/name",
			"is in partition aws-us-gov, but Region us-east-1 is in aws: correct one"},
		{"bucket_name", "s3://example-bucket", bucket},
		{"bucket_name", "example-bucket/photos", bucket},
		{"bucket_name", "arn:aws:s3:::example-bucket", bucket},
		{"bucket_name", strings.Repeat("b", 256), bucket},
		{"domain", "example", domain},
		{"domain", "http://login.example.com", domain},
		{"domain", "https://login.example.com/login", domain},
		{"domain", "login.example.com?a=b", domain},
		{"domain", "https://name:word@login.example.com", domain},
		{"redirect_uri", ",", redirect},
		{"redirect_uri", "/callback", redirect},
		{"redirect_uri", "localhost:8400/callback", redirect},
		{"redirect_uri", "http://localhost:8400/,app.example.com:443/", redirect},
		{"redirect_uri", "http://example.com/callback", redirect},
		{"redirect_uri", "http://localhost:8400/#", redirect},
		{"redirect_uri", "http://localhost:8400/a b", redirect},
		{"redirect_uri", "http://name@localhost:8400/", redirect},
		{"redirect_uri", "http://localhost:0/", redirect},
		{"redirect_uri", "http://localhost:08400/", redirect},
		{"redirect_uri", "http://localhost:65536/", redirect},
		{"redirect_uri", "http://localhost:6000/", redirect},
		{"redirect_uri", "http://localhost:8400/,http://127.0.0.1:6667/", redirect},
		{"redirect_uri", "http://localhost:8400/" + strings.Repeat("a", 1024), redirect},
		{"scopes", "openid  email", scopes},
		{"scopes", "openid\temail", scopes},
		{"scopes", "openid a\"b", scopes},
		{"scopes", "openid a\\b", scopes},
		{"scopes", "email", scopes},
		{"scopes", "openid " + strings.Repeat("a", 257), scopes},
		{"endpoints.cognito_idp", "http://idp.example.com", url},
		{"endpoints.cognito_identity", "identity.example.com", url},
		{"endpoints.sts", "https://name:word@sts.example.com", url},
		{"endpoints.s3", "https://s3.example.com/?x=1", url},
		{"endpoints.s3", "https://s3.example.com/" + strings.Repeat("a", 2048), url},
		{"aws_region", " us-east-1", quotes},
		{"user_pool_id", `"us-east-1_AbCdEfGhI"`, quotes},
		{"client_id", "1example23456789abcdefghij\n", quotes},
		{"client_secret", "`secret`", quotes},
		{"identity_pool_id", "'us-east-1:0'", quotes},
		{"client_id", "<your client>", fill},
		{"identity_pool_id", "[COGNITO IDENTITY POOL ID]", fill},
		{"role_arn", "arn:aws:iam::${AWS_ACCOUNT}:role/name", fill},
		{"endpoints.s3", "{endpoint}", fill},
	} {
		tested[test.key] = true
		e := validEnvironment()
		e.set(t, test.key, test.value)
		err := e.Validate()
		want := "cognito: " + test.key + " " + test.problem
		if err == nil || err.Error() != want {
			t.Errorf("%s = %.80q:\n got %v\nwant %s", test.key, test.value, err, want)
		}
	}
	for _, f := range new(Environment).Settings() {
		if !tested[f.Key] {
			t.Errorf("no case checks %s", f.Key)
		}
	}
}

// The partition of a role must be that of the Region, unless Endpoints replace those of AWS.
func TestValidatePartition(t *testing.T) {
	const minio, china = "arn:minio:iam:us-east-1::role/dummy-internal_Zx9",
		"arn:aws-cn:iam::123456789012:role/name"
	for _, test := range []struct {
		name string
		e    Environment
		ok   bool
	}{
		{"no Region is known", Environment{RoleARN: china}, true},
		{"Region", Environment{Region: "cn-north-1", RoleARN: china}, true},
		{"Region of the user pool", Environment{
			UserPoolID: "cn-north-1_AbCdEfGhI",
			RoleARN:    china,
		}, true},
		{"another Region of the user pool", Environment{
			UserPoolID: "us-east-1_AbCdEfGhI",
			RoleARN:    china,
		}, false},
		{"Region of the role, not of the user pool", Environment{
			Region:     "cn-north-1",
			UserPoolID: "us-east-1_AbCdEfGhI",
			RoleARN:    china,
		}, true},
		{"Region of the identity pool", Environment{
			IdentityPoolID: "us-east-1:0",
			CustomRoleARN:  china,
		}, false},
		{"other server without its endpoint", Environment{
			Region:  "us-east-1",
			RoleARN: minio,
		}, false},
		{"other STS", Environment{
			Region:    "us-east-1",
			RoleARN:   minio,
			Endpoints: Endpoints{STS: "http://localhost:9000"},
		}, true},
		{"other identity pools", Environment{
			Region:        "us-east-1",
			CustomRoleARN: minio,
			Endpoints:     Endpoints{CognitoIdentity: "http://localhost:9000"},
		}, true},
		{"Region of another server", Environment{
			Region:    "RegionOne",
			Endpoints: Endpoints{S3: "http://localhost:9000"},
		}, true},
		{"Region of another server, also in the ARN", Environment{
			Region:    "zg_publicru",
			RoleARN:   "arn:minio:iam:zg_publicru::role/name",
			Endpoints: Endpoints{STS: "http://localhost:9000"},
		}, true},
		{"Region of no server", Environment{
			Region:    "a/b",
			Endpoints: Endpoints{S3: "http://localhost:9000"},
		}, false},
		{"Region of another server without its endpoint", Environment{Region: "RegionOne"}, false},
		{"other S3 only", Environment{
			Region:    "us-east-1",
			RoleARN:   minio,
			Endpoints: Endpoints{S3: "http://localhost:9000"},
		}, false},
		{"no Region, only what looks like one", Environment{Region: "US", RoleARN: china}, false},
	} {
		if err := test.e.Validate(); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Validate reports all wrong settings in the order of the fields, without anything that may be a
// secret.
func TestValidateReportsAll(t *testing.T) {
	e := Environment{}
	var want []string
	for _, f := range e.Settings() {
		*f.Value = "SECRET in the wrong place"
		want = append(want, f.Key)
	}
	for range 20 {
		err := e.Validate()
		if err == nil {
			t.Fatal("no error")
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(want) {
			t.Fatalf("%d lines for %d fields:\n%v", len(lines), len(want), err)
		}
		for i, line := range lines {
			if !strings.HasPrefix(line, "cognito: "+want[i]+" should look like ") ||
				strings.Contains(line, "SECRET") {
				t.Errorf("line %d: %s, want it to be about %s", i, line, want[i])
			}
		}
	}
}

func TestRequire(t *testing.T) {
	all := validEnvironment()
	all.Endpoints = Endpoints{"https://a", "https://b", "https://c", "https://d"}
	for _, f := range all.Settings() {
		if err := all.require(f.Key); err != nil {
			t.Errorf("%s is set: %v", f.Key, err)
		}
		err := (Environment{}).require(f.Key)
		if err == nil || err.Error() != "cognito: the environment lacks "+f.Key+
			": ask the administrator of the pools" {
			t.Errorf("%s is not set: %v", f.Key, err)
		}
	}
	err := Environment{ClientID: "a"}.require("identity_pool_id", "client_id", "user_pool_id")
	if err == nil || !strings.Contains(err.Error(), "lacks user_pool_id and identity_pool_id:") {
		t.Errorf("require: %v", err)
	}
	if err := (Environment{}).require(); err != nil {
		t.Error("nothing is required:", err)
	}
}

func TestRegions(t *testing.T) {
	const pool, identity = "us-east-1_AbCdEfGhI", "eu-west-1:0"
	for _, test := range []struct {
		e                           Environment
		aws, userPool, identityPool string
	}{
		{Environment{}, "", "", ""},
		{Environment{Region: "ap-south-1"}, "ap-south-1", "ap-south-1", "ap-south-1"},
		{Environment{UserPoolID: pool}, "us-east-1", "us-east-1", ""},
		{Environment{IdentityPoolID: identity}, "eu-west-1", "", "eu-west-1"},
		{Environment{
			UserPoolID:     pool,
			IdentityPoolID: identity,
		}, "us-east-1", "us-east-1", "eu-west-1"},
		{Environment{
			Region:         "ap-south-1",
			UserPoolID:     pool,
			IdentityPoolID: identity,
		}, "ap-south-1", "us-east-1", "eu-west-1"},
		{Environment{
			Region:         "ap-south-1",
			UserPoolID:     identity,
			IdentityPoolID: pool,
		}, "ap-south-1", "ap-south-1", "ap-south-1"},
		{Environment{
			UserPoolID:     pool,
			UserPoolRegion: "us-west-2",
		}, "us-east-1", "us-west-2", ""},
		{Environment{
			Region:         "ap-south-1",
			UserPoolID:     pool,
			UserPoolRegion: "us-west-2",
			IdentityPoolID: identity,
		}, "ap-south-1", "us-west-2", "eu-west-1"},
	} {
		if got := test.e.ResolveRegion(); got != test.aws {
			t.Errorf("%+v: ResolveRegion is %q, want %q", test.e, got, test.aws)
		}
		if got := test.e.userPoolRegion(); got != test.userPool {
			t.Errorf("%+v: userPoolRegion is %q, want %q", test.e, got, test.userPool)
		}
		if got := test.e.identityPoolRegion(); got != test.identityPool {
			t.Errorf("%+v: identityPoolRegion is %q, want %q", test.e, got, test.identityPool)
		}
	}
}

// Each way to sign in names the settings that it lacks, and sends nothing.
func TestMissingSettings(t *testing.T) {
	client, sent := fakehttp.Canned(200, "{}")
	c := &Client{HTTPClient: client}
	for want, call := range map[string]func() error{
		"user_pool_id and client_id: SignIn": func() error {
			_, err := c.SignIn(t.Context(), "ada", "password")
			return err
		},
		"user_pool_id and client_id: Resume": func() error {
			_, err := c.Resume(t.Context(), nil)
			return err
		},
		"user_pool_id and client_id: ResumeChallenge": func() error {
			_, err := c.ResumeChallenge(nil)
			return err
		},
		"user_pool_id and client_id: UserPool": func() error {
			_, err := c.UserPool()
			return err
		},
		"user_pool_id and client_id: VerifyIDToken": func() error {
			_, err := c.VerifyIDToken(t.Context(), "")
			return err
		},
		"user_pool_id and client_id: VerifyAccessToken": func() error {
			_, err := c.VerifyAccessToken(t.Context(), "")
			return err
		},
		"user_pool_id and client_id and domain and redirect_uri: StartBrowser": func() error {
			_, err := c.StartBrowser(t.Context(), BrowserLogin{})
			return err
		},
		"client_id and client_secret and domain: ClientCredentials": func() error {
			_, err := c.ClientCredentials(t.Context(), "")
			return err
		},
		"client_id and domain: LogoutURL": func() error {
			_, err := c.LogoutURL("https://example.com")
			return err
		},
		"identity_pool_id: Guest": func() error {
			_, err := c.Guest()
			return err
		},
		"identity_pool_id: Federate": func() error {
			_, err := c.Federate(Federation{Provider: "accounts.google.com"})
			return err
		},
	} {
		missing, name, _ := strings.Cut(want, ": ")
		err := call()
		if err == nil || !strings.Contains(err.Error(), "lacks "+missing+":") || *sent != 0 {
			t.Errorf("%s: %v after %d requests, want that the environment lacks %s", name, err,
				*sent, missing)
		}
	}
}
