package environments_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/environments"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// The length of an error is limited for every file.
func TestParseBounds(t *testing.T) {
	const mib = 1 << 20
	size, names := mib/8, 5000
	if longtest.Enabled(t, "files of 128 KiB instead of 1 MiB") {
		size, names = mib, 20_000
	}
	many := func(element string) string {
		var b strings.Builder
		for i := range names {
			b.WriteString(
				strings.ReplaceAll(element, "N", strings.Repeat("x", i%7)+string(rune('a'+i%26))+
					strings.Repeat("y", i/26%50)+strings.Repeat("z", i/1300)),
			)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"unknown keys":    `{"DEV": {` + many(`"N": 1,`) + `}}`,
		"no environments": `{` + many(`"N": 1,`) + `}`,
		"a long key":      `{"DEV": {"` + strings.Repeat("k", size-100) + `": "a"}}`,
		"a long name":     `{"` + strings.Repeat("k", size-100) + `": {"a": 1}}`,
		"a long key twice": `{"` + strings.Repeat("k", size/2-100) + `": 1, "` +
			strings.Repeat("k", size/2-100) + `": 2}`,
		"only [":                strings.Repeat("[", size),
		"only {":                strings.Repeat("{", size),
		"nested objects":        strings.Repeat(`{"a":`, size/5),
		"nested lists":          `{"a":` + strings.Repeat("[", size-5),
		"objects in a script":   strings.Repeat("={!", size/3),
		"nested in a script":    strings.Repeat("={a:", size/4),
		"strings in a script":   strings.Repeat(`={"a":"\n",`, size/12),
		"comments in a script":  strings.Repeat("=/**/{/**/", size/10),
		"half comments":         strings.Repeat("={/*", size/4),
		"quotes in a script":    "x" + strings.Repeat("''", size/2-1),
		"escapes":               `{"a": "` + strings.Repeat(`\x41`, size/4-3) + `"}`,
		"a digit in quotes":     `{"a": ` + strings.Repeat("1", size-7) + `}`,
		"white space":           strings.Repeat(" \r\n\t", size/4),
		"one byte more":         `{"client_id": "` + strings.Repeat("a", mib) + `"}`,
		"nothing":               ``,
		"text":                  strings.Repeat("DEV: us-east-1\n", 1000),
		"markup":                strings.Repeat("<html><p style='{'>", 1000),
		"names of environments": `{` + many(`"N": {"a": 1},`) + `}`,
	} {
		all, err := environments.Parse([]byte(text))
		if err == nil || all != nil {
			t.Errorf("%s: no error", name)
		} else if len(err.Error()) > 8192 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		} else if lines := strings.Split(err.Error(), "\n"); len(lines) > 16 ||
			!strings.HasPrefix(lines[len(lines)-1], "environments: ") {
			t.Errorf("%s: %.300s", name, err)
		}
	}
	_, err := environments.Parse(
		append(readFile(t, "environments.json"), strings.Repeat(" ", mib)...),
	)
	if err == nil || err.Error() != "environments: the file has more than 1048576 bytes" {
		t.Error(err)
	}
	full := []byte(`{"client_id": "` + strings.Repeat("a", mib-17) + `"}`)
	if _, err := environments.Parse(full); err != nil || len(full) != mib {
		t.Errorf("%d bytes: %v", len(full), err)
	}
}

