package main

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

// importEnvironments reads environments from a file of another tool, recognised by content. What the flags have given is
// not looked for among outputs.
func importEnvironments(data []byte, given cognito.Environment) (map[string]cognito.Environment, error) {
	if len(data) <= 1<<20 {
		if found := readOutputs(data); found != nil {
			e, err := pickOutputs(found, given)
			return map[string]cognito.Environment{cognito.DefaultEnvironment: e}, err
		}
	}
	return cognito.ParseEnvironments(data)
}

// An output is a value that a deployment tells, under a name that its author chose.
type output struct{ key, name, value string } // name: the key in lower case, without the stack

// readOutputs reads what "terraform output -json" prints, {"name": {"value": ..., "type": ..., "sensitive": ...}}, and what
// "cdk deploy --outputs-file" writes, {"Stack": {"Name": "value"}}, whose names are letters and digits. It returns nil for
// any other file.
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
			cdk = cdk && text && key != "endpoints" && !strings.Contains(key, "_") // a key of an environment
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

// flatten returns the texts in an output, which may be an object or a list.
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

// looksLike tells for each setting whether an output can be it: by the form of the value where that says enough, else by
// the name, too. Names are in lower case.
var looksLike = map[string]func(name, value string) bool{
	"aws_region":       func(name, _ string) bool { return slices.Contains([]string{"region", "awsregion", "aws_region"}, name) },
	"user_pool_id":     func(_, value string) bool { return strings.Contains(value, "_") && strings.Contains(value, "-") },
	"identity_pool_id": func(_, value string) bool { return !strings.HasPrefix(value, "arn:") && strings.Contains(value, ":") },
	"client_id": func(name, value string) bool {
		return strings.Contains(name, "client") && !hasAny(name, "secret", "name", "arn") && isGenerated(value)
	},
	secretKey: func(name, value string) bool {
		return strings.Contains(name, "client") && strings.Contains(name, "secret") && isGenerated(value)
	},
	"role_arn": func(name, _ string) bool {
		return hasAny(name, "auth", "user", "cognito") && !hasAny(name, "unauth", "guest") || slices.Contains([]string{"role", "rolearn", "role_arn"}, name)
	},
	"bucket_name": func(name, value string) bool {
		return strings.Contains(name, "bucket") && !hasAny(name, "arn", "url", "domain", "region") && value == strings.ToLower(value) && len(value) >= 3
	},
}

func hasAny(s string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(s, part) })
}

// isGenerated tells whether s looks like an id or a secret that Cognito made, and not like a name.
func isGenerated(s string) bool {
	return len(s) >= 20 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// pickOutputs makes an environment of outputs. Where two could be the same setting it names their keys, never their values.
func pickOutputs(found []output, given cognito.Environment) (cognito.Environment, error) {
	var e cognito.Environment
	var wrong []error
	flags := settings(&given)
	for i, s := range settings(&e) {
		if looksLike[s.key] == nil || *flags[i].value != "" {
			continue
		}
		keys := map[string]string{} // by value
		for _, o := range found {
			var alone cognito.Environment
			*settings(&alone)[i].value = o.value
			if o.value != "" && looksLike[s.key](o.name, o.value) && alone.Validate() == nil {
				if *s.value = o.value; keys[o.value] == "" {
					keys[o.value] = o.key
				}
			}
		}
		if len(keys) > 1 {
			use := "-" + s.flag
			if s.flag == "" {
				use = "-client-secret-file"
			}
			wrong = append(wrong, fmt.Errorf("any of %s can be the %s: say which with %s", strings.Join(slices.Sorted(maps.Values(keys)), ", "), s.key, use))
		}
	}
	if wrong == nil && e == (cognito.Environment{}) {
		return e, errors.New("no output looks like a part of Cognito: a user pool id, or an app client's id under a name with \"client\" in it")
	}
	return e, errors.Join(wrong...)
}
