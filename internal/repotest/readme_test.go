package repotest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/environments"
)

// blocks returns the fenced blocks of README.md in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	data, _, _ = bytes.Cut(data, []byte("\n## Adapters\n")) // internal/interop tests the rest
	var found []string
	for i, part := range strings.Split(string(data), "```") {
		if text, ok := strings.CutPrefix(part, language+"\n"); ok && i%2 == 1 {
			found = append(found, text)
		}
	}
	if len(found) == 0 {
		t.Fatalf("README.md has no block of %s", language)
	}
	return found
}

// TestReadmeLength checks that README.md is short enough for a newcomer.
func TestReadmeLength(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if n := bytes.Count(data, []byte("\n")); err != nil || n > 150 {
		t.Errorf("README.md has %d lines, %v, want at most 150", n, err)
	}
}

// TestReadmeProgram checks that the README's program is a part of an example, which is compiled and
// run.
func TestReadmeProgram(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	unindented := strings.ReplaceAll("\n"+string(source), "\n\t", "\n")
	for _, block := range blocks(t, "go") {
		if !strings.Contains(unindented, block) {
			t.Errorf("not in example_test.go:\n%s", block)
		}
	}
}

// modelFlows are AuthFlowType and ChallengeNameType of the service's model (botocore 1.43.11,
// cognito-idp service-2.json), without names that begin with ADMIN_, and without REFRESH_TOKEN,
// another name of REFRESH_TOKEN_AUTH.
const modelFlows = `
	USER_SRP_AUTH REFRESH_TOKEN_AUTH CUSTOM_AUTH USER_PASSWORD_AUTH USER_AUTH
	SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA SELECT_MFA_TYPE MFA_SETUP PASSWORD_VERIFIER
	CUSTOM_CHALLENGE SELECT_CHALLENGE DEVICE_SRP_AUTH DEVICE_PASSWORD_VERIFIER
	NEW_PASSWORD_REQUIRED SMS_OTP PASSWORD WEB_AUTHN PASSWORD_SRP`

// flowTests returns the names of the subtests of TestFlows: the keys of the table "flows".
func flowTests(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "signin_flows_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "flows" {
			return true
		}
		for _, element := range spec.Values[0].(*ast.CompositeLit).Elts {
			key, err := strconv.Unquote(element.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, strings.ReplaceAll(key, " ", "_"))
		}
		return false
	})
	if len(names) == 0 {
		t.Fatal("signin_flows_test.go has no table of flows")
	}
	return names
}

// TestDocumentedFlows checks that the table in docs/flows.md names every flow and challenge of the
// service's model, every subtest of TestFlows, and only tests that exist.
func TestDocumentedFlows(t *testing.T) {
	data, err := os.ReadFile("docs/flows.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(data), "| flow, challenge |")
	if !ok {
		t.Fatal("docs/flows.md has no table of flows")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	tests := testSources(t)["cognito"]
	named, shown := map[string]bool{}, map[string]bool{}
	upper := regexp.MustCompile(`[A-Z_]{7,}`)
	code := regexp.MustCompile("`(Test[A-Za-z]+)(?:/([A-Za-z_]+))?`")
	for _, row := range strings.Split(strings.TrimSpace(table), "\n")[2:] {
		cells := strings.Split(row, "|")
		if len(cells) != 5 {
			t.Fatalf("docs/flows.md: row %q has %d cells, want 3", row, len(cells)-2)
		}
		for _, name := range upper.FindAllString(cells[1], -1) {
			named[name] = true
		}
		listed := code.FindAllStringSubmatch(cells[3], -1)
		if len(listed) == 0 {
			t.Errorf("docs/flows.md: row %q names no test", cells[1])
		}
		for _, test := range listed {
			if _, ok := tests[test[1]]; !ok {
				t.Errorf("docs/flows.md names %s, which does not exist", test[1])
			}
			if test[1] == "TestFlows" {
				shown[test[2]] = true
			}
		}
	}
	for name := range strings.FieldsSeq(modelFlows) {
		if !named[name] {
			t.Errorf("docs/flows.md does not list %s", name)
		}
	}
	for _, name := range flowTests(t) {
		if !shown[name] {
			t.Errorf("docs/flows.md does not list TestFlows/%s", name)
		}
		delete(shown, name)
	}
	for name := range shown {
		t.Errorf("docs/flows.md names TestFlows/%s, which does not exist", name)
	}
}

// TestDocumentedTests checks that the documents name only tests that exist.
func TestDocumentedTests(t *testing.T) {
	found := testSources(t)
	paths, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`([a-z0-9/]+[.])?((?:Test|Fuzz)[A-Z][A-Za-z0-9]*(?:/[^`]+)?)`")
	count := 0
	for _, path := range append(paths, "README.md", "CONTRIBUTING.md", "SECURITY.md") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range code.FindAllStringSubmatch(string(data), -1) {
			count++
			exists := found.check(name[1]+name[2]) == nil
			for folder := range found {
				exists = exists || name[1] == "" && found.check(folder+"."+name[2]) == nil
			}
			if !exists {
				t.Errorf("%s names %s, which does not exist", path, name[0])
			}
		}
	}
	if count < 20 {
		t.Errorf("the documents name %d tests, want at least 20", count)
	}
}

func TestReadmeEnvironments(t *testing.T) {
	for _, block := range blocks(t, "json") {
		all, err := environments.Parse([]byte(block))
		if err != nil {
			t.Error(err)
		}
		for name, e := range all {
			if err := e.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
