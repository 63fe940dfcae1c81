package testvectors

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNames fails if a file is lost or added by accident.
func TestNames(t *testing.T) {
	want := []string{
		"cognito_group",
		"cognito_js_device_generated",
		"cognito_js_generated",
		"cognito_srp_published",
		"endpoints_botocore_generated",
		"rfc4231_hmac_sha256",
		"rfc5054_appendix_b",
		"rfc5869_hkdf_sha256",
		"rfc7515_a2_rs256",
		"s3_docs_examples",
		"sigv4_botocore_generated",
		"wire_botocore_generated",
	}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("names() = %q, want %q", got, want)
	}
}

// TestFiles checks that each file has a description and a source. The source of a generated file
// is the script that regenerates it.
func TestFiles(t *testing.T) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			var file map[string]any
			if err := Decode(name, &file); err != nil {
				t.Fatal(err)
			}
			if text(file["description"]) == "" {
				t.Error("the file has no description")
			}
			if !strings.HasSuffix(name, "_generated") {
				if !hasSource(file) {
					t.Error("the file has published values without a source")
				}
				return
			}
			script := text(file["generator"])
			if script == "" {
				t.Fatal("the file is generated, but does not name its generator")
			}
			if _, err := os.Stat(script); err != nil {
				t.Errorf("generator: %v", err)
			}
		})
	}
}

// hasSource reports whether v, or each item of a list in v, has a source.
func hasSource(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if text(v["source"]) != "" {
			return true
		}
		for _, member := range v {
			if hasSource(member) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if !hasSource(item) {
				return false
			}
		}
		return len(v) > 0
	}
	return false
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func TestDecodeErrors(t *testing.T) {
	var v any
	for _, name := range []string{"", "nothing", "../testvectors", "cognito_group.json"} {
		err := Decode(name, &v)
		if err == nil || !strings.Contains(err.Error(), "cognito_group") {
			t.Errorf("Decode(%q) = %v, want an error that lists the files", name, err)
		}
	}
	var wrong []int
	if err := Decode("cognito_group", &wrong); err == nil {
		t.Error("Decode into a slice = nil, want an error")
	}
}

// TestCheck checks that a file without vectors is an error.
func TestCheck(t *testing.T) {
	for _, test := range []struct{ data, want string }{
		{`{"cases": [1]}`, ""},
		{`{"source": "s", "cases": [1], "k": "0"}`, ""},
		{`{}`, "no vectors"},
		{`{"description": "d", "source": "s", "generator": "g"}`, "no vectors"},
		{`{"description": "d", "cases": []}`, `"cases" has no vectors`},
		{`{"description": "d", "cases": {}}`, `"cases" has no vectors`},
		{`{"k": "0", "cases": null}`, `"cases" has no vectors`},
		{`{"cases": [1], "k": ""}`, `"k" has no vectors`},
		{`[]`, "cannot unmarshal"},
		{``, "unexpected end"},
	} {
		err := check([]byte(test.data))
		if test.want == "" && err != nil {
			t.Errorf("check(%s) = %v, want nil", test.data, err)
		}
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("check(%s) = %v, want an error with %q", test.data, err, test.want)
		}
	}
}

// TestFilesArePortable checks that the files contain no paths or hosts of the machine on which
// they were made.
func TestFilesArePortable(t *testing.T) {
	private := regexp.MustCompile(`/(home|root|tmp|work|Users)/|file://|\b(registry|proxy)\.[a-z]`)
	for _, name := range names() {
		data, err := files.ReadFile("data/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if at := private.FindIndex(data); at != nil {
			t.Errorf("%s: byte %d is %q", name, at[0], data[at[0]:min(at[1]+40, len(data))])
		}
		if !json.Valid(data) {
			t.Errorf("%s is not valid JSON", name)
		}
	}
}
