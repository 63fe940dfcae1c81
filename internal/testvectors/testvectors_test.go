package testvectors

import (
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// want is the list of files; one that is lost or added unseen fails the test.
var want = []string{
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

func TestNames(t *testing.T) {
	if got := Names(); !slices.Equal(got, want) {
		t.Errorf("Names() = %q, want %q", got, want)
	}
}

func TestEveryFileDecodes(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			var file map[string]any
			if err := Decode(name, &file); err != nil {
				t.Fatal(err)
			}
			if text(file["description"]) == "" {
				t.Error("no description")
			}
			if strings.HasSuffix(name, "_generated") {
				script := text(file["generator"])
				if script == "" {
					t.Fatal("a generated file without the script that makes it again")
				}
				if _, err := os.Stat(script); err != nil {
					t.Errorf("generator: %v", err)
				}
				return
			}
			if !hasSource(file) {
				t.Error("published values without a source")
			}
		})
	}
}

// hasSource reports whether the file, or every item of at least one of its
// lists, says where the values were published.
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
		if err := Decode(name, &v); err == nil || !strings.Contains(err.Error(), "cognito_group") {
			t.Errorf("Decode(%q) = %v, want an error that lists the files", name, err)
		}
	}
	var wrong []int
	if err := Decode("cognito_group", &wrong); err == nil {
		t.Error("Decode into the wrong type succeeded")
	}
}

// TestFilesSpeakForThemselves keeps paths and hosts of the machine on which a
// file was made out of it.
func TestFilesSpeakForThemselves(t *testing.T) {
	private := regexp.MustCompile(`/(home|root|tmp|work|Users)/|file://|\b(registry|proxy)\.[a-z]`)
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		if at := private.FindIndex(data); at != nil {
			t.Errorf("%s: byte %d: %q", path, at[0], data[at[0]:min(at[1]+40, len(data))])
		}
		if !json.Valid(data) {
			t.Errorf("%s: not JSON", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
