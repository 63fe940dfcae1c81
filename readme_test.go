package cognito_test

import (
	"os"
	"regexp"
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

// What a sign-in can begin with and what a pool can ask: AuthFlowType and ChallengeNameType of the service's model (botocore
// 1.43.11, cognito-idp service-2.json) without what begins with ADMIN_, and without REFRESH_TOKEN, another name of
// REFRESH_TOKEN_AUTH.
const modelFlows = `USER_SRP_AUTH REFRESH_TOKEN_AUTH CUSTOM_AUTH USER_PASSWORD_AUTH USER_AUTH
	SMS_MFA EMAIL_OTP SOFTWARE_TOKEN_MFA SELECT_MFA_TYPE MFA_SETUP PASSWORD_VERIFIER CUSTOM_CHALLENGE SELECT_CHALLENGE
	DEVICE_SRP_AUTH DEVICE_PASSWORD_VERIFIER NEW_PASSWORD_REQUIRED SMS_OTP PASSWORD WEB_AUTHN PASSWORD_SRP`

// The README's table names every flow and challenge of the service's model, every flow that is tested, and no test that
// there isn't.
func TestReadmeFlows(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(data), "| flow, challenge |")
	table, _, end := strings.Cut(table, "\n\n")
	if !ok || !end {
		t.Fatal("README.md has no table of flows")
	}
	tests := testSources(t)["cognito"]
	named, shown := map[string]bool{}, map[string]bool{}
	for _, row := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(row, "|")
		if len(cells) != 5 {
			t.Fatalf("README.md: %q has not three cells", row)
		}
		for _, name := range regexp.MustCompile(`[A-Z_]{7,}`).FindAllString(cells[1], -1) {
			named[name] = true
		}
		listed := regexp.MustCompile("`(Test[A-Za-z]+)(?:/([A-Za-z_]+))?`").FindAllStringSubmatch(cells[3], -1)
		if len(listed) == 0 {
			t.Errorf("README.md: no test for %s", cells[1])
		}
		for _, test := range listed {
			if _, ok := tests[test[1]]; !ok {
				t.Errorf("README.md names %s, and there is no such test", test[1])
			}
			if test[1] == "TestFlows" {
				shown[test[2]] = true
			}
		}
	}
	for name := range strings.FieldsSeq(modelFlows) {
		if !named[name] {
			t.Errorf("README.md does not list %s", name)
		}
	}
	for name := range flows {
		name = strings.ReplaceAll(name, " ", "_")
		if !shown[name] {
			t.Errorf("README.md does not list TestFlows/%s", name)
		}
		delete(shown, name)
	}
	for name := range shown {
		t.Errorf("README.md lists TestFlows/%s, which there is not", name)
	}
}

func TestReadmeEnvironments(t *testing.T) {
	for _, block := range blocks(t, "json") {
		environments, err := environments.Parse([]byte(block))
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
