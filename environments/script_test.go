package environments

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
)

// amplifyScript is what Amplify's command line writes, without the last line.
const amplifyScript = `const awsmobile = {
	"aws_project_region": "eu-west-1",
	"aws_user_pools_id": "eu-west-1_AbCdEfGhI",
	"aws_user_pools_web_client_id": "1example23456789abcdefghij"
};
`

// Scripts whose configuration only an engine could compute are refused, and the error names the
// construct and its line.
func TestScriptRefusesComputed(t *testing.T) {
	value := func(expression string) string {
		return "export default {\naws_user_pools_id: " + expression + ",\naws_project_region: 'r'}"
	}
	for _, test := range []struct{ name, script, want string }{
		// values
		{"process.env", value("process.env.POOL"), "line 2, column 20: process.env"},
		{"import.meta.env", value("import.meta.env.POOL"), "line 2, column 20: import.meta"},
		{"function call", value("pool('x')"), "line 2, column 20: a function call"},
		{"method of a string", value("'x'.trim()"), "line 2, column 20: a function call"},
		{"function", value("() => 'x'"), "line 2, column 20: a function"},
		{"conditional", value("live ? 'x' : 'y'"), "line 2, column 20: a conditional"},
		{"conditional of a string", value("'x' ? 'x' : 'y'"), "line 2, column 20: a conditional"},
		{"or", value("'' || 'x'"), "line 2, column 20: a logical operator"},
		{"nullish", value("id ?? 'x'"), "line 2, column 20: a conditional"},
		{"template", value("`x${y}`"), "line 2, column 20: a string with ${"},
		{"template, joined", value("'a' + `x${y}`"), "line 2, column 26: a string with ${"},
		{"concatenation", value("'x' + y"), "line 2, column 20: concatenation"},
		{"concatenation, variable first", value("y + 'x'"), "line 2, column 20: concatenation"},
		{"spread", "export default {\n...base,\naws_user_pools_id: 'x'}",
			"line 2, column 1: spread"},
		{"spread at the end", "export default {aws_user_pools_id: 'x',\n...base}",
			"line 2, column 1: spread"},
		{"prototype", "export default {aws_project_region: 'r',\n__proto__: base}",
			"line 2, column 1: __proto__"},
		{"undefined variable", value("undefinedPool"), "line 2, column 20: expected a string"},
		{"spread in a list", value("[...ids]"), "line 2, column 21: spread"},
		{"variable", value("POOL"), "line 2, column 20: expected a string in quotes"},
		{"member", value("config.pool"), "line 2, column 20: expected a string in quotes"},
		{"before the pool's key", "Amplify.configure({Auth: {\nregion: REGION, userPoolId: 'x'}})",
			"line 2, column 9: expected a string in quotes"},
		{"in Amplify.configure", "Amplify.configure({Auth: {Cognito: {\n" +
			"userPoolId: process.env.POOL}}})", "line 2, column 13: process.env"},

		// statements
		{"HTML comment", amplifyScript + "<!-- awsmobile", "line 6, column 1: <!--"},
		{"HTML comment before", "\n<!-- hidden\n" + amplifyScript, "line 2, column 1: <!--"},
		{"HTML comment inside", "export default {\n<!-- x\naws_user_pools_id: 'x'}",
			"line 2, column 1: <!--"},
		{"HTML comment in JSON", "{\"aws_user_pools_id\": \"x\"\n<!-- }", "line 2, column 1: <!--"},
		{"assignment", amplifyScript + "awsmobile.aws_user_pools_id = 'x';",
			"line 6, column 1: an assignment to awsmobile.aws_user_pools_id"},
		{"assignment below", amplifyScript + "awsmobile.oauth.domain = 'x';",
			"line 6, column 1: an assignment to awsmobile.oauth.domain"},
		{"assignment in brackets", amplifyScript + "awsmobile['aws_user_pools_id'] = 'x';",
			"line 6, column 1: an assignment to awsmobile"},
		{"assignment in brackets, variable", amplifyScript + "awsmobile[key] = 'x';",
			"line 6, column 1: an assignment to awsmobile"},
		{"assignment of another operator", amplifyScript + "awsmobile.oauth ||= {};",
			"line 6, column 1: an assignment to awsmobile.oauth"},
		{"assignment in a block", amplifyScript + "if (live) { awsmobile.oauth = {} }",
			"line 6, column 13: an assignment to awsmobile.oauth"},
		{"assignment before", "function f() {\nc.aws_user_pools_id = 'x' }\n" + amplifyScript,
			"line 2, column 1: an assignment to c.aws_user_pools_id"},
		{"assignment of another name", amplifyScript + "const c = awsmobile; c.Auth = {};",
			"line 6, column 22: an assignment to c.Auth"},
		{"assignment of the variable", amplifyScript + "awsmobile = other;",
			"line 6, column 1: an assignment to awsmobile"},
		{"assignment of the export", "module.exports = {aws_user_pools_id: 'x'};\n" +
			"module.exports.oauth = f()",
			"line 2, column 1: an assignment to module.exports.oauth"},
		{"assignment after a quote", amplifyScript + "const re = /'/\nawsmobile.oauth = 1",
			"line 7, column 1: an assignment to awsmobile.oauth"},
		{"delete", amplifyScript + "delete awsmobile.oauth",
			"line 6, column 8: an assignment to awsmobile.oauth"},
		{"Object.assign", amplifyScript + "export default Object.assign({}, awsmobile, more)",
			"line 6, column 16: Object.assign"},
		{"Object.assign around", "export default Object.assign({aws_user_pools_id: 'x'}, more)",
			"line 1, column 16: Object.assign"},
		{"spread with settings", amplifyScript + "Amplify.configure({\n...awsmobile, Auth: {" +
			"endpoint: 'https://example.com'}})", "line 7, column 1: spread"},
		{"conditional export", amplifyScript + "export default live ? awsmobile : other",
			"line 6, column 21: a conditional"},
		{"conditional export, other first", amplifyScript + "export default test\n" +
			"  ? other\n  : awsmobile", "line 7, column 3: a conditional"},
		{"conditional argument", amplifyScript + "Amplify.configure(live ? awsmobile : other)",
			"line 6, column 24: a conditional"},
		{"nullish export", amplifyScript + "export default window.config ?? awsmobile",
			"line 6, column 31: a conditional"},
		{"conditional literal", "const c = live ? {aws_user_pools_id: 'x'} : other",
			"line 1, column 16: a conditional"},
		{"conditional literal, second", "const c = live ? other : {aws_user_pools_id: 'x'}",
			"line 1, column 16: a conditional"},
		{"conditional literals", "const c = live ?\n{aws_user_pools_id: 'x'} : " +
			"{aws_user_pools_id: 'y'}", "line 1, column 16: a conditional"},

		// Dart
		{"interpolation", "const c = '''{\"aws_user_pools_id\": \"$pool\"}''';",
			"line 1, column 11: a string with $"},
		{"interpolation on a line", `const c = '{"aws_user_pools_id": "${pool}"}';`,
			"line 1, column 11: a string with $"},
		{"concatenation in Dart", `const c = '{"aws_user_pools_id": "' + pool + '"}';`,
			"line 1, column 11: in the string that starts here: the text is incomplete"},
		{"two configurations", "const a = r'''{\"aws_user_pools_id\": \"x\"}''';\n" +
			"const b = r'''{\"aws_user_pools_id\": \"y\"}''';",
			"line 2, column 12: a second object with AWS keys"},
		{"duplicate key in a string", "const c = r'''{\"aws_user_pools_id\": \"x\",\n" +
			"\"aws_user_pools_id\": \"y\"}''';",
			"line 1, column 11: in the string that starts here: line 2, column 1: duplicate key"},
	} {
		got, err := Parse([]byte(test.script))
		if err == nil || !strings.HasPrefix(err.Error(), "environments: "+test.want) {
			t.Errorf("%s: Parse = %v, %v, want an error that starts with %q", test.name, got, err,
				test.want)
		}
	}
}

