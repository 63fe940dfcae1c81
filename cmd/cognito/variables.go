package main

import (
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// credentialNames lists the environment variables from which SDKs and tools read credentials or
// their source. If one remained, tools could prefer it to our variables, or mix both. A name that
// ends in * matches all names that start with it.
var credentialNames = []string{
	// All SDKs (AWS SDKs and Tools Reference Guide, "Environment variables").
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_CREDENTIAL_EXPIRATION",
	"AWS_CREDENTIAL_SCOPE",
	"AWS_ACCOUNT_ID",
	"AWS_PROFILE",
	"AWS_DEFAULT_PROFILE",
	"AWS_CONTAINER_CREDENTIALS_*",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN*",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_ROLE_ARN",
	"AWS_ROLE_SESSION_NAME",
	// Keys of one service, such as AWS_BEARER_TOKEN_BEDROCK, which SDKs prefer to credentials.
	"AWS_BEARER_TOKEN_*",
	// It makes SDKs prefer such a key, or no signature (noAuth), to credentials.
	"AWS_AUTH_SCHEME_PREFERENCE",
	// The names of older SDKs: boto, Java, Ruby, and tools such as Ansible.
	"AWS_SECURITY_TOKEN",
	"AWS_DELEGATION_TOKEN",
	"AWS_ACCESS_KEY",
	"AWS_SECRET_KEY",
	"AMAZON_ACCESS_KEY_ID",
	"AMAZON_SECRET_ACCESS_KEY",
	"AMAZON_SESSION_TOKEN",
	"EC2_ACCESS_KEY",
	"EC2_SECRET_KEY",
	"EC2_SECURITY_TOKEN",
	// Files of older SDKs.
	"AWS_CREDENTIAL_FILE",
	"AWS_CREDENTIAL_PROFILES_FILE",
	"BOTO_CONFIG",
	"BOTO_PATH",
}

// matches reports whether the name of an environment variable is pattern, or starts with it if
// pattern ends in *. Windows ignores the case of names.
func matches(name, pattern string) bool {
	if runtime.GOOS == "windows" {
		name = strings.ToUpper(name)
	}
	start, all := strings.CutSuffix(pattern, "*")
	return name == start || all && strings.HasPrefix(name, start)
}

// selects reports whether an environment variable is in credentialNames.
func selects(name string) bool {
	return slices.ContainsFunc(credentialNames, func(pattern string) bool {
		return matches(name, pattern)
	})
}

// others returns the names of the variables in the environment that must not remain beside settings
// and that settings does not replace: see [replaced].
func (a *app) others(settings []shell.Variable) (names []string) {
	candidates := slices.Clone(credentialNames)
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		candidates = append(candidates, name)
	}
	ignored := a.switchedOn(ignoreEndpoints)
	slices.Sort(candidates)
	for _, name := range slices.Compact(candidates) {
		if replaced(name, settings, ignored) && !sets(settings, name) && a.getenv(name) != "" {
			names = append(names, name)
		}
	}
	return names
}

// ignoreEndpoints is the variable that makes SDKs ignore the endpoints in other variables.
const ignoreEndpoints = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"

// replaced reports whether a variable must not remain beside settings, because it selects
// credentials or settings has another value. ignored reports whether ignoreEndpoints is on. If
// settings switches it off, the ignored endpoints must not take effect.
func replaced(name string, settings []shell.Variable, ignored bool) bool {
	return selects(name) || sets(settings, name) ||
		ignored && matches(name, "AWS_ENDPOINT_URL*") && sets(settings, ignoreEndpoints)
}

// sets reports whether settings has a variable called name.
func sets(settings []shell.Variable, name string) bool {
	return slices.ContainsFunc(settings, func(v shell.Variable) bool {
		return matches(name, v.Name)
	})
}

// environ returns env without the variables that select other credentials, and with settings.
func environ(env []string, settings []shell.Variable) []string {
	ignored := slices.ContainsFunc(env, func(entry string) bool {
		name, value, _ := strings.Cut(entry, "=")
		return matches(name, ignoreEndpoints) && strings.EqualFold(value, "true")
	})
	env = slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return replaced(name, settings, ignored)
	})
	for _, v := range settings {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

// endpoints returns the endpoints that replace AWS's, by the names of the services in a
// configuration file (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
func endpoints(e cognito.Environment) []shell.Variable {
	return []shell.Variable{
		{Name: "s3", Value: e.Endpoints.S3},
		{Name: "sts", Value: e.Endpoints.STS},
		{Name: "cognito_identity", Value: e.Endpoints.CognitoIdentity},
		{Name: "cognito_identity_provider", Value: e.Endpoints.CognitoIDP},
	}
}

// placeVariables returns the environment variables for the Region and the endpoints, so that tools
// do not send the keys of a stand-in to AWS. The SDKs read AWS_REGION. The AWS CLI and boto3 read
// AWS_DEFAULT_REGION. If one stand-in replaces all the services in e, tools use it for every other
// service too.
func (a *app) placeVariables(e cognito.Environment) []shell.Variable {
	region := a.serviceRegion(e)
	all := []shell.Variable{
		{Name: "AWS_REGION", Value: region},
		{Name: "AWS_DEFAULT_REGION", Value: region},
	}
	same := e.Endpoints.S3
	for _, v := range endpoints(e) {
		if v.Value != same {
			same = ""
		}
		if v.Value != "" {
			all = append(all, shell.Variable{
				Name:  "AWS_ENDPOINT_URL_" + strings.ToUpper(v.Name),
				Value: v.Value,
			})
		}
	}
	if same != "" {
		all = append(all, shell.Variable{Name: "AWS_ENDPOINT_URL", Value: same})
	}
	if e.Endpoints != (cognito.Endpoints{}) {
		all = append(all, shell.Variable{Name: ignoreEndpoints, Value: "false"})
	}
	return all
}

// shellLines returns lines that set the settings, and unset the variables that tools would prefer.
func (a *app) shellLines(format string, settings []shell.Variable) ([]byte, error) {
	lines, err := shell.Set(format, settings)
	if others := a.others(settings); err == nil && len(others) > 0 {
		removed := shell.Unset(format, others)
		if removed == nil {
			a.notef("warning: tools may prefer the credentials of %s: unset it",
				strings.Join(others, ", "))
		}
		lines = append(lines, removed...)
	}
	return lines, err
}
