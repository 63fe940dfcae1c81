package repotest

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestInstallsArePinned checks that internal/interop installs exact versions of packages, without
// running their scripts or building them from source.
func TestInstallsArePinned(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("internal/interop/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}

	script := read("install.sh")
	for _, tool := range []string{"go_tool versitygw", "go_tool minio", "go_tool gofakes3",
		"go_tool staticcheck"} {
		line := regexp.MustCompile(`(?m)\b` + tool + ` \S+ v[0-9][0-9A-Za-z.-]+\b`)
		if !line.MatchString(script) {
			t.Errorf("install.sh has no pinned version for %s", tool)
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(script, "\\\n", " ")) {
		npm := regexp.MustCompile(`\bnpm (install|ci|i|add|exec)\b|\bnpx\b`).FindString(line)
		if npm != "" && (npm != "npm ci" || !strings.Contains(line, "--ignore-scripts")) {
			t.Errorf("install.sh: %q, want npm ci --ignore-scripts", strings.TrimSpace(line))
		}
		if strings.Contains(line, "pip install") &&
			(!strings.Contains(line, "--no-deps") ||
				!strings.Contains(line, "--only-binary=:all:") ||
				!strings.Contains(line, "requirements.txt")) {
			t.Errorf("install.sh: %q, want --no-deps --only-binary=:all: -r requirements.txt",
				strings.TrimSpace(line))
		}
	}

	pin := regexp.MustCompile(`^[A-Za-z0-9_.-]+(\[[a-z]+\])?==[0-9][0-9A-Za-z.]*$`)
	for line := range strings.Lines(read("testdata/python/requirements.txt")) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !pin.MatchString(line) {
			t.Errorf("requirements.txt: %q, want NAME==VERSION", line)
		}
	}

	var wanted struct{ Dependencies map[string]string }
	if err := json.Unmarshal([]byte(read("testdata/js/package.json")), &wanted); err != nil {
		t.Fatal(err)
	}
	var locked struct {
		Packages map[string]struct{ Version, Resolved, Integrity string }
	}
	if err := json.Unmarshal([]byte(read("testdata/js/package-lock.json")), &locked); err != nil {
		t.Fatal(err)
	}
	for name, version := range wanted.Dependencies {
		if got := locked.Packages["node_modules/"+name].Version; got != version {
			t.Errorf("package-lock.json has %s %q, package.json %q", name, got, version)
		}
	}
	for name, p := range locked.Packages {
		if name != "" && (!strings.HasPrefix(p.Integrity, "sha512-") || p.Version == "") {
			t.Errorf("package-lock.json: %s has version %q and integrity %q, want both", name,
				p.Version, p.Integrity)
		}
		if p.Resolved != "" {
			t.Errorf("package-lock.json: %s names the address %s, want none", name, p.Resolved)
		}
	}
}
