package awsconfig

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// The parts of generated files.
var (
	starts = []string{
		"", "", "", "", "", " ", "  ", "\t", "    ", "\u00a0", "\u3000", "\v", "\x1c", "\ufeff",
		"\u200b",
	}
	headers = []string{
		"[default]", "[DEFAULT]", "[profile dev]", "[profile x]", "[profile other]",
		"[ profile dev ]",
		"[profile  dev]", "[profile\tdev]", "[profile dev ]", "[profile \"dev\"]",
		"[profile 'dev']",
		"[profile d\"e\"v]", `[profile d\ev]`, `[profile "d\ev"]`, "[profile \"dev]",
		"[profile \"x y\"]",
		"[profile dev]]", "[[profile dev]", "[profile dev] # c", "[profile dev] ; ]",
		"[profile dev]x",
		"[profile\u00a0dev]", "[profile\u00a0dev x]", "[profile dev\u00a0]", "[Profile dev]",
		"[profile dev x]", "[profiles dev]", "[profiledev]", "[profile]", "[profile \"\"]", "[]",
		"[]]",
		"[dev]", "[ default ]", "[\"default\"]", "[profile default]", "[sso-session dev]",
		"[services dev]",
		"[services \"x\"]", "[plugins]", "[profile dev", "profile dev]",
	}
	lines = []string{
		"", "", "", "# comment", "; comment", "#[profile dev]", "region = eu-west-1",
		"region=x # c",
		"region : a:b=c", "Region = y", "REG\u0130ON = z", "output = json ; d", "s3 =", "s3=\u00a0",
		"a = b", "addressing_style = path", "endpoint_url = http://127.0.0.1:1", "services = x",
		"credential_process = /x credentials -format process -env OTHER", "credential_process = y",
		"role_arn = x", "aws_access_key_id = x", "= v", ": v", "novalue", "k\u00a0=\u00a0v\u00a0",
		"k\u00a0w=v",
		"k = [profile dev]", "k = v\fw", "k = a\u2028b", "q = \"v\"", "p = %x", "é = ü",
		"\u212aey = v", "key = w",
		"cli_pager =", "x = y\x1cz = w",
	}
	ends = []string{"\n", "\n", "\n", "\n", "\r\n", "\n\n", "\r", ""}
)

// generated returns a random file. Most consist of lines of which botocore reads most.
func generated(r *rand.Rand) string {
	pick := func(from []string, common int) string {
		if r.IntN(4) > 0 {
			from = from[:common]
		}
		return from[r.IntN(len(from))]
	}
	text := ""
	for range r.IntN(4) {
		text += pick(starts, 5) + pick(headers, 5) + pick(ends, 4)
		for range r.IntN(4) {
			text += pick(starts, 9) + pick(lines, 18) + pick(ends, 4)
		}
	}
	return text
}

// botocore refuses the generated files that parse refuses, and reads the same in the others. After
// SetProfile, it reads the new profile and, of everything else, what it read before.
func TestBotocoreReadsGenerated(t *testing.T) {
	type testCase struct {
		Text     string
		Refused  bool                         // by parse
		Profiles map[string]map[string]string // without continued values
		After    string                       // is empty if SetProfile refuses
	}
	files := 300
	if longtest.Enabled(t, "300 of 10,000 files") {
		files = 10000
	}
	var all []testCase
	read, set := 0, 0
	r := rand.New(rand.NewPCG(1, 2))
	for len(all) < files {
		c := testCase{Text: generated(r), Profiles: make(map[string]map[string]string)}
		lone := strings.ReplaceAll(c.Text, "\r\n", "")
		if !utf8.ValidString(c.Text) || strings.Contains(lone, "\r") {
			if after, err := SetProfile([]byte(c.Text), "dev", ours, true); err == nil {
				t.Errorf("SetProfile(%q) = %q, want an error", c.Text, after)
			}
			continue
		}
		bare := strings.TrimPrefix(c.Text, mark)
		parts, err := parse([]byte(c.Text), true)
		c.Refused = err != nil || bare != c.Text
		inherited := make(map[string]string)
		for _, part := range parts {
			values := make(map[string]string)
			for _, key := range part.keys {
				values[key.Name] = key.Value
				if key.continued {
					values[key.Name] = "continued"
				}
			}
			if part.inherited() {
				for name, value := range values {
					inherited[name] = value
				}
			} else if part.profile != "" {
				c.Profiles[part.profile] = values // the last one wins
			}
		}
		for _, values := range c.Profiles {
			for name, value := range inherited {
				if _, ok := values[name]; !ok {
					values[name] = value
				}
			}
		}
		if after, err := SetProfile([]byte(c.Text), "dev", ours, true); err == nil {
			c.After = string(after)
			set++
		}
		if !c.Refused {
			read++
		}
		all = append(all, c)
	}
	if read < files/4 || set < files/8 || read > files*9/10 {
		t.Errorf("of %d files, %d are readable and %d changed", files, read, set)
	}
	path := filepath.Join(t.TempDir(), "cases")
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := needs.Python(t, nil, `
import json, sys
from botocore.configloader import load_config
from botocore.exceptions import ConfigParseError
def load(text):
    with open(sys.argv[1] + ".config", "w", encoding="utf-8", newline="") as f:
        f.write(text)
    try:
        return load_config(sys.argv[1] + ".config")
    except ConfigParseError:
        return None
for c in json.load(open(sys.argv[1], encoding="utf-8")):
    text, before = c["Text"], load(c["Text"])
    if c["Refused"]:
        # Without another section, botocore does not read the nested settings of DEFAULT.
        assert before is None or "[DEFAULT]" in text and len(before) == 3, ("refused", c, before)
    else:
        assert before is not None, ("read", c)
        profiles = before["profiles"]
        profiles.pop("", None)
        assert profiles.keys() == c["Profiles"].keys(), ("profiles", text, profiles)
        for name, values in profiles.items():
            ours = c["Profiles"][name]
            assert values.keys() == ours.keys(), ("keys", text, values)
            for key, value in values.items():
                assert ours[key] in (value, "continued"), ("value", text, key, value)
    if c["After"]:
        after = load(c["After"])
        assert after is not None, ("unreadable", c)
        before = before or load(text.removeprefix("\ufeff"))
        dev, was = after["profiles"].pop("dev"), before["profiles"].pop("dev", {})
        before["profiles"].pop("", None), after["profiles"].pop("", None)
        assert before == after, ("rest", c, before, after)
        want = {"credential_process": sys.argv[2], "region": "eu-west-1"}
        assert {k: dev[k] for k in want} == want, ("dev", c, dev)
        for key, value in was.items():
            assert key in want or dev[key] == value, ("kept", c, key)
    print("checked")`, path, ours[0].Value)
	if err != nil || strings.Count(out, "checked\n") != files {
		t.Errorf("%d of %d files: %v", strings.Count(out, "checked\n"), files, err)
	}
}
