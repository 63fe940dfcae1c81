package environments

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/loginwithcognito/cognito"
)

// The tables below list all keys of other tools' formats. A line names a setting and the keys that
// hold its value. If a file has several of them, the last one in the table is used. "ignored" keys
// do not change where requests go. "refused" keys do, and have no counterpart in
// [cognito.Environment]. "*" matches any name or rest of a name. Keys below an ignored key are
// ignored too.

// outputsKeys are those of amplify_outputs.json (aws-amplify/amplify-backend,
// packages/client-config, schema_v1.4.json).
const outputsKeys = `
aws_region                 auth.aws_region
user_pool_id               auth.user_pool_id
client_id                  auth.user_pool_client_id
identity_pool_id           auth.identity_pool_id
endpoints.cognito_idp      auth.user_pool_endpoint
endpoints.cognito_identity auth.identity_pool_endpoint
bucket_name                storage.bucket_name
domain                     auth.oauth.domain
redirect_uri               auth.oauth.redirect_sign_in_uri
scopes                     auth.oauth.scopes
ignored auth.oauth.identity_providers auth.oauth.redirect_sign_out_uri auth.oauth.response_type
ignored auth.authentication_flow_type auth.groups auth.mfa_configuration auth.mfa_methods
ignored auth.password_policy auth.passwordless auth.standard_required_attributes
ignored auth.unauthenticated_identities_enabled auth.user_verification_types
ignored auth.username_attributes storage.aws_region storage.buckets
ignored $schema analytics custom data geo notifications version
`

// exportsKeys are those of aws-exports.js and of Amplify.configure, versions 5 and 6 (amplify-js,
// packages/core/src/parseAWSExports.ts and singleton/Auth/types.ts). "@" is "Auth." or empty.
const exportsKeys = `
aws_region                 aws_project_region aws_cognito_region @region
user_pool_id               aws_user_pools_id @userPoolId @Cognito.userPoolId
client_id                  aws_user_pools_web_client_id @userPoolWebClientId
client_id                  @Cognito.userPoolClientId
identity_pool_id           aws_cognito_identity_pool_id @identityPoolId @Cognito.identityPoolId
identity_pool_region       @identityPoolRegion
endpoints.cognito_idp      @endpoint @userPoolEndpoint @Cognito.userPoolEndpoint
endpoints.cognito_identity @identityPoolEndpoint @Cognito.identityPoolEndpoint
bucket_name                aws_user_files_s3_bucket Storage.bucket Storage.AWSS3.bucket
bucket_name                Storage.S3.bucket
domain                     oauth.domain @oauth.domain @Cognito.loginWith.oauth.domain
redirect_uri               oauth.redirectSignIn @oauth.redirectSignIn
redirect_uri               @Cognito.loginWith.oauth.redirectSignIn
scopes                     oauth.scope @oauth.scope @Cognito.loginWith.oauth.scopes
refused aws_user_files_s3_dangerously_connect_to_http_endpoint_for_testing
refused Storage.dangerouslyConnectToHttpEndpointForTesting
refused Storage.AWSS3.dangerouslyConnectToHttpEndpointForTesting
refused Storage.S3.dangerouslyConnectToHttpEndpointForTesting
ignored aws_appsync_* aws_bots_* aws_cloud_logic_* aws_content_delivery_* aws_dynamodb_*
ignored aws_mobile_* aws_cognito_login_mechanisms aws_cognito_mfa_* aws_cognito_password_*
ignored aws_cognito_sign_up_* aws_cognito_signup_* aws_cognito_social_providers
ignored aws_cognito_username_attributes aws_cognito_verification_mechanisms aws_mandatory_sign_in
ignored aws_sign_in_enabled aws_user_files aws_user_files_s3_bucket_region aws_user_pools
ignored @authenticationFlowType @clientMetadata @cookieStorage @mandatorySignIn
ignored @refreshHandlers @signUpVerificationMethod @storage @Cognito.allowGuestAccess
ignored @Cognito.groups @Cognito.loginWith.oauth.* @Cognito.loginWith.username
ignored @Cognito.loginWith.email @Cognito.loginWith.phone @Cognito.mfa @Cognito.passwordFormat
ignored @Cognito.passwordless @Cognito.region @Cognito.signUpVerificationMethod
ignored @Cognito.userAttributes Storage.AWSS3.* Storage.S3.* Storage.buckets
ignored Storage.customPrefix Storage.level Storage.region
ignored API Analytics DataStore Geo I18n Interactions Logger Notifications Predictions PubSub XR
ignored federationTarget geo modelIntrospection predictions ssr
ignored oauth.* @oauth.*
`

