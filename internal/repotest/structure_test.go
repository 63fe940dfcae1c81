package repotest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const module = "github.com/loginwithcognito/cognito"

// arrows lists the packages of the module that each package may import. A longer row needs a
// reason: srp and sigv4 do no I/O, and the stand-in shares no code with the packages it checks.
var arrows = map[string][]string{
	"awserr":                          {},
	"srp":                             {},
	"sigv4":                           {},
	"cognitotest":                     {"cognitotest/internal/sigv4check"},
	"cognitotest/internal/sigv4check": {},
	"internal/ascii":                  {},
	"internal/awshost":                {},
	"internal/bom":                    {},
	"internal/fakehttp":               {},
	"internal/longtest":               {},
	"internal/testvectors":            {},
	"internal/endpoint":               {"internal/ascii"},
	"internal/redact":                 {},
	"internal/awshttp": {"awserr", "internal/ascii", "internal/endpoint",
		"internal/strictjson", "internal/trace"},
	"internal/qr":         {},
	"internal/strictjson": {},
	"internal/terminal":   {},
	"internal/trace":      {},
	"internal/xmlscan":    {"internal/awshttp"},
	"cognitoidp": {"awserr", "internal/ascii", "internal/awshttp", "internal/endpoint",
		"internal/redact"},
	"cognitoid": {"internal/ascii", "internal/awshttp", "internal/endpoint", "internal/redact",
		"sigv4"},
	"sts": {"internal/ascii", "internal/awshttp", "internal/endpoint", "internal/redact",
		"internal/xmlscan", "sigv4"},
	"s3list": {"internal/ascii", "internal/awshttp", "internal/endpoint", "internal/redact",
		"internal/xmlscan", "sigv4"},
	"managedlogin": {"awserr", "internal/ascii", "internal/awshttp", "internal/endpoint",
		"internal/redact", "internal/strictjson"},
	"": {"awserr", "cognitoid", "cognitoidp", "internal/awshost", "internal/awshttp",
		"internal/endpoint", "internal/redact", "internal/renew", "internal/strictjson", "jwt",
		"managedlogin", "sigv4", "srp", "sts"},
	"internal/renew": {},
	"jwt": {"internal/ascii", "internal/awshttp", "internal/endpoint",
		"internal/renew", "internal/strictjson"},
	"environments": {"", "internal/bom"},
	"cmd/demo": {"", "cognitotest", "environments", "internal/bom", "internal/terminal",
		"internal/trace", "s3list", "sigv4", "sts"},
	"cmd/cognito": {"", "awserr", "cmd/cognito/internal/awsconfig",
		"cmd/cognito/internal/browser",
		"cmd/cognito/internal/credserver", "cmd/cognito/internal/emulator",
		"cmd/cognito/internal/files", "cmd/cognito/internal/keychain",
		"cmd/cognito/internal/shell", "cmd/cognito/internal/state",
		"cognitoidp", "cognitotest", "environments", "internal/awshost", "internal/bom",
		"internal/endpoint", "internal/qr", "internal/strictjson", "internal/terminal",
		"internal/trace", "jwt", "managedlogin", "s3list", "sigv4", "sts"},
	"cmd/cognito/internal/awsconfig":  {"cmd/cognito/internal/files", "cmd/cognito/internal/shell"},
	"cmd/cognito/internal/browser":    {"cmd/cognito/internal/shell"},
	"cmd/cognito/internal/credserver": {"cmd/cognito/internal/shell", "internal/terminal", "sigv4"},
	"cmd/cognito/internal/emulator":   {"", "cmd/cognito/internal/shell", "cognitotest"},
	"cmd/cognito/internal/files":      {"cmd/cognito/internal/shell"},
	"cmd/cognito/internal/needs":      {},
	"cmd/cognito/internal/shell":      {},
	"cmd/cognito/internal/keychain":   {"cmd/cognito/internal/files", "cmd/cognito/internal/shell"},
	"cmd/cognito/internal/state": {"", "cmd/cognito/internal/files",
		"cmd/cognito/internal/keychain", "internal/bom", "internal/strictjson", "jwt",
		"sigv4"},
	"internal/repotest": {},
}

// listed is the output of go list for a package.
type listed struct {
	Dir, ImportPath, Name, Doc                  string
	Imports, GoFiles, TestGoFiles, XTestGoFiles []string
	Standard                                    bool
}

// list returns the module's packages by path.
func list(t *testing.T) map[string]listed {
	t.Helper()
	const fields = "-json=Dir,ImportPath,Name,Doc,Imports,GoFiles,TestGoFiles,XTestGoFiles"
	out, err := exec.Command("go", "list", fields, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string]listed{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")] = p
	}
	if len(found) < len(arrows) {
		t.Fatalf("go list found %d packages, fewer than %d", len(found), len(arrows))
	}
	return found
}

