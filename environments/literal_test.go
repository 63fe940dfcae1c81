package environments

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// plain converts an object to the types of encoding/json.
func plain(v any) any {
	switch v := v.(type) {
	case object:
		m := map[string]any{}
		for key, value := range v {
			m[key] = plain(value)
		}
		return m
	case []any:
		list := []any{}
		for _, value := range v {
			list = append(list, plain(value))
		}
		return list
	}
	return v
}

// Scripts are read as a JavaScript engine would read them: want is JSON.stringify of the object.
func TestScript(t *testing.T) {
	const want = `{"aws_project_region":"r"}`
	for name, test := range map[string]struct{ script, want string }{
		"amplify": {
			`const awsmobile = {"aws_project_region": "r"}; export default awsmobile;`, want,
		},
		"no semicolon": {"const awsmobile = {\"aws_project_region\": \"r\"}\nexport " +
			"default awsmobile", want},
		"common JS":             {`module.exports = {aws_project_region: 'r'}`, want},
		"exports":               {`exports.default={aws_project_region:'r'}`, want},
		"export default":        {`export default {aws_project_region: 'r'}`, want},
		"export default, tight": {`export default{aws_project_region:'r'}`, want},
		"typed": {
			`export const awsmobile: Record<string, unknown> = {aws_project_region: 'r'} as const;`,
			want,
		},
		"satisfies": {`const c = {aws_project_region: 'r'} satisfies Config`, want},
		"call":      {`Amplify.configure({aws_project_region: 'r'});`, want},
		"call of a call": {
			`export default Object.freeze( /* frozen */ ({aws_project_region: 'r'}));`, want,
		},
		"returned": {`export default () => { return {aws_project_region: 'r'}; }`,
			want},
		"arrow": {`export default () => ({aws_project_region: 'r'})`, want},
		"import before": {
			`import { Amplify } from "aws-amplify"; export default {aws_project_region: 'r'}`, want,
		},
		"type before": {
			`interface T { aws_project_region: string } const c: T = {aws_project_region: 'r'}`,
			want,
		},
		"function before": {
			`function f(a) { if (a) { return [1] } } module.exports = {aws_project_region: 'r'}`,
			want,
		},
		"other objects": {
			`const a = {b: {c: [1]}}, d = {e: f(), g: {}}; ` +
				`module.exports = {aws_project_region: 'r'}; const h = {i: 1};`, want,
		},
		"other, not readable": {"const a = {b: 'c\\q', d: `e`}; module.exports = " +
			"{aws_project_region: 'r'}", want},
		"spread after": {
			`const c = {aws_project_region: 'r'}; module.exports = {...c, aws_mobile: 1}`, want,
		},
		"apostrophe after": {"const c = {aws_project_region: 'r'}; // don't\nconst re = /'/",
			want},
		"open string after":  {`const c = {aws_project_region: 'r'}; const d = "`, want},
		"open comment after": {`const c = {aws_project_region: 'r'}; /* const d = `, want},
		"line comments": {"// it's = {aws_x: 1}\n// \"\nmodule.exports = {// it's " +
			"{\naws_project_region: 'r'// }\n}", want},
		"block comments": {"/* it's = {aws_x: 1} \" /* */ module.exports = {/* } " +
			"*/aws_project_region/**/:/*\n*/'r'/* ' */,/**/}", want},
		"URL in a string": {
			`const u = "http://x/={"; const v = '/*'; module.exports = {aws_project_region: 'r'}`,
			want,
		},
		"template before": {"const t = `it's ={aws_x: ${1}\n\\``; module.exports = " +
			"{aws_project_region: 'r'}", want},
		"escapes": {
			`a={aws:'\'"\"\n\r\t\b\f\\\/\u00e9\x41\ud83d\ude00 \\x41 \\u0041'}`,
			`{"aws":"'\"\"\n\r\t\b\f\\/éA😀 \\x41 \\u0041"}`,
		},
		"escapes, other quotes": {`a={aws:"'\'\"\n\r\t\b\f\\\/\u00E9\x41"}`,
			`{"aws":"''\"\n\r\t\b\f\\/éA"}`},
		"keys": {`a={aws:1,$_9:2,'b c':3,"d":4,true:5,null:6,é:7}`, ""},
		"quoted keys": {`a={aws:1,$_9:2,'b c':3,"d":4,true:5,null:6,"é":7,"":8,'\x41':9}`,
			`{"aws":1,"$_9":2,"b c":3,"d":4,"true":5,"null":6,"é":7,"":8,"A":9}`},
		"values": {`a={aws:[0,-1,2.5,1e3,-1.5E-2,true,false,null,[],{},[[]],],b:{c:{},},}`,
			`{"aws":[0,-1,2.5,1000,-0.015,true,false,null,[],{},[[]]],"b":{"c":{}}}`},
	} {
		got, err := parseLiteral(test.script)
		if test.want == "" {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			continue
		}
		var want any
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(name, err)
		}
		if err != nil || !reflect.DeepEqual(plain(got), want) {
			t.Errorf("%s: %v, %v, want %v", name, plain(got), err, want)
		}
	}
}

