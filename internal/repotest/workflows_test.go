package repotest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWorkflows checks that GitHub's workflows name actions by commit, grant permissions per job,
// keep no credentials in the clone, and test the oldest version of Go that go.mod allows.
func TestWorkflows(t *testing.T) {
	paths, err := filepath.Glob(".github/workflows/*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("Glob() = %q, %v, want workflows", paths, err)
	}
	use := regexp.MustCompile(`\buses: (.*)`)
	pin := regexp.MustCompile(`^actions/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$`)
	all := ""
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		all += text
		for _, action := range use.FindAllStringSubmatch(text, -1) {
			if !pin.MatchString(action[1]) {
				t.Errorf("%s: uses: %s, want actions/NAME@COMMIT # VERSION", path, action[1])
			}
		}
		if !strings.Contains(text, "\npermissions: {}\n") &&
			!strings.Contains(text, "\npermissions:\n  contents: read\n\n") {
			t.Errorf("%s grants more than contents: read to every job", path)
		}
		if strings.Count(text, "actions/checkout@") !=
			strings.Count(text, "persist-credentials: false") {
			t.Errorf("%s: a checkout keeps its credentials", path)
		}
	}
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^go \S+$`).FindString(string(data))
	matrix := `go: ["` + strings.TrimPrefix(line, "go ") + `.0", "stable"]`
	if !strings.Contains(all, matrix) {
		t.Errorf("no workflow has %s, the Go of go.mod and the newest", matrix)
	}
}
