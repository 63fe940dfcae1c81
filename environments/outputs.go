package environments

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/loginwithcognito/cognito"
)

// ErrAmbiguous is the error of [Import] if several outputs can be the same setting.
var ErrAmbiguous = errors.New("choose one")

// An output is a value of a deployment. name is key in lower case, without the stack.
type output struct{ key, name, value string }

// readDeployment reads the outputs of a deployment, and reports whether the file has them:
//
//	{"name": {"value": ..., "type": ..., "sensitive": ...}}                     Terraform
//	{"Stacks": [{"StackName": ..., "Outputs": [{"OutputKey": ..., ...}]}]}      CloudFormation
//	{"Stack": {"Name": "value"}}                                                CDK
//	{"Exports": [{"Name": ..., "Value": ...}]}                                  CloudFormation
//	{"Name": "value"}                                                           others
func (r *reader) readDeployment() bool {
	var found []output
	file, terraform, ours := r.file, true, false
	if file["terraform_version"] != nil { // "terraform show -json", or a state
		if values, ok := file["values"].(object); ok {
			file = values
		}
		if outputs, ok := file["outputs"].(object); ok {
			file = outputs
		}
	}
	// Keys of this package's own format have an underscore, or no other format has them.
	own := func(key string) bool {
		return strings.Contains(key, "_") && key == strings.ToLower(key) ||
			key == "issuer" || key == "endpoints"
	}
	for _, group := range slices.Sorted(maps.Keys(file)) {
		entry, nested := file[group].(object)
		_, value := entry["value"]
		_, sensitive := entry["sensitive"]
		_, typed := entry["type"] // a state has "sensitive" only if it is true
		terraform = terraform && value && (sensitive || typed)
		if !nested {
			ours = ours || own(group)
			found = append(found, flatten(group, group, file[group])...)
		}
		for _, key := range slices.Sorted(maps.Keys(entry)) {
			ours = ours || own(key)
			found = append(found, flatten(group+"."+key, key, entry[key])...)
		}
	}
	stacks, _ := r.file["Stacks"].([]any)
	if isStackOutputs(r.file["Outputs"]) {
		stacks = []any{r.file}
	}
	var listed []output
	for _, stack := range stacks {
		stack, _ := stack.(object)
		name, _ := stack["StackName"].(string)
		list, _ := stack["Outputs"].([]any)
		for _, o := range list {
			key, value := named(o)
			listed = append(listed, flatten(strings.TrimPrefix(name+"."+key, "."), key, value)...)
		}
	}
	switch {
	case listed != nil:
		found = listed
	case terraform && len(file) > 0:
		found = nil
		for _, name := range slices.Sorted(maps.Keys(file)) {
			entry, _ := file[name].(object)
			found = append(found, flatten(name, name, entry["value"])...)
		}
	case ours || len(candidates("user_pool_id", found))+
		len(candidates("identity_pool_id", found)) == 0:
		return false
	}
	r.pick(found)
	return true
}

// isStackOutputs reports whether value is a list of outputs in CloudFormation's form.
func isStackOutputs(value any) bool {
	list, _ := value.([]any)
	unnamed := func(o any) bool { name, _ := named(o); return name == "" }
	return len(list) > 0 && !slices.ContainsFunc(list, unnamed)
}

// named returns the name and the value of an element of a list in the forms of AWS: an output of a
// stack, an export of stacks, or a parameter of Systems Manager. In other forms, the name is empty.
func named(element any) (name string, value any) {
	o, _ := element.(object)
	for _, keys := range [][2]string{{"OutputKey", "OutputValue"}, {"Name", "Value"}} {
		if name, ok := o[keys[0]].(string); ok && o[keys[1]] != nil {
			return name, o[keys[1]]
		}
	}
	return "", nil
}

// stackOutputs returns a list in the form that "describe-stacks" has without --query:
//
//	[[{"OutputKey": ..., "OutputValue": ...}], ...]     --query 'Stacks[].Outputs'
//	[["name", "value"], ...]                            --query '...[OutputKey,OutputValue]'
func stackOutputs(list []any) (outputs []any) {
	for _, element := range list {
		inner, isList := element.([]any)
		if len(inner) == 2 {
			key, named := inner[0].(string)
			if value, ok := inner[1].(string); ok && named {
				outputs = append(outputs, object{"OutputKey": key, "OutputValue": value})
				continue
			}
		}
		if len(inner) == 0 && isList || isStackOutputs(inner) {
			outputs = append(outputs, inner...)
		} else {
			outputs = append(outputs, element)
		}
	}
	return outputs
}

// flatten returns the strings of an output, which may be an object or a list.
func flatten(key, name string, value any) (found []output) {
	switch v := value.(type) {
	case string:
		return []output{{key, strings.ToLower(name), v}}
	case object:
		for _, inner := range slices.Sorted(maps.Keys(v)) {
			found = append(found, flatten(key+"."+inner, name+"."+inner, v[inner])...)
		}
	case []any:
		for i, element := range v {
			i := strconv.Itoa(i)
			if name, value := named(element); name != "" {
				i, element = name, value
			}
			found = append(found, flatten(key+"."+i, name+"."+i, element)...)
		}
	}
	return found
}

