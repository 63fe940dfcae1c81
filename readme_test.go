package cognito_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
)

// blocks returns the fenced blocks of README.md in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
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

// The README's program is a part of the first example, which is compiled and run.
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

// The README's table names every flow that is tested, and no test that there isn't.
func TestReadmeFlows(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := regexp.MustCompile("`TestFlows/([A-Za-z_]+)`").FindAllStringSubmatch(string(data), -1)
	found := map[string]bool{}
	for _, name := range listed {
		found[strings.ReplaceAll(name[1], "_", " ")] = true
	}
	for name := range flows {
		name = strings.ReplaceAll(name, "_", " ")
		if !found[name] {
			t.Errorf("README.md does not list %q", name)
		}
		delete(found, name)
	}
	for name := range found {
		t.Errorf("README.md lists %q, which is not tested", name)
	}
}

func TestReadmeEnvironments(t *testing.T) {
	for _, block := range blocks(t, "json") {
		environments, err := cognito.ParseEnvironments([]byte(block))
		if err != nil {
			t.Error(err)
		}
		for name, e := range environments {
			if err := e.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