// Text around a configuration does not matter, unless it changes the configuration.
func TestScriptAround(t *testing.T) {
	want := cognito.Environment{
		Region:     "eu-west-1",
		UserPoolID: "eu-west-1_AbCdEfGhI",
		ClientID:   "1example23456789abcdefghij",
	}
	object := strings.TrimSuffix(strings.TrimPrefix(amplifyScript, "const awsmobile = "), ";\n")
	oneLine := strings.NewReplacer("\n", " ", "\t", " ").Replace(object)
	templates := strings.NewReplacer(`: "`, ": `", `",`, "`,", "\"\n", "`\n")
	for name, script := range map[string]string{
		"as const": "export const config = " + object + " as const satisfies Config;",
		"types of a setting": "export type Config = { userPoolId: string; aws_x: number };\n" +
			amplifyScript,
		"types":             "type T = { a?: string; b: number | null };\n" + amplifyScript,
		"optional argument": "function f(a?: string, b?) { return a?.b ?? 1 }\n" + amplifyScript,
		"class": "class A { constructor() { this.x = 1 } }\n" + amplifyScript +
			"export default awsmobile;",
		"conditional elsewhere": amplifyScript + "export default awsmobile;\n" +
			"export const title = live ? 'a' : 'b';",
		"conditional before": "const title = live ? 'a' : 'b'\n" + amplifyScript,
		"comparison":         amplifyScript + "if (awsmobile.oauth == null || x) { f() }",
		"arrow":              amplifyScript + "export default () => awsmobile",
		"comments":           amplifyScript + "// awsmobile.oauth = 1\n/* Object.assign <!-- */",
		"strings":            amplifyScript + `const s = "awsmobile.oauth = 1, Object.assign <!--"`,
		"line ends": strings.ReplaceAll(strings.ReplaceAll("// old\n"+amplifyScript, "\n",
			" // x\r"), "\t", "\u00a0\f\v"),
		"line separators": strings.ReplaceAll("// \n"+amplifyScript, "\n", "\u2028\ufeff"),
		"undefined": strings.Replace(amplifyScript, "{", "{aws_user_files_s3_bucket: undefined,",
			1),
		"harmless spread": amplifyScript + "Amplify.configure({...awsmobile, ssr: true});",
		"TypeScript's CommonJS": "Object.defineProperty(exports, \"__esModule\", " +
			"{ value: true });\n" + amplifyScript + "exports.default = awsmobile;",
		"assignment of another object": amplifyScript +
			"window.LOG_LEVEL = 'DEBUG'; Amplify.Logger.LOG_LEVEL = 'INFO';",
		"regular expression": amplifyScript + `const re = /["'\/]/.test(x) ? 1 : 2`,
		"joined": "export default " + strings.ReplaceAll(object, "eu-west-1_A",
			"eu-\" +\n 'west' + `-1_A`+\""),
		"template":              "export default " + templates.Replace(object),
		"JSON.parse":            "export default JSON.parse('" + oneLine + "')",
		"Dart":                  "// a\nimport 'package:a.dart';\nvar c = '''" + object + "''';",
		"Dart, raw":             "const c = r'''" + object + "''';",
		"Dart, other":           "final String c = r\"\"\"" + object + "\"\"\";",
		"Dart, on one line":     "const c = '" + oneLine + "';",
		"Dart, raw on one line": "const c = r'" + oneLine + "';",
		"Dart, escapes":         "const c = \"" + strings.ReplaceAll(oneLine, `"`, `\"`) + "\";",
		"Dart, adjacent":        "const c = '{' r'''" + object[1:] + "''' ' ';",
		"Dart, joined":          "const c = '{' +\n '" + strings.TrimPrefix(oneLine, "{") + "';",
		"Dart, dollar":          "const c = ''' " + `{"a": "\$",` + object[1:] + "''';",
		"Dart, nullable":        "final String? c = r'''" + object + "''';",
		"Dart, getter":          "String get config => '''" + object + "''';",
	} {
		got, err := Parse([]byte(script))
		if err != nil || len(got) != 1 || got[Default] != want {
			e := got[Default]
			t.Errorf("%s: Parse = %q, %q, %v", name, e.UserPoolID, e.Region, err)
		}
	}
}