// plausible reports whether an output can be the setting with the given key, by its value if that
// is sufficient, or else also by its name, which is in lower case.
func plausible(key, name, value string) bool {
	has := func(parts string) bool { return containsAny(name, parts) }
	is := func(names ...string) bool { return slices.Contains(names, name) }
	switch key {
	case "aws_region":
		return is("region", "awsregion", "aws_region")
	case "user_pool_id":
		return strings.Contains(value, "_") && strings.Contains(value, "-")
	case "identity_pool_id":
		return !strings.HasPrefix(value, "arn:") && strings.Contains(value, ":")
	case "client_id":
		return has("client") && !has("secret name arn") && isGenerated(value)
	case "client_secret":
		return has("client") && has("secret") && isGenerated(value)
	case "role_arn":
		users := strings.NewReplacer("cognitouserpool", "", "userpool", "", "user_pool", "",
			"oauth", "", "authorized", "auth", "author", "").Replace(name)
		return (containsAny(users, "auth user cognito identitypool") ||
			is("role", "rolearn", "role_arn")) &&
			!has("unauth guest sms sns lambda function trigger exec service authorizer admin "+
				"deploy build task instance mail provider appsync apigateway github pipeline "+
				"event backup replicat userdata") &&
			!containsAny(strings.ToLower(value), "sms lambda service-role exec")
	case "domain":
		return strings.Contains(value, ".amazoncognito.com") ||
			has("domain") && has("auth cognito userpool user_pool login hosted") &&
				!has("arn bucket cloudfront distribution alias target zone identity") &&
				!strings.HasSuffix(value, ".cloudfront.net")
	case "redirect_uri":
		return has("callback redirect signinur sign_in_ur") && !has("signout sign_out logout") &&
			strings.Contains(value, "://")
	case "scopes":
		return has("scope") && !strings.HasPrefix(value, "arn:")
	case "bucket_name":
		return has("bucket") && !has("arn url domain region") &&
			value == strings.ToLower(value) && len(value) >= 3
	}
	return false
}

// containsAny reports whether s contains one of the words in parts.
func containsAny(s, parts string) bool {
	return slices.ContainsFunc(strings.Fields(parts), func(part string) bool {
		return strings.Contains(s, part)
	})
}

// isGenerated reports whether s looks like an ID or a secret that Cognito generated, and not like a
// name.
func isGenerated(s string) bool {
	return len(s) >= 20 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz"+digits) == ""
}

// candidates returns the keys of the outputs that can be the setting with the given key, by value.
func candidates(setting string, found []output) map[string]string {
	keys := map[string]string{}
	for _, o := range found {
		if host, ok := strings.CutPrefix(o.value, "https://"); ok && setting == "domain" {
			o.value, _, _ = strings.Cut(host, "/") // of a page there
		}
		if o.value == "" || keys[o.value] != "" || !plausible(setting, o.name, o.value) {
			continue
		}
		if valid(setting, o.value) {
			keys[o.value] = o.key
		}
	}
	return keys
}

// joined returns the values of all outputs that can be a setting with several.
func joined(setting, separator string, found []output) string {
	var all []string
	for _, o := range found {
		if plausible(setting, o.name, o.value) && !slices.Contains(all, o.value) &&
			(setting == "scopes" || valid(setting, o.value)) {
			all = append(all, o.value)
		}
	}
	if text := strings.Join(all, separator); valid(setting, text) {
		return text
	}
	return "" // other scopes than those of browser sign-in
}

// pick adds the environment that outputs make. Its errors name keys, never values.
func (r *reader) pick(found []output) {
	var e cognito.Environment
	known := r.given.Settings()
	hasRole := slices.ContainsFunc(found, func(o output) bool {
		return strings.Contains(o.value, ":role/") && !strings.Contains(o.name, "unauth")
	})
	for i, s := range e.Settings() {
		if *known[i].Value != "" {
			continue
		}
		if separator := separators[s.Key]; separator != "" {
			*s.Value = joined(s.Key, separator, found)
			continue
		}
		byValue := candidates(s.Key, found)
		keys := list(slices.Sorted(maps.Values(byValue)))
		switch {
		case len(byValue) == 0 && s.Key == "role_arn" && hasRole:
			r.notef("role_arn is not set: no role has the name of one for signed-in users")
		case len(byValue) < 2:
			for value := range byValue {
				*s.Value = value
			}
		case slices.Contains([]string{"aws_region", "role_arn", "bucket_name", "domain"}, s.Key):
			r.notef("%s is not set: each of %s can be it", s.Key, keys)
		default:
			r.failf("each of %s can be %s: %w", keys, s.Key, ErrAmbiguous)
		}
	}
	if r.problems == nil && e == (cognito.Environment{}) {
		r.failf("no output looks like a user pool ID, or like an app " +
			`client ID with a name that contains "client"`)
	}
	r.add(Default, e)
}
