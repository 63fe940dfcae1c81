package cognito

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// DefaultEnvironment is the name that [ParseEnvironments] gives to the environment of a file that holds only one.
const DefaultEnvironment = "default"

const (
	maxEnvironments = 1 << 20 // bytes of a file
	maxDepth        = 64      // objects and lists within each other
)

// ParseEnvironments reads the environments that a configuration file holds, by name. The format is recognised by content:
//
//   - environments by name, {"DEV": {"aws_region": ..., "user_pool_id": ...}, "PROD": {...}}, with the keys that
//     [Environment] documents; an unknown or repeated key is an error. One environment may also stand alone.
//   - amplify_outputs.json (AWS Amplify Gen 2).
//   - amplifyconfiguration.json and awsconfiguration.json (AWS Amplify Gen 1 and the AWS Mobile SDKs).
//   - aws-exports.js and aws-exports.json (AWS Amplify JavaScript).
//
// What stands alone is called [DefaultEnvironment]. The values are not checked here: see [Environment.Validate].
func ParseEnvironments(data []byte) (map[string]Environment, error) {
	if len(data) > maxEnvironments {
		return nil, fmt.Errorf("cognito: the configuration has more than %d bytes", maxEnvironments)
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if !bytes.HasPrefix(data, []byte("{")) {
		var err error
		if data, err = jsonFromScript(data); err != nil {
			return nil, err
		}
	}
	file, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("cognito: the configuration: %w", err)
	}
	found, err := file.environments()
	if err != nil {
		return nil, fmt.Errorf("cognito: the configuration: %w", err)
	}
	if len(found) == 0 {
		return nil, errors.New("cognito: the configuration holds no environment")
	}
	return found, nil
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
	if name == "" {
		return Environment{}, fmt.Errorf("cognito: the configuration has several environments: choose one of %s", strings.Join(names, ", "))
	}
	return Environment{}, fmt.Errorf("cognito: the configuration has no environment %q: it has %s", name, strings.Join(names, ", "))
}

// object is a JSON object that remembers no order but refuses a name that comes twice.
type object map[string]any

func (file object) environments() (map[string]Environment, error) {
	auth, _ := file["auth"].(object)
	switch {
	case auth["user_pool_id"] != nil:
		return file.amplifyOutputs()
	case auth["plugins"] != nil:
		plugin, _ := auth.at("plugins", "awsCognitoAuthPlugin")
		return file.amplifyConfiguration(plugin)
	case file["CognitoUserPool"] != nil, file["CredentialsProvider"] != nil:
		return file.amplifyConfiguration(file)
	case file["aws_project_region"] != nil, file["aws_user_pools_id"] != nil, file["aws_cognito_identity_pool_id"] != nil:
		return file.awsExports()
	}
	alone := false
	for name, value := range file {
		if _, ok := value.(object); !ok || name == "endpoints" {
			alone = true
		}
	}
	if alone {
		e, err := file.environment(DefaultEnvironment)
		return map[string]Environment{DefaultEnvironment: e}, err
	}
	found := make(map[string]Environment)
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(file)) {
		e, err := file[name].(object).environment(name)
		found[name] = e
		wrong = append(wrong, err)
	}
	return found, errors.Join(wrong...)
}

// environment reads the documented keys and refuses others: a misspelt one would be lost silently.
func (o object) environment(name string) (Environment, error) {
	var e Environment
	flat := maps.Clone(o)
	if ends, ok := flat["endpoints"].(object); ok {
		delete(flat, "endpoints")
		for key, value := range ends {
			flat["endpoints."+key] = value
		}
	}
	var wrong []error
	var known []string
	for _, f := range e.fields() {
		known = append(known, f.key)
		if value, ok := flat[f.key]; ok {
			wrong = append(wrong, text(f.value, value, name, f.key))
			delete(flat, f.key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(flat)) {
		wrong = append(wrong, fmt.Errorf("environment %q: unknown key %q: known are %s", name, key, strings.Join(known, ", ")))
	}
	return e, errors.Join(wrong...)
}

// text stores a value that must be a string; null counts as absent. The value is not repeated: it may be a secret.
func text(to *string, value any, where, key string) error {
	s, ok := value.(string)
	if !ok && value != nil {
		return fmt.Errorf("environment %q: %s must be a string", where, key)
	}
	*to = s
	return nil
}

// at follows names down through objects.
func (o object) at(names ...string) (object, bool) {
	for _, name := range names {
		next, ok := o[name].(object)
		if !ok {
			return nil, false
		}
		o = next
	}
	return o, true
}

// parseObject decodes JSON. encoding/json would keep the last of two members of one name, and nest without end.
func parseObject(data []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	value, err := parseValue(decoder, 0)
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = errors.New("the JSON text ends too soon")
		}
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more text follows the JSON object")
	}
	o, ok := value.(object)
	if !ok {
		return nil, errors.New("is not a JSON object")
	}
	return o, nil
}

func parseValue(decoder *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested more than %d deep", maxDepth)
	}
	token, err := decoder.Token()
	if err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) { // its own text can repeat a character of a secret, no more
			return nil, fmt.Errorf("is not JSON at byte %d", syntax.Offset)
		}
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			key, _ := name.(string)
			if _, twice := o[key]; twice {
				return nil, fmt.Errorf("the key %q comes twice", key)
			}
			if o[key], err = parseValue(decoder, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := decoder.Token()
		return o, err
	case json.Delim('['):
		var list []any
		for decoder.More() {
			value, err := parseValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := decoder.Token()
		return list, err
	}
	return token, nil
}