const (
	errValue  = "expected a string in quotes, a number, true, false or null: nothing is evaluated"
	errKey    = "expected a key"
	errEscape = "the string that starts here has an unknown escape or a control character"
	errEnds   = "the text is incomplete"
	errNone   = "the file has neither a JSON object nor a script of Amplify"
)

// computed returns the error for a value or statement that only running the script would show.
func computed(construct string) string {
	return construct + " cannot be read: nothing is evaluated"
}

func TestSyntaxErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		// no object
		{"", errNone},
		{" \n", errNone},
		{"// {\n", errNone},
		{"aws_region: us-east-1", errNone},
		{`"text"`, errNone},
		{"17", errNone},
		{"const a = {b: 1}", errNone},
		{"if (x) { aws_project_region }", errNone},
		{"[{\"aws_region\": \"r\"}]",
			"line 1, column 1: the file must hold an object, { ... }, not a list"},
		{"\n/* */ []", "line 2, column 7: the file must hold an object, { ... }, not a list"},

		// the ends
		{"{", errEnds},
		{`{"a`, errEnds},
		{`{"a\`, errEnds},
		{`{"a"`, errEnds},
		{`{"a":`, errEnds},
		{`{"a": "b`, errEnds},
		{`{"a": [`, errEnds},
		{`{"a": [1,`, errEnds},
		{`{"a": tru`, `line 1, column 7: ` + errValue},
		{`{"a": "b"`, errEnds},
		{`{"a": "b",`, errEnds},
		{"a = {aws: 'b'", errEnds},
		{"a = 'b", errEnds},
		{"a = `b", errEnds},
		{`{"a": 1 /* }`, "line 1, column 9: the comment that starts here is not closed"},
		{"a = {aws: 1 /* }", "line 1, column 13: the comment that starts here is not closed"},
		{"\n/* ", "line 2, column 1: the comment that starts here is not closed"},
		{`{"a": 1} {"b": 2}`, "line 1, column 10: unexpected text after the object"},
		{`{"a": 1};`, "line 1, column 9: unexpected text after the object"},
		{"{\"a\": 1}\n}", "line 2, column 1: unexpected text after the object"},

		// members
		{`{,}`, "line 1, column 2: " + errKey},
		{`{"a": 1,, "b": 2}`, "line 1, column 9: " + errKey},
		{`{1.5: 1}`, "line 1, column 3: expected a colon after the key"},
		{`{-1: 1}`, "line 1, column 2: " + errKey},
		{`{...a}`, "line 1, column 2: " + computed("spread syntax (...)")},
		{`{[a]: 1}`, "line 1, column 2: " + errKey},
		{`{"é" 1}`, "line 1, column 6: expected a colon after the key"},
		{`{a = 1}`, "line 1, column 4: expected a colon after the key"},
		{`{a() {}}`, "line 1, column 3: expected a colon after the key"},
		{`{a-b: 1}`, "line 1, column 3: expected a colon after the key"},
		{`{"a": 1 "b": 2}`, "line 1, column 9: expected a comma or }"},
		{`{"a": 1; "b": 2}`, "line 1, column 8: expected a comma or }"},
		{`{"a": [1 2]}`, "line 1, column 10: expected a comma or ]"},
		{`{"a": [1}`, "line 1, column 9: expected a comma or ]"},
		{`{"a": [,]}`, "line 1, column 8: " + errValue},
		{`{"a": "b" + c}`, "line 1, column 7: " + computed("concatenation with +")},
		{`{"a" + "b": "c"}`, "line 1, column 6: expected a colon after the key"},
		{`{"a": f("b")}`, "line 1, column 7: " + computed("a function call")},
		{"{\r\n\t\"a\": 1,\r\n\t\"b\": 2,\r\n\t\"a\": 3\r\n}",
			`line 4, column 2: duplicate key "a"`},
		{`{"a": {"b": 1, "c": 2, b: 3}}`, `line 1, column 24: duplicate key "b"`},
		{`{"A": 1, "\u0041": 2}`, `line 1, column 10: duplicate key "A"`},
		{`{"__proto__": 1, __proto__: 2}`, `line 1, column 18: duplicate key "__proto__"`},

		// values
		{`{"a": }`, "line 1, column 7: " + errValue},
		{`{"a": undefined}`, "line 1, column 7: " + errValue},
		{`{"a": process.env.REGION}`, "line 1, column 7: " + computed("process.env")},
		{`{"a": NaN}`, "line 1, column 7: " + errValue},
		{`{"a": True}`, "line 1, column 7: " + errValue},
		{`{"a": 01}`, "line 1, column 7: " + errValue},
		{`{"a": .5}`, "line 1, column 7: " + errValue},
		{`{"a": 0x10}`, "line 1, column 7: " + errValue},
		{`{"a": 1_000}`, "line 1, column 7: " + errValue},
		{`{"a": 1e999}`, "line 1, column 7: " + errValue},
		{`{"a": -}`, "line 1, column 7: " + errValue},
		{`{"a": us-east-1}`, "line 1, column 7: " + errValue},
		{"{\"a\": `b${c}`}", "line 1, column 7: " + computed("a string with ${")},
		{"a = {aws_x: `us-${b}-1`}", "line 1, column 13: " + computed("a string with ${")},
		{"a = {\n  aws_project_region: process.env.REGION,\n}",
			"line 2, column 23: " + computed("process.env")},
		{"const a = {aws_x: 1};\nconst b = {aws_x: 2};",
			"line 2, column 11: a second object with AWS keys starts here: leave only one in the " +
				"file"},
		{"const a = {aws_x: 1};\nconst b = {aws_x: f()};",
			"line 2, column 19: " + computed("a function call")},

		// strings
		{"{\"a\": \"b\nc\"}", "line 1, column 9: the string is not closed on its line"},
		{"{\"a\": \"b\rc\"}", "line 1, column 7: " + errEscape},
		{"{\"a\": \"b\tc\"}", "line 1, column 7: " + errEscape},
		{"{'a': 'b\\\nc'}", "line 1, column 7: " + errEscape},
		{"{'a': 'b\\\r\nc'}", "line 1, column 11: the string is not closed on its line"},
		{`{"a": "\q"}`, "line 1, column 7: " + errEscape},
		{`{"a": "\0"}`, "line 1, column 7: " + errEscape},
		{`{"a": "\v"}`, "line 1, column 7: " + errEscape},
		{`{"a": "\x4"}`, "line 1, column 7: " + errEscape},
		{`{"a": "\x4g"}`, "line 1, column 7: " + errEscape},
		{`{"a": "\u12"}`, "line 1, column 7: " + errEscape},
		{`{"a": "\u{41}"}`, "line 1, column 7: " + errEscape},
		{`{"a": "\ud83d"}`, "line 1, column 7: " + errEscape},
		{`{"a": "\ude00\ud83d"}`, "line 1, column 7: " + errEscape},
		{`{"\ud83d": 1}`, "line 1, column 2: " + errEscape},
		{"a = 'b\nc'; d = {aws_x: 1}", "line 1, column 7: the string is not closed on its line"},

		// bytes
		{"{\"a\": \"\xff\"}", "the file is not UTF-8 text at byte offset 7: save it as UTF-8"},
		{"{\"a\": \"é\xc3\"}", "the file is not UTF-8 text at byte offset 9: save it as UTF-8"},
		{"{\"a\": \"\xed\xa0\xbd\"}",
			"the file is not UTF-8 text at byte offset 7: save it as UTF-8"},
		{"\xff\xfe{\x00\"\x00", "the file is not UTF-8 text at byte offset 0: save it as UTF-8"},
		{"{\x00\"\x00", "the file is not UTF-8 text at byte offset 1: save it as UTF-8"},
		{"{\"a\": \"b\"}\x00", "the file is not UTF-8 text at byte offset 10: save it as UTF-8"},
		{"\uFEFF\uFEFF{}", errNone},
		{"\u00a0{}", errNone},
	} {
		o, err := parseLiteral(test.text)
		if o != nil && err != nil {
			t.Errorf("%q: both %v and %v", test.text, o, err)
		}
		if err == nil || err.Error() != test.want {
			t.Errorf("%q:\n got %v\nwant %s", test.text, err, test.want)
		}
	}
}

// A nesting depth of 64 is accepted, and 65 is refused.
func TestDepth(t *testing.T) {
	for _, nest := range []struct{ open, inner, end string }{{`{"a":`, `{}`, `}`},
		{`[`, `[]`, `]`}} {
		for _, test := range []struct {
			n  int
			ok bool
		}{{maxDepth - 2, true}, {maxDepth - 1, false}} {
			text := `{"b":` + strings.Repeat(nest.open, test.n) + nest.inner +
				strings.Repeat(nest.end, test.n) + `}`
			_, err := parseLiteral(text)
			if (err == nil) != test.ok {
				t.Errorf("%d of %s: %v", test.n+2, nest.open, err)
			}
			if err != nil &&
				!strings.HasSuffix(err.Error(),
					": objects and lists are nested more than 64 deep") {
				t.Error(err)
			}
		}
	}
}

// decode returns the value that encoding/json reads from a text. It also reports what encoding/json
// accepts and this package refuses: whether an object has a duplicate name, and the depth of
// nesting.
func decode(data []byte) (value any, twice bool, depth int, err error) {
	err = json.Unmarshal(data, &value)
	decoder := json.NewDecoder(bytes.NewReader(data))
	var walk func(level int)
	walk = func(level int) {
		depth = max(depth, level)
		token, err := decoder.Token()
		if err != nil {
			return
		}
		switch token {
		case json.Delim('{'):
			names := map[string]bool{}
			for decoder.More() {
				name, _ := decoder.Token()
				s, _ := name.(string)
				twice = twice || names[s]
				names[s] = true
				walk(level + 1)
			}
			decoder.Token()
		case json.Delim('['):
			for decoder.More() {
				walk(level + 1)
			}
			decoder.Token()
		}
	}
	walk(0)
	return value, twice, depth, err
}

// FuzzLiteral checks that every JSON object is read as encoding/json reads it, except for duplicate
// names and deep nesting, which are refused.
func FuzzLiteral(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal("no files", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"a\u0041\/\"\\":[0,-1,2.5e-3,true,false,null,{},[]],"b":{"c":"\ud83d\ude00"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxFile || !json.Valid(data) || !bytes.HasPrefix(data, []byte("{")) {
			return
		}
		want, twice, depth, theirs := decode(data)
		got, err := parseLiteral(string(data))
		switch {
		case err == nil && (twice || depth > maxDepth || !utf8.Valid(data)):
			t.Fatalf("accepted: twice %v, depth %d", twice, depth)
		case err == nil && !reflect.DeepEqual(plain(got), want):
			t.Fatalf("%v, want %v", plain(got), want)
		case err == nil, twice, depth > maxDepth, !utf8.Valid(data):
		case theirs != nil && errors.Unwrap(err).Error() == errValue: // a number too large for both
		// half a surrogate pair, or \ufffd
		case bytes.Contains(data, []byte(`\u`)) && errors.Unwrap(err).Error() == errEscape:
		default:
			t.Fatalf("refused: %v", err)
		}
	})
}
