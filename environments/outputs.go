package environments

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/loginwithcognito/cognito"
)

// Import returns the environments of a configuration file as [Parse] does, and reads also the JSON
// that "terraform output -json" and "cdk deploy --outputs-file" write. Outputs have names that
// their authors chose, so a setting is recognized by the form of its value and by parts of its
// name. They make one environment, named [Default].
//
// Settings that given has are not searched for. If several outputs can be the same setting, the
// error is [ErrAmbiguous] and names them, and the caller can add the setting to given.
func Import(data []byte, given cognito.Environment) (map[string]cognito.Environment, error) {
	if len(data) <= maxFile {
		if found := readOutputs(data); found != nil {
			e, err := pick(found, given)
			return map[string]cognito.Environment{Default: e}, err
		}
	}
	return Parse(data)
}

// ErrAmbiguous is the error of [Import] if several outputs can be the same setting.
var ErrAmbiguous = errors.New("choose one")

// An output is a value of a deployment. name is key in lower case, without the stack.
type output struct{ key, name, value string }

// readOutputs reads Terraform's outputs, {"name": {"value": ..., "type": ..., "sensitive": ...}},
// and CDK's, {"Stack": {"Name": "value"}}, whose names have letters and digits only. It returns nil
// for any other file.
func readOutputs(data []byte) (found []output) {
	var file map[string]map[string]any
	if json.Unmarshal(data, &file) != nil {
		return nil
	}
	terraform, cdk := true, true
	for _, entry := range file {
		_, value := entry["value"]
		_, sensitive := entry["sensitive"]
		terraform = terraform && value && sensitive
		for key, value := range entry {
			_, text := value.(string)
			// Keys of this package's own format are "endpoints", or have an underscore.
			cdk = cdk && text && key != "endpoints" && !strings.Contains(key, "_")
		}
	}
	for _, group := range slices.Sorted(maps.Keys(file)) {
		switch entry := file[group]; {
		case terraform:
			found = append(found, flatten(group, entry["value"])...)
		case cdk:
			for _, key := range slices.Sorted(maps.Keys(entry)) {
				value, _ := entry[key].(string)
				found = append(found, output{group + "." + key, strings.ToLower(key), value})
			}
		}
	}
	return found
}

// flatten returns the strings of an output, which may be an object or a list.
func flatten(key string, value any) (found []output) {
	switch v := value.(type) {
	case string:
		return []output{{key, strings.ToLower(key), v}}
	case map[string]any:
		for _, inner := range slices.Sorted(maps.Keys(v)) {
			found = append(found, flatten(key+"."+inner, v[inner])...)
		}
	case []any:
		for i, element := range v {
			found = append(found, flatten(key+"."+strconv.Itoa(i), element)...)
		}
	}
	return found
}

// plausible reports whether an output can be the setting with the given key, by its value if that
// is sufficient, or else also by its name, which is in lower case.
func plausible(key, name, value string) bool {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(name, s) })
	}
	is := func(names ...string) bool { return slices.Contains(names, name) }
	switch key {
	case "aws_region":
		return is("region", "awsregion", "aws_region")
	case "user_pool_id":
		return strings.Contains(value, "_") && strings.Contains(value, "-")
	case "identity_pool_id":
		return !strings.HasPrefix(value, "arn:") && strings.Contains(value, ":")
	case "client_id":
		return has("client") && !has("secret", "name", "arn") && isGenerated(value)
	case "client_secret":
		return has("client") && has("secret") && isGenerated(value)
	case "role_arn":
		return has("auth", "user", "cognito") && !has("unauth", "guest") ||
			is("role", "rolearn", "role_arn")
	case "bucket_name":
		return has("bucket") && !has("arn", "url", "domain", "region") &&
			value == strings.ToLower(value) && len(value) >= 3
	}
	return false
}

// isGenerated reports whether s looks like an id or a secret that Cognito generated, and not like a
// name.
func isGenerated(s string) bool {
	return len(s) >= 20 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz"+digits) == ""
}

// pick makes an environment of outputs. Its errors name keys, never values.
func pick(found []output, given cognito.Environment) (cognito.Environment, error) {
	var e cognito.Environment
	var ambiguous []error
	known := given.Settings()
	for i, s := range e.Settings() {
		if *known[i].Value != "" {
			continue
		}
		keys := map[string]string{} // by value
		for _, o := range found {
			var alone cognito.Environment
			*alone.Settings()[i].Value = o.value
			if o.value != "" && plausible(s.Key, o.name, o.value) && alone.Validate() == nil {
				*s.Value = o.value
				if keys[o.value] == "" {
					keys[o.value] = o.key
				}
			}
		}
		if len(keys) > 1 {
			ambiguous = append(ambiguous, fmt.Errorf("environments: each of %s can be %s: %w",
				strings.Join(slices.Sorted(maps.Values(keys)), ", "), s.Key, ErrAmbiguous))
		}
	}
	if ambiguous == nil && e == (cognito.Environment{}) {
		return e, errors.New("environments: no output looks like a user pool id, or like an app " +
			`client id with a name that contains "client"`)
	}
	return e, errors.Join(ambiguous...)
}
