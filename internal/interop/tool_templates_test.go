package interop

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito/environments"
)

// templates is the directory of the templates for administrators.
const templates = "../../docs/administrator/"

// motoWithRoles starts moto_server behind a proxy, which answers the operations of identity pool
// roles that moto lacks. It returns the URL of the proxy, and the roles of each identity pool.
func motoWithRoles(t *testing.T) (address string, roles *sync.Map) {
	t.Helper()
	var moto struct{ URL string }
	serve(t, python(t, "testdata/python/moto_server.py"),
		map[string]any{"user": "ada", "password": "correct-Horse-7-battery", "keys": []string{}},
		&moto)
	to, err := url.Parse(moto.URL)
	if err != nil {
		t.Fatal(err)
	}
	roles = new(sync.Map)
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if operation != "SetIdentityPoolRoles" && operation != "GetIdentityPoolRoles" {
			proxy.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		var pool struct{ IdentityPoolId string }
		json.Unmarshal(body, &pool)
		if operation == "SetIdentityPoolRoles" {
			roles.Store(pool.IdentityPoolId, body)
			body = []byte("{}")
		} else if set, ok := roles.Load(pool.IdentityPoolId); ok {
			body = set.([]byte)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	return server.URL, roles
}

// terraform returns a function that runs Terraform in dir. The provider comes from a directory of
// this machine that has it, or else from Terraform's registry.
func terraform(t *testing.T, dir string) func(args ...string) string {
	t.Helper()
	program := tool(t, "terraform")
	env := environment(t, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0")
	do := func(args ...string) string {
		t.Helper()
		r := run(t, env, "", append([]string{program, "-chdir=" + dir}, args...)...)
		if r.status != 0 {
			t.Fatalf("terraform %s: exit status %d\n%s%s", args[0], r.status, r.stdout, r.stderr)
		}
		return r.stdout
	}
	initialize := []string{"init", "-no-color"}
	if plugins, err := os.ReadFile(filepath.Join(toolsDir(t), "stamp", "terraform")); err == nil {
		initialize = append(initialize, "-plugin-dir="+strings.TrimSpace(string(plugins)))
	}
	do(initialize...)
	return do
}

// awsAt returns a function that runs the AWS CLI with moto and decodes its output.
func awsAt(t *testing.T, address string) func(into any, args ...string) {
	t.Helper()
	env := environment(t, "AWS_ENDPOINT_URL="+address, "AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test")
	return func(into any, args ...string) {
		t.Helper()
		r := run(t, env, "", append(python(t, "-m", "awscli"), args...)...)
		if r.status != 0 {
			t.Fatalf("aws %s: exit status %d\n%s", strings.Join(args, " "), r.status, r.stderr)
		}
		if err := json.Unmarshal([]byte(r.stdout), into); err != nil && into != nil {
			t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, r.stdout)
		}
	}
}

// TestTemplates checks that Terraform and moto's CloudFormation accept the templates, that
// "cognito configure -from" reads their outputs, and that both create the same settings.
//
// It does not check that AWS accepts them: moto ignores some settings, and evaluates no policy.
func TestTemplates(t *testing.T) {
	t.Parallel()
	address, roles := motoWithRoles(t)
	m := bareToolMachine(t, buildTool(t))
	dir := filepath.Dir(m.write(t, "terraform/provider.tf", `provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  max_retries                 = 1
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    cognitoidp      = "`+address+`"
    cognitoidentity = "`+address+`"
    iam             = "`+address+`"
    sts             = "`+address+`"
  }
}
`, 0o600))
	text, err := os.ReadFile(templates + "cognito.tf")
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, "terraform/cognito.tf", string(text), 0o600)
	tf := terraform(t, dir)
	tf("fmt", "-check", "cognito.tf")
	tf("validate", "-no-color")
	aws := awsAt(t, address)

	for _, test := range []struct {
		name, prefix, classic string
	}{
		{"plain", "", "false"},
		{"browser-classic", "example", "true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tf("apply", "-auto-approve", "-no-color", "-var", "bucket_name=example-bucket",
				"-var", "domain_prefix="+test.prefix, "-var", "classic_flow="+test.classic)
			stack := "cfn-" + test.name
			aws(nil, "cloudformation", "create-stack", "--stack-name", stack,
				"--template-body", "file://"+templates+"cognito.yaml",
				"--capabilities", "CAPABILITY_IAM", "--parameters",
				"ParameterKey=BucketName,ParameterValue=example-bucket",
				"ParameterKey=DomainPrefix,ParameterValue="+test.prefix,
				"ParameterKey=ClassicFlow,ParameterValue="+test.classic)
			var described json.RawMessage
			aws(&described, "cloudformation", "describe-stacks", "--stack-name", stack)

			var deployed []map[string]any
			for _, source := range []string{tf("output", "-json"), string(described)} {
				config := filepath.Join(m.dir, stack+".json")
				os.Remove(config)
				m.must(t, source, "configure", "-config", config, "-from", "-")
				data, err := os.ReadFile(config)
				if err != nil {
					t.Fatal(err)
				}
				all, err := environments.Parse(data)
				if err != nil {
					t.Fatal(err)
				}
				e := all[environments.Default]
				if e.IdentityPoolID == "" || e.BucketName != "example-bucket" ||
					e.Region != region || (e.RoleARN != "") != (test.classic == "true") {
					t.Errorf("configure wrote %s", data)
				}
				if test.prefix != "" && (e.Domain != "example.auth.us-east-1.amazoncognito.com" ||
					strings.Count(e.RedirectURI, "http://localhost:840") != 3 ||
					e.Scopes != "openid") {
					t.Errorf("configure wrote no settings for a browser: %s", data)
				}
				deployed = append(deployed, deployment(t, aws, e.UserPoolID, e.ClientID,
					e.IdentityPoolID))
			}
			if diff := cmp.Diff(deployed[0], deployed[1]); diff != "" {
				t.Errorf("settings (-Terraform +CloudFormation):\n%s", diff)
			}
		})
	}
	count := 0
	roles.Range(func(_, set any) bool {
		count++
		if !bytes.Contains(set.([]byte), []byte(`"authenticated":"arn:aws:iam::`)) {
			t.Errorf("SetIdentityPoolRoles has %s, want an authenticated role", set)
		}
		return true
	})
	if count == 0 {
		t.Error("SetIdentityPoolRoles was not called")
	}
}

