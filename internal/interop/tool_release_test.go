package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestRelease builds a release for this machine, and checks its files. The script itself compares
// two builds. Homebrew and Scoop are not run.
func TestRelease(t *testing.T) {
	t.Parallel()
	const version = "v0.0.0-test"
	dist := filepath.Join(t.TempDir(), "dist")
	env := append(os.Environ(),
		"GOFLAGS=-tags=unwanted", // it must not influence the build
		// so that the standard library is not compiled again in each run
		"COGNITO_SECOND_CACHE="+filepath.Join(toolsDir(t), "second-cache"))
	target := runtime.GOOS + "/" + runtime.GOARCH
	script := "../../.ci/release"
	if r := run(t, env, "", script, version, dist, target); r.status != 0 {
		t.Fatalf("release: exit status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	name := "cognito-" + strings.ReplaceAll(target, "/", "-")
	binary := read(name)
	hash := sha256.Sum256([]byte(binary))
	sum := hex.EncodeToString(hash[:])
	if got, want := read("SHA256SUMS"), sum+"  "+name+"\n"; got != want {
		t.Errorf("SHA256SUMS = %q, want %q", got, want)
	}
	if r := run(t, environment(t), "", filepath.Join(dist, name), "version"); r.stdout !=
		"cognito "+version+"\n" {
		t.Errorf("cognito version = %q, %s, want %s", r.stdout, r.stderr, version)
	}
	if here, err := filepath.Abs("../.."); err != nil || strings.Contains(binary, here) {
		t.Errorf("the binary contains the path %s (%v)", here, err)
	}

	var bom struct {
		BOMFormat, SpecVersion string
		Metadata               struct {
			Component struct{ Name, Version, PURL string }
		}
		Components []struct {
			Type, Name, Version, PURL string
			Hashes                    []struct{ Alg, Content string }
			Properties                []struct{ Name, Value string }
		}
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal([]byte(read("cognito.cdx.json")), &bom); err != nil {
		t.Fatalf("%v in %s", err, read("cognito.cdx.json"))
	}
	const module = "github.com/loginwithcognito/cognito"
	if c := bom.Metadata.Component; bom.BOMFormat != "CycloneDX" || bom.SpecVersion != "1.6" ||
		c.Name != module || c.Version != version || c.PURL != "pkg:golang/"+module+"@"+version {
		t.Errorf("SBOM: %+v, want CycloneDX 1.6 of %s %s", bom, module, version)
	}
	if len(bom.Components) != 2 || len(bom.Dependencies) != 1 {
		t.Fatalf("SBOM: %+v, want the standard library and a file", bom)
	}
	std, file := bom.Components[0], bom.Components[1]
	if std.Type != "library" || std.Name != "std" || !strings.HasPrefix(std.Version, "go1.") ||
		std.PURL != "pkg:golang/std@"+strings.TrimPrefix(std.Version, "go") {
		t.Errorf("SBOM: first component %+v, want std", std)
	}
	if file.Type != "file" || file.Name != name || len(file.Hashes) != 1 ||
		file.Hashes[0].Alg != "SHA-256" || file.Hashes[0].Content != sum {
		t.Errorf("SBOM: second component %+v, want %s", file, name)
	}
	properties := make(map[string]string)
	for _, p := range file.Properties {
		properties[p.Name] = p.Value
	}
	for property, want := range map[string]string{
		"go:version":           std.Version,
		"go:build:GOOS":        runtime.GOOS,
		"go:build:GOARCH":      runtime.GOARCH,
		"go:build:CGO_ENABLED": "0",
		"go:build:-trimpath":   "true",
		"go:build:-tags":       "",
	} {
		if properties[property] != want {
			t.Errorf("SBOM: %s = %q, want %q", property, properties[property], want)
		}
	}
	const download = "https://" + module + "/releases/download/" + version + "/"
	if formula := read("cognito.rb"); !strings.Contains(formula, `url "`+download+name+`"`) ||
		!strings.Contains(formula, `sha256 "`+sum+`"`) {
		t.Errorf("cognito.rb:\n%s\nwant the URL and the checksum of %s", formula, name)
	}
	if manifest := read("cognito.json"); !json.Valid([]byte(manifest)) {
		t.Errorf("cognito.json is not JSON:\n%s", manifest)
	}

	for _, wrong := range [][]string{
		{},
		{"1.2.3", dist + "2"},   // without v
		{"v1.2", dist + "2"},    // incomplete
		{version, dist, target}, // the directory exists
		{version, dist + "2", "plan10/amd64"},
	} {
		r := run(t, env, "", append([]string{script}, wrong...)...)
		if r.status == 0 {
			t.Errorf("release %q: exit status 0, want an error", wrong)
		}
	}
}
