// Package environments reads and writes the settings of [cognito.Environment] as files.
//
//	all, err := environments.Parse(data)         // what os.ReadFile returned
//	env, err := environments.Select(all, "PROD") // one of them, by name
//
// # Formats
//
// [Parse] recognizes the format of a file by its content:
//
//   - Environments by name: {"DEV": {"aws_region": ..., "user_pool_id": ...}, "PROD": {...}}, with
//     the keys that [cognito.Environment] documents. A file may also hold one environment without a
//     name. Unknown keys are errors. [Marshal] writes this format.
//   - amplify_outputs.json and .dart (AWS Amplify Gen 2).
//   - amplifyconfiguration.json and .dart, and awsconfiguration.json (AWS Amplify Gen 1 and the AWS
//     Mobile SDKs): one environment for each entry of CognitoUserPool.
//   - aws-exports.js and .json (AWS Amplify Gen 1, JavaScript), and scripts that call
//     Amplify.configure (versions 5 and 6).
//   - The outputs of a deployment: "terraform output -json", "terraform show -json" and the state,
//     "cdk deploy --outputs-file", "aws cloudformation describe-stacks" and "list-exports", "aws
//     ssm get-parameters", "sam list stack-outputs --output json", and an object of names and
//     values. Their authors chose the names, so a setting is recognized by the form of
//     its value and by parts of its name.
//
// A file in any format but the first has one environment, with the name [Default], unless it has
// names.
// Keys of Amplify that change where requests go are used, or are errors. Other keys that have no
// counterpart in [cognito.Environment] are ignored, among them the Region of the bucket, which
// package s3list discovers.
//
// # Text
//
// A file is text of at most 1 MiB, in UTF-8 or, with a byte order mark, in UTF-16: JSON, which may
// have comments, trailing commas and the other forms of a JavaScript object literal, or a script
// that assigns, passes or exports one such literal. Nothing is evaluated. A statement or a value
// that needs evaluation is an error, unless it is the value of an ignored key. Duplicate keys are
// errors. Errors name lines and keys, never values, because a value may be a secret. Values are not
// checked here: see [cognito.Environment.Validate].
package environments

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/bom"
)

// Default is the name of an environment that has no name in its file. The name "Default" in a file
// is changed to it.
const Default = "default"

const (
	maxFile   = 1 << 20 // bytes
	maxListed = 16      // problems in one error, names in one message
)

// Parse is [Import] without given settings and without notes.
func Parse(data []byte) (map[string]cognito.Environment, error) {
	found, _, err := Import(data, cognito.Environment{})
	return found, err
}

// Import returns the environments of a configuration file by name. In the outputs of a deployment
// it does not search for settings that given has.
//
// The notes name what Import left out: keys that it does not know, and optional settings for which
// several outputs fit. If several outputs fit the same ID or secret, the error is [ErrAmbiguous]
// and names them, and the caller can add the setting to given.
func Import(
	data []byte, given cognito.Environment,
) (found map[string]cognito.Environment, notes []string, err error) {
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("environments: the file has more than %d bytes", maxFile)
	}
	r := reader{given: given, found: make(map[string]cognito.Environment)}
	if data, err = bom.Decode(data); err == nil {
		r.file, err = parseLiteral(string(data))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("environments: %w", err)
	}
	r.read()
	if len(r.found) == 0 && r.problems == nil {
		r.failf("the file has no environment")
	}
	if r.problems != nil {
		return nil, r.notes, errors.Join(r.problems...)
	}
	return r.found, r.notes, nil
}

// Select returns the environment with the given name. An empty name selects the only environment.
func Select(all map[string]cognito.Environment, name string) (cognito.Environment, error) {
	if e, ok := all[name]; ok {
		return e, nil
	}
	names := slices.Sorted(maps.Keys(all))
	var problem string
	switch {
	case len(names) == 0:
		return cognito.Environment{}, errors.New("environments: the file has no environment")
	case name != "":
		problem = fmt.Sprintf("unknown environment %.64q", name)
	case len(names) == 1:
		return all[names[0]], nil
	default:
		problem = "there are several environments"
	}
	return cognito.Environment{}, fmt.Errorf("environments: %s: choose one of %s", problem,
		list(names))
}

// Marshal returns the file for which [Parse] returns all, as indented JSON. It includes client
// secrets, so the file must be readable by its owner only. Names that Parse would read differently
// are errors.
func Marshal(all map[string]cognito.Environment) ([]byte, error) {
	file := make(map[string]map[string]any)
	for name, e := range all {
		top, endpoints := make(map[string]any), make(map[string]string)
		for _, s := range e.Settings() {
			if *s.Value == "" {
				continue
			}
			if key, ok := strings.CutPrefix(s.Key, "endpoints."); ok {
				endpoints[key] = *s.Value
				top["endpoints"] = endpoints
			} else {
				top[s.Key] = *s.Value
			}
		}
		file[name] = top
	}
	data, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, err
	}
	again, err := Parse(data)
	if err != nil || !maps.Equal(again, all) {
		names := slices.Sorted(maps.Keys(all))
		return nil, fmt.Errorf("environments: choose another name than one of %s: "+
			"the file could not be read back", list(names))
	}
	return append(data, '\n'), nil
}

// list returns names on one line of bounded length. The names come from a file.
func list(names []string) string {
	quoted := make([]string, min(len(names), maxListed))
	for i := range quoted {
		quoted[i] = strings.Trim(fmt.Sprintf("%.64q", names[i]), `"`)
	}
	return strings.Join(quoted, ", ")
}

