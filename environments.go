package cognito

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DefaultEnvironment is the name that [ParseEnvironments] gives to the environment of a file that holds only one.
const DefaultEnvironment = "default"

const (
	maxConfiguration = 1 << 20 // bytes of a file
	maxListed        = 16      // problems in one error, names in one message
)

// ParseEnvironments reads the environments that a configuration file holds, by name. The format is recognised by content:
//
//   - environments by name, {"DEV": {"aws_region": ..., "user_pool_id": ...}, "PROD": {...}}, with the keys that
//     [Environment] documents; an unknown key is an error. One environment may also stand alone.
//   - amplify_outputs.json (AWS Amplify Gen 2).
//   - amplifyconfiguration.json and awsconfiguration.json (AWS Amplify Gen 1 and the AWS Mobile SDKs): one environment
//     for each entry of CognitoUserPool.
//   - aws-exports.js and aws-exports.json (AWS Amplify Gen 1, JavaScript).
//
// What stands alone or is called Default is [DefaultEnvironment]. Other keys of Amplify's files are left alone, among them
// the bucket's own Region, which package s3list finds out.
//
// The text is UTF-8, at most 1 MiB: JSON, in which comments, trailing commas and what else an object literal of
// JavaScript may have are accepted too, or a script that assigns, passes or exports one such literal. Nothing is
// evaluated. A key that comes twice is an error. Errors name lines and keys, and repeat no values. The values are not
// checked here: see [Environment.Validate].
func ParseEnvironments(data []byte) (map[string]Environment, error) {
	if len(data) > maxConfiguration {
		return nil, fmt.Errorf("cognito: configuration: the file has more than %d bytes", maxConfiguration)
	}
	file, err := parseConfiguration(string(data))
	if err != nil {
		return nil, fmt.Errorf("cognito: configuration: %w", err)
	}
	c := configuration{file: file, found: make(map[string]Environment)}
	c.read()
	if len(c.found) == 0 && c.wrong == nil {
		c.fail("there is no environment in it")
	}
	if c.wrong != nil {
		return nil, errors.Join(c.wrong...)
	}
	return c.found, nil
}

// SelectEnvironment returns the environment of that name. An empty name means the only one there is.
func SelectEnvironment(environments map[string]Environment, name string) (Environment, error) {
	if e, ok := environments[name]; ok {
		return e, nil
	}
	names := slices.Sorted(maps.Keys(environments))
	if name == "" && len(names) == 1 {
		return environments[names[0]], nil
	}
	problem := "several environments"
	if len(names) == 0 {
		return Environment{}, errors.New("cognito: the configuration has no environments")
	} else if name != "" {
		problem = fmt.Sprintf("no environment %.64q", name)
	}
	return Environment{}, fmt.Errorf("cognito: the configuration has %s: choose one of %s", problem, list(names))
}

// list writes names, which are somebody else's choice, on one line of bearable length.
func list(names []string) string {
	var b strings.Builder
	for i, name := range names[:min(len(names), maxListed)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strings.Trim(fmt.Sprintf("%.64q", name), `"`))
	}
	return b.String()
}

// configuration is a file, what was found in it, and what is wrong with it.
type configuration struct {
	file  object
	found map[string]Environment
	wrong []error
}

func (c *configuration) fail(format string, args ...any) {
	err := fmt.Errorf("cognito: configuration: "+format, args...)
	if n := len(c.wrong); n < maxListed && (n == 0 || c.wrong[n-1].Error() != err.Error()) {
		c.wrong = append(c.wrong, err)
	}
}

// add keeps the environment of that name.
func (c *configuration) add(name string, e Environment) {
	if name == "Default" {
		name = DefaultEnvironment
	}
	if _, twice := c.found[name]; twice {
		c.fail("two environments are called %.64q: rename one", name)
	} else if c.wrong == nil && (name == "" || e == Environment{}) {
		c.fail("environment %.64q has no name or no settings: fill it in or leave it out", name)
	}
	c.found[name] = e
}

// read finds the environments in whichever format the file has.
func (c *configuration) read() {
	_, version := c.file["version"].(string)
	has := func(key string) bool { _, ok := c.file[key]; return ok }
	switch {
	case c.object("auth")["plugins"] != nil:
		c.readMobile("auth", "plugins", "awsCognitoAuthPlugin")
	case c.object("auth")["user_pool_client_id"] != nil, version:
		c.readOutputs()
	case has("CognitoUserPool"), has("CredentialsProvider"):
		c.readMobile()
	case has("aws_project_region"), has("aws_user_pools_id"), has("aws_cognito_identity_pool_id"):
		c.readExports()
	case slices.ContainsFunc(keys(""), has):
		c.readEnvironment(DefaultEnvironment)
	default:
		for _, name := range slices.Sorted(maps.Keys(c.file)) {
			if _, ok := c.file[name].(object); ok {
				c.readEnvironment(name, name)
			} else {
				c.fail("%.64q is neither an environment nor a key of one, which are %s", name, list(keys("")))
			}
		}
	}
}

// keys lists the JSON keys of an environment, or those that follow a prefix.
func keys(prefix string) (known []string) {
	for _, f := range new(Environment).fields() {
		key, ok := strings.CutPrefix(f.key, prefix)
		if key, _, _ = strings.Cut(key, "."); ok && !slices.Contains(known, key) {
			known = append(known, key)
		}
	}
	return known
}

// readEnvironment reads what stands at path, and refuses unknown keys: a misspelt one would be lost silently.
func (c *configuration) readEnvironment(name string, path ...string) {
	var e Environment
	for _, f := range e.fields() {
		c.text(f.value, path, strings.Split(f.key, ".")...)
	}
	c.refuseOthers(keys(""), path...)
	c.refuseOthers(keys("endpoints."), slices.Concat(path, []string{"endpoints"})...)
	c.add(name, e)
}

// refuseOthers refuses keys of the object at path that are not known.
func (c *configuration) refuseOthers(known []string, path ...string) {
	for _, key := range slices.Sorted(maps.Keys(c.object(path...))) {
		if !slices.Contains(known, key) {
			c.fail("%s is not known here: it can be %s", where(path, key), list(known))
		}
	}
}

// object returns the object at path, or nil.
func (c *configuration) object(path ...string) object {
	o := c.file
	for _, key := range path {
		o, _ = o[key].(object)
	}
	return o
}

// text stores the string at path, which goes on from base. What is missing or null leaves it as it is; what is not a
// string is refused, and not repeated, because it may be a secret.
func (c *configuration) text(to *string, base []string, path ...string) {
	var value any = c.file
	path = slices.Concat(base, path)
	for i, key := range path {
		o, ok := value.(object)
		if !ok && value != nil {
			c.fail("%s must be an object", where(path[:i]))
			return
		}
		value = o[key]
	}
	if s, ok := value.(string); ok {
		*to = s
	} else if value != nil {
		c.fail("%s must be a string in quotes", where(path))
	}
}

// where names a place in the file: "DEV.endpoints.sts".
func where(path []string, key ...string) string {
	return fmt.Sprintf("%.200q", strings.Join(slices.Concat(path, key), "."))
}
