package interop

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// TestToolReadme runs the commands in cmd/cognito/README.md in order, starting with the build of
// the program, against a stand-in for AWS.
func TestToolReadme(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "cmd/cognito/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	var workflow string
	for i, part := range strings.Split(string(page), "```") {
		if script, ok := strings.CutPrefix(part, "sh\n"); ok && i%2 == 1 {
			blocks = append(blocks, script)
		} else if text, ok := strings.CutPrefix(part, "yaml\n"); ok && i%2 == 1 {
			workflow = text
		}
	}
	if len(blocks) < 8 || !strings.Contains(blocks[0], "go build") ||
		!strings.Contains(blocks[1], "emulate --") || strings.Count(blocks[2], "\n") != 3 {
		t.Fatalf("the README has %d blocks, want at least 8: the first with go build, the second "+
			"with emulate, the third with three commands", len(blocks))
	}

	home := t.TempDir()
	build := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c",
		strings.ReplaceAll(blocks[0], "~", "$PLACE"))
	build.Dir, build.Env = root, append(os.Environ(), "PLACE="+home)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m := newToolMachine(t, filepath.Join(home, "bin/cognito"), 0, 0)
	env := environment(t, "HOME="+home,
		"PATH="+filepath.Join(m.dir, "bin")+":"+os.Getenv("PATH"),
		"AWS_ENDPOINT_URL="+m.url,
		"AWS_CONFIG_FILE="+filepath.Join(home, ".aws/config"),
		"AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(home, ".aws/credentials"))
	work := t.TempDir()
	// The format is packages/client-config/.../schema_v1.4.json of aws-amplify/amplify-backend.
	outputs, err := json.Marshal(map[string]any{
		"version": "1.4",
		"auth": map[string]any{
			"aws_region":          region,
			"user_pool_id":        cognitotest.ExampleUserPoolID,
			"user_pool_client_id": cognitotest.ExampleClientID,
			"identity_pool_id":    cognitotest.ExampleIdentityPoolID,
		},
		"storage": map[string]any{"aws_region": region, "bucket_name": toolBucket},
	})
	if err != nil {
		t.Fatal(err)
	}
	pool := cognitotest.ExampleIdentityPoolID
	for name, text := range map[string]string{
		"cognito.json":         `{"CI": {"identity_pool_id": "` + pool + `"}}`,
		"token.jwt":            actionsToken(t, m.url) + "\n",
		"amplify_outputs.json": string(outputs),
		"password.txt":         cognitotest.ExamplePassword + "\n",
	} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bucket := "s3://" + toolBucket
	for i, script := range blocks[1:] {
		before := toolFiles(t, home)
		// In the first two of these blocks, cognito login reads the password.
		r := run(t, env, cognitotest.ExamplePassword+"\n", "bash", "-euo", "pipefail", "-c",
			"cd '"+work+"'\n"+script)
		if r.status != 0 {
			t.Fatalf("exit status %d, want 0:\n%s%s", r.status, script, r.stderr)
		}
		if strings.Contains(script, bucket) && !strings.Contains(r.stdout, "hello.txt\n") {
			t.Errorf("block %d printed %q, want hello.txt:\n%s", i+1, r.stdout, script)
		}
		if strings.Contains(script, "-no-store") && !equalFiles(before, toolFiles(t, home)) {
			t.Errorf("a command with -no-store changed files")
		}
	}

	// The steps of the workflow run in a job with the permission id-token: write.
	env = append(env, "COGNITO_CONFIG=cognito.json",
		"ACTIONS_ID_TOKEN_REQUEST_URL="+m.url+"/idtoken?api-version=2.0",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN="+cognitotest.ExampleActionsToken)
	before, steps := toolFiles(t, home), 0
	for line := range strings.Lines(workflow) {
		script, ok := strings.CutPrefix(strings.TrimSpace(line), "- run: ")
		if !ok {
			continue
		}
		steps++
		r := run(t, env, "", "bash", "-euo", "pipefail", "-c", "cd '"+work+"'\n"+script)
		if r.status != 0 || !strings.Contains(r.stdout, "hello.txt\n") {
			t.Errorf("exit status %d, %q, want 0 and hello.txt:\n%s%s", r.status, r.stdout, script,
				r.stderr)
		}
	}
	if steps == 0 || !strings.Contains(workflow, "COGNITO_CONFIG: cognito.json\n") ||
		!equalFiles(before, toolFiles(t, home)) {
		t.Errorf("the workflow has %d steps, or changes files:\n%s", steps, workflow)
	}

	// The README lists every file that the tool writes. None holds the password, and only the user
	// may read them.
	for path, data := range toolFiles(t, home) {
		if bytes.Contains(data, []byte(cognitotest.ExamplePassword)) {
			t.Errorf("%s contains the password", path)
		}
		name := "~/" + filepath.Dir(path) + "/*" + filepath.Ext(path)
		if !strings.Contains(string(page), "| `"+name+"` |") &&
			!strings.Contains(string(page), "| `~/"+path+"` |") {
			t.Errorf("the README does not list ~/%s", path)
		}
		for _, p := range []string{path, filepath.Dir(path)} {
			if info, err := os.Stat(filepath.Join(home, p)); err != nil ||
				info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v, %v, want access for the user only", p, info.Mode(), err)
			}
		}
	}
}

// actionsToken returns the ID token of a GitHub Actions job, from the stand-in.
func actionsToken(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		url+"/idtoken?audience=cognito-identity.amazonaws.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+cognitotest.ExampleActionsToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var out struct{ Value string }
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil || out.Value == "" {
		t.Fatalf("%s: %v", response.Status, err)
	}
	return out.Value
}

// toolFiles returns the files that the tool has written to a home directory.
func toolFiles(t *testing.T, home string) map[string][]byte {
	t.Helper()
	found := make(map[string][]byte)
	err := fs.WalkDir(os.DirFS(home), ".", func(path string, entry fs.DirEntry, err error) error {
		// bin holds the program, and .aws/cli is a cache of the AWS CLI.
		if err == nil && path == "bin" || path == ".aws/cli" {
			return fs.SkipDir
		}
		if err == nil && !entry.IsDir() {
			found[path], err = os.ReadFile(filepath.Join(home, path))
		}
		return err
	})
	if err != nil || len(found) > 100 {
		t.Fatal(len(found), err)
	}
	return found
}

// equalFiles reports whether two results of toolFiles are equal.
func equalFiles(a, b map[string][]byte) bool {
	for path := range a {
		if !bytes.Equal(a[path], b[path]) {
			return false
		}
	}
	return len(a) == len(b)
}