// mobileKeys are those of awsconfiguration.json, and of the Cognito plugin in
// amplifyconfiguration.json, which has the same form (docs.amplify.aws, Gen 1, "Use existing Amazon
// Cognito resources"; amplify-swift, ConfigurationHelper.swift; aws-sdk-android, CognitoUserPool).
// "@" is the path of the plugin, or empty.
const mobileKeys = `
aws_region                 @CognitoUserPool.*.Region
user_pool_id               @CognitoUserPool.*.PoolId
client_id                  @CognitoUserPool.*.AppClientId
client_secret              @CognitoUserPool.*.AppClientSecret
endpoints.cognito_idp      @CognitoUserPool.*.Endpoint @CognitoUserPool.*.PoolEndpoint
identity_pool_id           @CredentialsProvider.CognitoIdentity.*.PoolId
identity_pool_region       @CredentialsProvider.CognitoIdentity.*.Region
endpoints.cognito_identity @CredentialsProvider.CognitoIdentity.*.Endpoint
bucket_name                storage.plugins.awsS3StoragePlugin.bucket @S3TransferUtility.*.Bucket
domain                     @CognitoUserPool.*.HostedUI.WebDomain @Auth.*.OAuth.WebDomain
redirect_uri               @CognitoUserPool.*.HostedUI.SignInRedirectURI
redirect_uri               @Auth.*.OAuth.SignInRedirectURI
scopes                     @CognitoUserPool.*.HostedUI.Scopes @Auth.*.OAuth.Scopes
refused @S3TransferUtility.*.LocalTestingEnabled
ignored @CognitoUserPool.*.PinpointAppId @CognitoUserPool.*.MigrationEnabled
ignored @CognitoUserPool.*.AdvancedSecurity* @S3TransferUtility.*.Region
ignored @CognitoUserPool.*.HostedUI.* @Auth.*.OAuth.* @Auth.*.authentication* @Auth.*.login*
ignored @Auth.*.mfa* @Auth.*.password* @Auth.*.signup* @Auth.*.social* @Auth.*.username*
ignored @Auth.*.verification* @UserAgent @Version @IdentityManager @AppSync @CloudLogicAPI
ignored @DynamoDBObjectMapper
ignored @FacebookSignIn @GoogleSignIn @Lex @PinpointAnalytics @PinpointTargeting
ignored storage.plugins.awsS3StoragePlugin.region
ignored storage.plugins.awsS3StoragePlugin.defaultAccessLevel
ignored UserAgent Version analytics api dataStore geo hub logging notifications predictions
`

// A rule is an entry of a table: what happens to the value of a key.
type rule struct {
	treatment string
	keys      []string
}

// rules returns the entries of a table for files that have "@" at base.
func rules(table, base string) (all []rule) {
	for line := range strings.Lines(strings.ReplaceAll(table, "@", base)) {
		treatment, keys, _ := strings.Cut(line, " ")
		for _, key := range strings.Fields(keys) {
			all = append(all, rule{treatment, strings.Split(key, ".")})
		}
	}
	return all
}

// matches reports whether path is the path of the rule or leads to it.
func (r rule) matches(path []string) bool {
	if len(r.keys) < len(path) {
		return false
	}
	for i, key := range path {
		before, after, star := strings.Cut(r.keys[i], "*")
		if !strings.HasPrefix(key, before) || !strings.HasSuffix(key, after) ||
			!star && key != before {
			return false
		}
	}
	return true
}

// settingKeys returns the keys of other tools' formats that are not ignored.
func settingKeys() map[string]bool {
	found := make(map[string]bool)
	for _, r := range rules(outputsKeys+exportsKeys+mobileKeys, "Auth.") {
		for _, key := range r.keys {
			found[key] = found[key] || r.treatment != "ignored"
		}
	}
	return found
}

// A candidate is a value for a setting that was found in a file.
type candidate struct {
	order          int // of the rule
	setting, value string
	path           []string
	section, name  string // what is before "*" in the rule, and what "*" matches or "Default"
}