// The error for a damaged file does not contain the client secret.
func TestParseHidesSecrets(t *testing.T) {
	step := longtest.Step(t, 3)
	for _, text := range []string{
		`{"DEV": {"client_secret": "hi-dden", "client_id": "a"}}`,
		`{"client_id": "a", "client_secret": "hi-dden", "endpoints": {"sts": "hi-dden"}}`,
		`{"CognitoUserPool": {"Default": {"AppClientId": "a", "AppClientSecret": 'hi-dden'}}}`,
		`module.exports = {DEV: {client_secret: 'hi-dden', client_id: 'a'}};`,
		`{"DEV": {"user_pool_id": "hi-dden", "client_id": "hi-dden", "role_arn": "hi-dden",
			"bucket_name": "/hi-dden", "aws_region": "hi_dden"}}`,
	} {
		errors := 0
		check := func(data string) {
			all, err := environments.Parse([]byte(data))
			for _, e := range all {
				if err == nil {
					err = e.Validate()
				}
			}
			if err == nil {
				return
			}
			errors++
			if strings.Contains(err.Error(), "dden") {
				t.Fatalf("%s: the error shows the secret: %v", data, err)
			}
		}
		for i := 0; i < len(text); i += step {
			check(text[:i])
			check(text[i:])
			check(text[:i] + text[i+1:])
			for _, junk := range "\x00\"'`\\{}[]:,/* \n1n\x7fé" {
				check(text[:i] + string(junk) + text[i+1:])
				check(text[:i] + string(junk) + text[i:])
			}
		}
		if errors < 10*len(text)/step {
			t.Errorf("%s: only %d errors were seen", text, errors)
		}
	}
}

// encode writes environments under the documented keys, in one of the two ways JSON can be written.
func encode(t testing.TB, all map[string]cognito.Environment, indent string) []byte {
	t.Helper()
	file := map[string]any{}
	for name, e := range all {
		file[name] = map[string]any{
			"aws_region":   e.Region,
			"user_pool_id": e.UserPoolID, "client_id": e.ClientID, "client_secret": e.ClientSecret,
			"domain":           e.Domain,
			"redirect_uri":     e.RedirectURI,
			"scopes":           e.Scopes,
			"identity_pool_id": e.IdentityPoolID,
			"role_arn":         e.RoleARN,
			"custom_role_arn":  e.CustomRoleARN, "bucket_name": e.BucketName,
			"endpoints": map[string]any{"cognito_idp": e.Endpoints.CognitoIDP,
				"cognito_identity": e.Endpoints.CognitoIdentity,
				"sts":              e.Endpoints.STS, "s3": e.Endpoints.S3},
		}
	}
	data, err := json.MarshalIndent(file, "", indent)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// FuzzParse checks that Parse does not panic, and that its result can be validated and selected and
// survives Marshal and Parse unchanged.
func FuzzParse(f *testing.F) {
	files, err := os.ReadDir(filepath.Join("testdata"))
	if err != nil || len(files) == 0 {
		f.Fatal("no files", err)
	}
	for _, file := range files {
		f.Add(readFile(f, file.Name()))
	}
	f.Add([]byte(`x=y=({'a\x41':[1,-2e3,"\ud83d\ude00",{aws:null,},],})`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := environments.Parse(data)
		if err != nil {
			if all != nil || !strings.HasPrefix(err.Error(), "environments: ") ||
				len(err.Error()) > 8192 {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(all) == 0 {
			t.Fatal("neither environments nor an error")
		}
		for name, e := range all {
			if selected, err := environments.Select(all, name); err != nil || selected != e {
				t.Fatalf("%q: %v", name, err)
			}
			if err := e.Validate(); err != nil && strings.Contains(err.Error(), e.ClientSecret) &&
				len(e.ClientSecret) > 20 {
				t.Fatalf("%q: the secret shows", name)
			}
			_ = e.ResolveRegion()
		}
		for _, name := range []string{"aws_region", "user_pool_id", "client_id", "client_secret",
			"domain", "redirect_uri", "scopes", "identity_pool_id", "role_arn", "custom_role_arn",
			"bucket_name", "endpoints", "CognitoUserPool", "CredentialsProvider",
			"aws_project_region", "aws_user_pools_id", "aws_cognito_identity_pool_id"} {
			if _, ok := all[name]; ok {
				// the name of a format's key: as the name of an environment it would be taken for
				// it
				return
			}
		}
		again := encode(t, all, "\t")
		if len(again) > 1<<20 {
			return
		}
		got, err := environments.Parse(again)
		if err != nil || !reflect.DeepEqual(got, all) {
			t.Fatalf("%s\n%v\n%s", again, err, cmp.Diff(all, got, shown))
		}
	})
}