// deployment returns the settings of a deployment that do not depend on its names.
func deployment(t *testing.T, aws func(any, ...string), pool, client, identity string,
) map[string]any {
	t.Helper()
	var p struct{ UserPool map[string]any }
	aws(&p, "cognito-idp", "describe-user-pool", "--user-pool-id", pool)
	var c struct{ UserPoolClient map[string]any }
	aws(&c, "cognito-idp", "describe-user-pool-client", "--user-pool-id", pool, "--client-id",
		client)
	var i map[string]any
	aws(&i, "cognito-identity", "describe-identity-pool", "--identity-pool-id", identity)
	found := make(map[string]any)
	for key, from := range map[string]map[string]any{
		"Policies":                        p.UserPool,
		"UsernameConfiguration":           p.UserPool,
		"DeletionProtection":              p.UserPool,
		"ExplicitAuthFlows":               c.UserPoolClient,
		"PreventUserExistenceErrors":      c.UserPoolClient,
		"EnableTokenRevocation":           c.UserPoolClient,
		"RefreshTokenValidity":            c.UserPoolClient,
		"TokenValidityUnits":              c.UserPoolClient,
		"CallbackURLs":                    c.UserPoolClient,
		"LogoutURLs":                      c.UserPoolClient,
		"AllowedOAuthFlows":               c.UserPoolClient,
		"AllowedOAuthScopes":              c.UserPoolClient,
		"AllowedOAuthFlowsUserPoolClient": c.UserPoolClient,
		"SupportedIdentityProviders":      c.UserPoolClient,
		"AllowUnauthenticatedIdentities":  i,
		"AllowClassicFlow":                i,
	} {
		found[key] = from[key]
	}
	return found
}
