package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/environments"
)

// templates is the directory of the templates for administrators.
const templates = "../../docs/administrator/"

// motoWithRoles starts moto_server behind a proxy, which answers the operations of identity pool
// roles that moto lacks. It returns the URL of the proxy, and the last requests that set an
// identity pool (key "pool") and its roles (key: the ID of the pool).
func motoWithRoles(t *testing.T) (address string, sent *sync.Map) {
	t.Helper()
	var moto struct{ URL string }
	serve(t, python(t, "testdata/python/moto_server.py"),
		map[string]any{"user": "ada", "password": "correct-Horse-7-battery", "keys": []string{}},
		&moto)
	to, err := url.Parse(moto.URL)
	if err != nil {
		t.Fatal(err)
	}
	sent = new(sync.Map)
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		body, _ := io.ReadAll(r.Body)
		var pool struct{ IdentityPoolId string }
		json.Unmarshal(body, &pool)
		switch operation {
		case "SetIdentityPoolRoles":
			sent.Store(pool.IdentityPoolId, body)
			body = []byte("{}")
		case "GetIdentityPoolRoles":
			if set, ok := sent.Load(pool.IdentityPoolId); ok {
				body = set.([]byte)
			}
		case "CreateIdentityPool", "UpdateIdentityPool":
			sent.Store("pool", body)
			fallthrough
		default:
			r.Body = io.NopCloser(bytes.NewReader(body))
			proxy.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	return server.URL, sent
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

// TestTemplates checks that Terraform creates what its template describes, at moto; that cfn-lint
// accepts the template of CloudFormation; that both describe the same settings; and that "cognito
// configure -from" reads their outputs.
//
// It does not check that AWS accepts them. moto has no resources of Cognito in CloudFormation, so
// stack.py resolves that template.
func TestTemplates(t *testing.T) {
	t.Parallel()
	address, sent := motoWithRoles(t)
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
	lint := run(t, environment(t), "",
		python(t, "-c", "from cfnlint.runner import main; main()", templates+"cognito.yaml")...)
	if lint.status != 0 {
		t.Errorf("cfn-lint: exit status %d\n%s%s", lint.status, lint.stdout, lint.stderr)
	}
	for _, test := range []struct {
		name, prefix, classic string
		want                  cognito.Environment
	}{
		{"plain", "", "false", cognito.Environment{}},
		{"browser, classic", "example", "true", cognito.Environment{
			Domain: "example.auth.us-east-1.amazoncognito.com",
			RedirectURI: "http://localhost:8400/callback,http://localhost:8401/callback," +
				"http://localhost:8402/callback",
			Scopes: "openid",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tf("apply", "-auto-approve", "-no-color", "-var", "bucket_name=example-bucket",
				"-var", "domain_prefix="+test.prefix, "-var", "classic_flow="+test.classic)
			got := configured(t, m, tf("output", "-json"))
			var role struct {
				Roles struct{ Authenticated string }
			}
			if set, ok := sent.Load(got.IdentityPoolID); !ok ||
				json.Unmarshal(set.([]byte), &role) != nil || role.Roles.Authenticated == "" {
				t.Fatalf("SetIdentityPoolRoles: %s, want an authenticated role", set)
			}
			want := test.want
			want.Region, want.BucketName = region, "example-bucket"
			want.UserPoolID, want.ClientID = got.UserPoolID, got.ClientID
			want.IdentityPoolID = got.IdentityPoolID
			if test.classic == "true" {
				want.RoleARN = role.Roles.Authenticated
			}
			if got != want || got.UserPoolID == "" || got.IdentityPoolID == "" {
				t.Errorf("Terraform: %#v, want %#v", settingsOf(got), settingsOf(want))
			}

			parameters, err := json.Marshal(map[string]any{
				"template": templates + "cognito.yaml",
				"parameters": map[string]string{
					"BucketName":   "example-bucket",
					"DomainPrefix": test.prefix,
					"ClassicFlow":  test.classic,
				},
				"references": map[string]string{
					"AWS::Partition":        "aws",
					"AWS::Region":           region,
					"AWS::StackName":        "cognito-cli",
					"IdentityPool":          got.IdentityPoolID,
					"UserPool":              got.UserPoolID,
					"UserPool.ProviderName": "cognito-idp.us-east-1.amazonaws.com/" + got.UserPoolID,
					"UserPoolClient":        got.ClientID,
					"UserRole.Arn":          role.Roles.Authenticated,
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			r := run(t, environment(t), string(parameters),
				python(t, "testdata/python/stack.py")...)
			var resolved struct {
				Stacks    json.RawMessage
				Resources map[string]map[string]any
			}
			if err := json.Unmarshal([]byte(r.stdout), &resolved); err != nil {
				t.Fatalf("stack.py: %v\n%s", err, r.stderr)
			}
			if got := configured(t, m, string(resolved.Stacks)); got != want {
				t.Errorf("CloudFormation: %#v, want %#v", settingsOf(got), settingsOf(want))
			}
			var documented any
			policy := strings.ReplaceAll(documentedPolicy(t),
				"us-east-1:01234567-89ab-cdef-0123-456789abcdef", got.IdentityPoolID)
			if err := json.Unmarshal([]byte(policy), &documented); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(documented,
				resolved.Resources["UserRole"]["AssumeRolePolicyDocument"]); diff != "" {
				t.Errorf("trust policy (-administrator.md +cognito.yaml):\n%s", diff)
			}
			pool, _ := sent.Load("pool") // moto does not describe all of it
			var request map[string]any
			if err := json.Unmarshal(pool.([]byte), &request); err != nil {
				t.Fatal(err)
			}
			sameSettings(t, "IdentityPool", resolved.Resources["IdentityPool"], request)
			compareSettings(t, address, got, role.Roles.Authenticated, resolved.Resources)
		})
	}
}

// configured returns the environment that "cognito configure -from" writes for the outputs of a
// deployment.
func configured(t *testing.T, m *toolMachine, outputs string) cognito.Environment {
	t.Helper()
	config := filepath.Join(m.dir, "config.json")
	os.Remove(config)
	m.must(t, outputs, "configure", "-config", config, "-from", "-")
	all, err := environments.Parse([]byte(m.read(t, "config.json")))
	if err != nil {
		t.Fatal(err)
	}
	return all[environments.Default]
}

// documentedPolicy returns the trust policy in docs/administrator.md.
func documentedPolicy(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(templates + "../administrator.md")
	if err != nil {
		t.Fatal(err)
	}
	_, policy, _ := strings.Cut(string(data), "```json\n")
	policy, _, _ = strings.Cut(policy, "```")
	return policy
}

// settingsOf returns the settings of an environment, which redacts itself.
func settingsOf(e cognito.Environment) (all []string) {
	for _, s := range e.Settings() {
		all = append(all, s.Key+"="+*s.Value)
	}
	return all
}

// compareSettings compares the properties of the stack's resources with those that moto describes.
func compareSettings(t *testing.T, address string, e cognito.Environment, role string,
	resources map[string]map[string]any) {
	t.Helper()
	env := environment(t, "AWS_ENDPOINT_URL="+address, "AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test")
	_, name, _ := strings.Cut(role, ":role/")
	for _, test := range []struct {
		resource, key string // of the output
		command       []string
		without       []string // properties that moto does not describe in this form
	}{
		{
			"UserPool", "UserPool",
			[]string{"cognito-idp", "describe-user-pool", "--user-pool-id", e.UserPoolID},
			[]string{"EnabledMfas", "Policies", "UserPoolName"},
		},
		{
			"UserPoolClient", "UserPoolClient",
			[]string{"cognito-idp", "describe-user-pool-client", "--user-pool-id", e.UserPoolID,
				"--client-id", e.ClientID},
			[]string{"GenerateSecret"},
		},
		{
			"UserRole", "Role",
			[]string{"iam", "get-role", "--role-name", name},
			[]string{"Policies"},
		},
	} {
		r := run(t, env, "", append(python(t, "-m", "awscli"), test.command...)...)
		var output map[string]map[string]any
		if err := json.Unmarshal([]byte(r.stdout), &output); err != nil {
			t.Fatalf("aws %s: %v, %s", test.command, err, r.stderr)
		}
		sameSettings(t, test.resource, resources[test.resource], output[test.key], test.without...)
	}
}

// sameSettings compares the properties of a resource with settings that Terraform made.
func sameSettings(t *testing.T, resource string, properties, settings map[string]any,
	without ...string) {
	t.Helper()
	sorted := cmpopts.SortSlices(func(a, b any) bool { return fmt.Sprint(a) < fmt.Sprint(b) })
	for key, want := range properties {
		if slices.Contains(without, key) {
			continue
		}
		if diff := cmp.Diff(want, settings[key], sorted); diff != "" {
			t.Errorf("%s.%s (-CloudFormation +Terraform):\n%s", resource, key, diff)
		}
	}
}