// readTable reads a file of the format that a table describes. In a format with names, an entry of
// CognitoUserPool is an environment, with the identity pool and the bucket of the same name or else
// those named Default.
func (r *reader) readTable(table, base string) {
	var found []candidate
	r.walk(rules(table, base), r.file, &found)
	if len(found) == 0 {
		if table != mobileKeys {
			r.add(Default, cognito.Environment{})
		}
		return
	}
	order := func(a, b candidate) int { return a.order - b.order }
	first := slices.MinFunc(found, order).section
	sections := map[string]map[string][]candidate{} // by name
	for _, g := range found {
		if sections[g.section] == nil {
			sections[g.section] = map[string][]candidate{}
		}
		sections[g.section][g.name] = append(sections[g.section][g.name], g)
	}
	for _, name := range slices.Sorted(maps.Keys(sections[first])) {
		var of []candidate
		for section, named := range sections {
			if named[name] == nil && section != first {
				of = append(of, named["Default"]...)
			}
			of = append(of, named[name]...)
		}
		// slices.SortFunc would add 20 KB for this type to programs.
		sort.Slice(of, func(i, j int) bool { return order(of[i], of[j]) < 0 })
		r.addFound(name, of)
	}
}

// addFound adds the environment with the values in found.
func (r *reader) addFound(name string, found []candidate) {
	var e cognito.Environment
	from := map[string]candidate{}
	for _, g := range found {
		old := from[g.setting]
		if old.value != "" && old.value != g.value && g.setting != "aws_region" &&
			g.setting != "bucket_name" {
			r.failf("%s differs from %s: remove one", where(g.path), where(old.path))
		}
		from[g.setting] = g
	}
	for _, s := range e.Settings() {
		*s.Value = from[s.Key].value
		if separator, ok := separators[s.Key]; ok {
			*s.Value = r.usable(from[s.Key], separator)
		}
		if strings.HasPrefix(s.Key, "endpoints.") && *s.Value != "" &&
			!strings.Contains(*s.Value, "://") {
			*s.Value = "https://" + *s.Value // as Amplify does
		}
	}
	region := from["identity_pool_region"]
	idRegion, _, ok := strings.Cut(e.IdentityPoolID, ":")
	if ok && idRegion != "" && region.value != "" && idRegion != region.value {
		r.failf("%s is not the Region in the ID of the identity pool: correct one",
			where(region.path))
	}
	r.add(name, e)
}

// usable returns those values of a setting for browser sign-in that are valid. The others are for
// other kinds of programs, and must not prevent other ways to sign in.
func (r *reader) usable(g candidate, separator string) string {
	var all []string
	values := []string{g.value}
	if g.setting == "redirect_uri" {
		values = strings.Split(g.value, separator)
	}
	for _, value := range values {
		if value = strings.TrimSpace(value); value == "" {
			continue
		} else if valid(g.setting, value) {
			all = append(all, value)
		} else {
			r.notef("%s has a value that cannot be %s, which is ignored", where(g.path), g.setting)
		}
	}
	return strings.Join(all, separator)
}

// walk appends the values at path and below to found.
func (r *reader) walk(rules []rule, value any, found *[]candidate, path ...string) {
	if value == nil {
		return
	}
	below := false // whether a rule applies below path
	for i, rule := range rules {
		if !rule.matches(path) {
			continue
		} else if len(path) < len(rule.keys) {
			below = true
			continue
		}
		text, isText := asText(rule.treatment, value)
		switch {
		case rule.treatment == "refused" && value != false:
			r.failf("%s changes where requests go, and is not supported: remove it", where(path))
		case rule.treatment == "ignored", rule.treatment == "refused":
		case !isText:
			r.failf("%s must be a string in quotes", where(path))
		default:
			g := candidate{i, rule.treatment, text, slices.Clone(path), "", "Default"}
			if star := slices.Index(rule.keys, "*"); star >= 0 {
				g.section, g.name = strings.Join(path[:star], "."), path[star]
			}
			*found = append(*found, g)
		}
		return
	}
	o, ok := value.(object)
	if !below {
		last := strings.ToLower(path[len(path)-1])
		if strings.Contains(last, "endpoint") || strings.Contains(last, "proxy") {
			r.failf("%s is unknown, and may change where requests go: remove it", where(path))
		} else {
			r.notef("%s is unknown and ignored", where(path))
		}
	} else if !ok {
		r.failf("%s must be an object", where(path))
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if below {
			r.walk(rules, o[key], found, append(path, key)...)
		}
	}
}
