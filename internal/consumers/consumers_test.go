// Package consumers contains only tests. They build small programs that use parts of the module,
// and measure what these parts cost: size, imports, start-up time, and what "go mod vendor" copies.
package consumers

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const module = "github.com/loginwithcognito/cognito"

// output runs a command and returns the lines that it prints.
func output(t *testing.T, dir string, command ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v", command, err)
	}
	return strings.Fields(string(out))
}

func TestConsumers(t *testing.T) {
	for _, test := range []struct {
		name string
		// limit is that of the stripped binary in bytes on linux/amd64, and is not raised without
		// a reason.
		limit int64
		// imports are the packages of the module in the binary.
		imports []string
	}{
		{"srp", 2_000_000, []string{"srp"}},
		{"sigv4", 4_000_000, []string{"sigv4"}},
		{"signin", 7_000_000, []string{"", "awserr", "cognitoid", "cognitoidp", "internal/ascii",
			"internal/awshost", "internal/awshttp", "internal/endpoint", "internal/redact",
			"internal/renew", "internal/strictjson", "internal/trace", "internal/xmlscan", "jwt",
			"managedlogin", "sigv4", "srp", "sts"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var ours []string
			others := 0
			for _, path := range output(t, ".", "go", "list", "-deps", "./"+test.name) {
				inner, ok := strings.CutPrefix(path, module)
				switch {
				case !ok:
					others++
				case !strings.HasPrefix(inner, "/internal/consumers"):
					ours = append(ours, strings.TrimPrefix(inner, "/"))
				}
			}
			slices.Sort(ours)
			if !slices.Equal(ours, test.imports) {
				t.Errorf("packages of the module: %q, want %q", ours, test.imports)
			}
			binary := filepath.Join(t.TempDir(), test.name)
			output(t, ".", "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary,
				"./"+test.name)
			info, err := os.Stat(binary)
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() > test.limit {
				t.Errorf("the binary has %d bytes, want at most %d", info.Size(), test.limit)
			}
			var fastest time.Duration
			for range 5 {
				cmd := exec.CommandContext(t.Context(), binary)
				if out, err := cmd.Output(); err != nil || len(out) == 0 {
					t.Fatalf("%s printed %q: %v", test.name, out, err)
				}
				cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
				if fastest == 0 || cpu < fastest {
					fastest = cpu
				}
			}
			t.Logf("%s: %d bytes; %d packages of the module, %d of the standard library; "+
				"start to end in %v of CPU", test.name, info.Size(), len(ours), others, fastest)
		})
	}
}

// TestVendor checks that "go mod vendor" copies the packages that a consumer imports and nothing
// else: no tests and no other module.
func TestVendor(t *testing.T) {
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(\d+) (?:files )?with (?:about )?(\d*),?(\d+)(?: lines)?\s+for`).
		FindAllSubmatch(readme, -1)
	names := []string{"srp", "sigv4", "signin"}
	if len(shown) != len(names) {
		t.Fatalf("README.md has the numbers of %d packages, want %d", len(shown), len(names))
	}
	for i, name := range names {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(name)); err != nil {
			t.Fatal(err)
		}
		mod := "module example.com/" + name + "\n\ngo 1.25.0\n\nrequire " + module +
			" v0.0.0\n\nreplace " + module + " => " + top + "\n"
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o600); err != nil {
			t.Fatal(err)
		}
		output(t, dir, "go", "mod", "vendor")
		files, lines := 0, 0
		err := filepath.WalkDir(filepath.Join(dir, "vendor"),
			func(path string, entry os.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				inside, _ := filepath.Rel(filepath.Join(dir, "vendor"), path)
				if !strings.HasPrefix(filepath.ToSlash(inside), module+"/") &&
					inside != "modules.txt" || strings.HasSuffix(path, "_test.go") {
					t.Errorf("%s: go mod vendor copied %s", name, inside)
				}
				if strings.HasSuffix(path, ".go") {
					data, err := os.ReadFile(path)
					if err != nil {
						return err
					}
					files++
					lines += bytes.Count(data, []byte("\n"))
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if files == 0 {
			t.Errorf("%s: go mod vendor copied no Go files", name)
		}
		wantFiles, _ := strconv.Atoi(string(shown[i][1]))
		wantLines, _ := strconv.Atoi(string(shown[i][2]) + string(shown[i][3]))
		if files != wantFiles || lines < wantLines*95/100 || lines > wantLines*106/100 {
			t.Errorf("%s: vendor has %d files of Go with %d lines, but README.md says %d with %d",
				name, files, lines, wantFiles, wantLines)
		}
	}
}
