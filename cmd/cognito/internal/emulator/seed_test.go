package emulator

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// printedSeed returns the example as a seed.
func printedSeed(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := WriteSeed(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The printed seed is the example, and parses to it.
func TestSeedIsTheExample(t *testing.T) {
	got, err := ParseSeed([]byte(printedSeed(t)))
	if err != nil {
		t.Fatal(err)
	}
	want := cognitotest.Example()
	for _, pair := range [][2]any{{got.UserPools, want.UserPools},
		{got.IdentityPools, want.IdentityPools}, {got.Roles, want.Roles},
		{got.Buckets, want.Buckets}} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%T differs", pair[0])
		}
	}
}

// A seed can set every field of the stand-in. The test fails for a new field that is missing here.
func TestSeedHasEveryField(t *testing.T) {
	var in map[string]any
	if err := json.Unmarshal([]byte(printedSeed(t)), &in); err != nil {
		t.Fatal(err)
	}
	pool := in["UserPools"].([]any)[0].(map[string]any)
	for _, test := range []struct {
		of    any
		in    any
		other []string
	}{
		{cognitotest.UserPool{}, pool, []string{"CustomAuth", "WebAuthn"}},
		{cognitotest.AppClient{}, pool["Clients"].([]any)[0], []string{"redacted"}},
		{cognitotest.User{}, pool["Users"].([]any)[0], []string{"redacted"}},
		{cognitotest.IdentityPool{}, in["IdentityPools"].([]any)[0], nil},
		{cognitotest.Role{}, in["Roles"].([]any)[0], nil},
		{cognitotest.Bucket{}, in["Buckets"].([]any)[0], []string{"keys"}},
	} {
		kind := reflect.TypeOf(test.of)
		for i := range kind.NumField() {
			name := kind.Field(i).Name
			if _, there := test.in.(map[string]any)[name]; !there &&
				!strings.Contains(strings.Join(test.other, " "), name) {
				t.Errorf("%s.%s is not in the seed", kind, name)
			}
			if kind.Field(i).Type.String() == "time.Duration" {
				if text, ok := test.in.(map[string]any)[name].(string); !ok || text != "0s" {
					t.Errorf("%s.%s is %v", kind, name, test.in.(map[string]any)[name])
				}
			}
		}
	}
}

func TestSeedDurations(t *testing.T) {
	text := strings.Replace(printedSeed(t), `"IDTokenValidity": "0s"`, `"IDTokenValidity": "1h30m"`,
		1)
	text = strings.Replace(text, `"MaxSessionDuration": "0s"`, `"MaxSessionDuration": "2h"`, 1)
	server, err := ParseSeed([]byte(text))
	if err != nil || server.UserPools[0].Clients[0].IDTokenValidity.Minutes() != 90 ||
		server.Roles[0].MaxSessionDuration.Hours() != 2 {
		t.Error(err)
	}
}