// A reader collects the environments of a file, and its problems.
type reader struct {
	file     object
	given    cognito.Environment // settings that are not searched for
	found    map[string]cognito.Environment
	notes    []string
	problems []error
}

func (r *reader) notef(format string, args ...any) {
	if len(r.notes) < maxListed {
		r.notes = append(r.notes, fmt.Sprintf(format, args...))
	}
}

func (r *reader) failf(format string, args ...any) {
	err := fmt.Errorf("environments: "+format, args...)
	n := len(r.problems)
	if n < maxListed && (n == 0 || r.problems[n-1].Error() != err.Error()) {
		r.problems = append(r.problems, err)
	}
}

// add adds an environment.
func (r *reader) add(name string, e cognito.Environment) {
	if name == "Default" {
		name = Default
	}
	if _, twice := r.found[name]; twice {
		r.failf("two environments have the name %.64q: rename one", name)
	} else if r.problems == nil && (name == "" || e == cognito.Environment{}) {
		r.failf("environment %.64q has no name or no settings: complete or remove it", name)
	}
	r.found[name] = e
}

// read reads the file in the format that it has.
func (r *reader) read() {
	_, version := r.file["version"].(string)
	has := func(paths ...string) bool {
		return slices.ContainsFunc(paths, func(path string) bool {
			keys := strings.Split(path, ".")
			last := len(keys) - 1
			_, ok := r.object(keys[:last]...)[keys[last]]
			return ok
		})
	}
	switch {
	case has("auth.plugins"):
		r.readTable(mobileKeys, "auth.plugins.awsCognitoAuthPlugin.")
	case version, has("auth.user_pool_client_id"):
		r.readTable(outputsKeys, "")
	case has("CognitoUserPool", "CredentialsProvider"):
		r.readTable(mobileKeys, "")
	case has("aws_project_region", "aws_user_pools_id", "aws_cognito_identity_pool_id",
		"Auth.userPoolId", "Auth.userPoolWebClientId", "Auth.identityPoolId",
		"Auth.Cognito.userPoolId", "Auth.Cognito.identityPoolId"):
		r.readTable(exportsKeys, "Auth.")
	case has("userPoolWebClientId", "Cognito.userPoolId", "Cognito.identityPoolId"):
		r.readTable(exportsKeys, "")
	case r.readDeployment():
	case has(keys("")...):
		r.readEnvironment(Default)
	default:
		for _, name := range slices.Sorted(maps.Keys(r.file)) {
			if _, ok := r.file[name].(object); ok {
				r.readEnvironment(name, name)
			} else {
				r.failf("%.64q is not an environment, nor a key of one: the keys are %s",
					name, list(keys("")))
			}
		}
	}
}

// keys returns the keys of an environment, or those that follow a prefix.
func keys(prefix string) (known []string) {
	for _, s := range new(cognito.Environment).Settings() {
		key, ok := strings.CutPrefix(s.Key, prefix)
		key, _, _ = strings.Cut(key, ".")
		if ok && !slices.Contains(known, key) {
			known = append(known, key)
		}
	}
	return known
}

// readEnvironment reads the object at path in the package's own format. An unknown key is an error,
// because it is probably a misspelled one.
func (r *reader) readEnvironment(name string, path ...string) {
	var e cognito.Environment
	for _, s := range e.Settings() {
		r.text(s.Value, path, strings.Split(s.Key, ".")...)
	}
	r.refuseUnknown(keys(""), path...)
	r.refuseUnknown(keys("endpoints."), slices.Concat(path, []string{"endpoints"})...)
	r.add(name, e)
}

func (r *reader) refuseUnknown(known []string, path ...string) {
	for _, key := range slices.Sorted(maps.Keys(r.object(path...))) {
		if !slices.Contains(known, key) {
			r.failf("%s is unknown: the keys are %s", where(path, key), list(known))
		}
	}
}

// object returns the object at path, or nil.
func (r *reader) object(path ...string) object {
	o := r.file
	for _, key := range path {
		o, _ = o[key].(object)
	}
	return o
}

// text sets *to to the string at path, which continues base. A missing or null value leaves *to
// unchanged. A value of another type is an error that does not quote it.
func (r *reader) text(to *string, base []string, path ...string) {
	var value any = r.file
	path = slices.Concat(base, path)
	for i, key := range path {
		o, ok := value.(object)
		if !ok && value != nil {
			r.failf("%s must be an object", where(path[:i]))
			return
		}
		value = o[key]
	}
	if s, ok := asText(strings.Join(path[len(base):], "."), value); ok {
		*to = s
	} else if value != nil {
		r.failf("%s must be a string in quotes", where(path))
	}
}

// asText returns the text of a setting. Those with several values may be lists.
func asText(setting string, value any) (text string, ok bool) {
	values, isList := value.([]any)
	if separator := separators[setting]; isList && separator != "" {
		texts := make([]string, len(values))
		for i := range values {
			if texts[i], ok = values[i].(string); !ok {
				return "", false
			}
		}
		return strings.Join(texts, separator), true
	}
	text, ok = value.(string)
	return text, ok
}

// separators has the settings for browser sign-in, and what separates their values. A domain is one
// value.
var separators = map[string]string{"domain": "", "redirect_uri": ",", "scopes": " "}

// valid reports whether a setting has a valid form.
func valid(setting, value string) bool {
	var alone cognito.Environment
	for _, s := range alone.Settings() {
		if s.Key == setting {
			*s.Value = value
		}
	}
	return alone.Validate() == nil
}

// where names a place in the file, such as "DEV.endpoints.sts".
func where(path []string, key ...string) string {
	return fmt.Sprintf("%.200q", strings.Join(slices.Concat(path, key), "."))
}