func TestImports(t *testing.T) {
	for path, p := range list(t) {
		allowed, ok := arrows[path]
		if !ok {
			t.Errorf("package %q is not in the table", path)
		}
		for _, imported := range p.Imports {
			switch inner, ours := strings.CutPrefix(imported, module); {
			case ours && !slices.Contains(allowed, strings.TrimPrefix(inner, "/")):
				t.Errorf("package %q must not import %q", path, imported)
			case !ours && strings.Contains(strings.Split(imported, "/")[0], "."):
				t.Errorf("package %q imports %q, which is not in the standard library", path,
					imported)
			}
		}
		for _, banned := range []string{"unsafe", "C", "math/rand", "math/rand/v2",
			"net/http/httptest", "testing", "text/template", "regexp", "plugin"} {
			if banned == "unsafe" && path == "internal/terminal" { // ioctl takes a pointer
				continue
			}
			// The jitter of awshttp is not a secret.
			if slices.Contains(p.Imports, banned) && path != "internal/awshttp" {
				t.Errorf("package %q imports %q", path, banned)
			}
		}
	}
}

func TestModuleRequiresNothing(t *testing.T) {
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.Contains(line, "replace") || strings.Contains(line, "toolchain") ||
			strings.Contains(line, "tool ") {
			t.Errorf("go.mod has %q", line)
		}
		if strings.Contains(line, " v") && !strings.Contains(line, "github.com/google/go-cmp v") {
			t.Errorf("go.mod requires more than go-cmp, for tests: %q", line)
		}
	}
}

// TestDocumentation checks that every exported name has a doc comment, each package one package
// comment, and each public package an example.
func TestDocumentation(t *testing.T) {
	for path, p := range list(t) {
		files := token.NewFileSet()
		var parsed []*ast.File
		comments, examples := 0, 0
		for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			path := filepath.Join(p.Dir, name)
			file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			test := strings.HasSuffix(name, "_test.go")
			if test {
				examples += len(doc.Examples(file))
				continue
			}
			parsed = append(parsed, file)
			if file.Doc != nil {
				comments++
			}
			for _, declaration := range file.Decls {
				undocumented(t, files, declaration)
			}
		}
		if comments != 1 && len(parsed) > 0 {
			t.Errorf("package %q has %d package comments", path, comments)
		}
		public := p.Name != "main" && !strings.Contains("/"+path, "/internal/")
		if public && examples == 0 {
			t.Errorf("package %q has no example", path)
		}
	}
}

// undocumented reports exported names without a doc comment. Names of a group may share its
// comment.
func undocumented(t *testing.T, files *token.FileSet, declaration ast.Decl) {
	t.Helper()
	report := func(name *ast.Ident, comment *ast.CommentGroup) {
		if name.IsExported() && comment.Text() == "" {
			t.Errorf("%v: %s has no doc comment", files.Position(name.Pos()), name.Name)
		}
	}
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || exportedReceiver(d.Recv.List[0].Type) {
			report(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Doc == nil {
					s.Doc = d.Doc
				}
				report(s.Name, s.Doc)
			case *ast.ValueSpec:
				if s.Doc == nil {
					if s.Doc = d.Doc; s.Doc == nil {
						s.Doc = s.Comment
					}
				}
				for _, name := range s.Names {
					report(name, s.Doc)
				}
			}
		}
	}
}

func exportedReceiver(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.StarExpr:
		return exportedReceiver(x.X)
	case *ast.IndexExpr:
		return exportedReceiver(x.X)
	case *ast.Ident:
		return x.IsExported()
	}
	return false
}

// machineNames returns names of this machine that no file may contain: the folder of the module,
// the user's home directory, and the hosts of module proxies.
func machineNames(t *testing.T) []string {
	t.Helper()
	var names []string
	// "/cognito" is part of the module's own name
	if here, err := os.Getwd(); err == nil && strings.Count(here, "/") > 1 {
		names = append(names, here)
	}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		names = append(names, home+"/")
	}
	out, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, proxy := range strings.FieldsFunc(string(out), func(r rune) bool {
		return strings.ContainsRune(",|\n ", r)
	}) {
		if _, host, ok := strings.Cut(proxy, "://"); ok {
			names = append(names, host)
		}
	}
	return names
}

// TestFiles checks the length and width of files, and that they do not name this machine.
func TestFiles(t *testing.T) {
	private := machineNames(t)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.IsDir(), entry.Name() == ".git", path == "internal/repotest/structure_test.go":
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		limit := 500
		if strings.HasSuffix(path, "_test.go") {
			limit = 800
		}
		lines := bytes.Count(data, []byte("\n"))
		if strings.HasSuffix(path, ".go") && lines > limit {
			t.Errorf("%s has %d lines, want at most %d", path, lines, limit)
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			checkWidth(t, path, data)
		}
		for _, banned := range private {
			if bytes.Contains(data, []byte(banned)) {
				t.Errorf("%s contains %q", path, banned)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkWidth checks that lines have at most 100 columns, where a tab counts 4. Directives cannot be
// broken. Tests may have wide literals.
func checkWidth(t *testing.T, path string, data []byte) {
	t.Helper()
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		columns := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    "))
		if columns > 100 && !strings.HasPrefix(line, "//go:") {
			t.Errorf("%s:%d has %d columns, want at most 100", path, n, columns)
		}
	}
}
