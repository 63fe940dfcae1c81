package repotest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTargets checks the types of every package and its tests for other systems, as a compiler does
// before it generates code. .ci/platforms sets COGNITO_TEST_TARGETS to all targets.
func TestTargets(t *testing.T) {
	targets := cmp.Or(os.Getenv("COGNITO_TEST_TARGETS"), "windows/amd64")
	for _, target := range strings.Fields(targets) {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			goos, goarch, _ := strings.Cut(target, "/")
			tests := goos != "plan9" // where signals have no numbers, which tests compare
			c := exec.Command("go", "list", "-deps", "-test="+strconv.FormatBool(tests),
				"-json=ImportPath,Dir,GoFiles,ImportMap,Module", "./...")
			c.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
			c.Stderr = t.Output()
			out, err := c.Output()
			if err != nil {
				t.Fatalf("go list: %v", err)
			}
			checked := map[string]*types.Package{"unsafe": types.Unsafe}
			for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
				var p unit
				if err := decoder.Decode(&p); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if p.ImportPath == "unsafe" || strings.HasSuffix(p.ImportPath, ".test") {
					continue // the program that go test generates
				}
				if checked[p.ImportPath], err = p.check(checked, goarch); err != nil {
					t.Fatalf("%s: %v", p.ImportPath, err)
				}
			}
			if len(checked) < 2*len(arrows) {
				t.Errorf("checked %d packages, fewer than the module and its imports", len(checked))
			}
		})
	}
}

// unit is the output of go list -test for a package, or for a package with its tests.
type unit struct {
	ImportPath, Dir string
	GoFiles         []string
	ImportMap       map[string]string
	Module          *struct {
		Main      bool
		GoVersion string
	}
}

// importer is a [types.Importer].
type importer func(path string) (*types.Package, error)

func (f importer) Import(path string) (*types.Package, error) { return f(path) }

// check returns the types of a package whose imports are checked.
func (p *unit) check(checked map[string]*types.Package, goarch string) (*types.Package, error) {
	var files []*ast.File
	set := token.NewFileSet()
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil,
			parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	config := types.Config{
		Importer: importer(func(path string) (*types.Package, error) {
			return checked[cmp.Or(p.ImportMap[path], path)], nil
		}),
		Sizes: types.SizesFor("gc", goarch),
		// Only the declarations of other modules matter.
		IgnoreFuncBodies: p.Module == nil || !p.Module.Main,
	}
	if p.Module != nil {
		config.GoVersion = "go" + p.Module.GoVersion
	}
	path, _, _ := strings.Cut(p.ImportPath, " ") // [PACKAGE.test]
	return config.Check(path, set, files, nil)
}
