package cognito

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/redact"
)

// An Environment identifies one deployment: its user pool, app client, identity pool, role and
// bucket. An administrator hands it out; package environments reads it from a file, under the keys
// of the json tags. Only the fields that a call needs must be set. The error for a missing field
// names its key.
type Environment struct {
	redact.Fields

	// Region is the Region of AWS STS, the bucket and other services. The pools are in the Regions
	// in their IDs. Region may be empty if UserPoolID or IdentityPoolID is set: see
	// [Environment.ResolveRegion].
	Region string `json:"aws_region"`

	// UserPoolID is the ID of the user pool, such as "us-east-1_AbCdEfGhI".
	UserPoolID string `json:"user_pool_id"`

	// UserPoolRegion is the Region of a replica of a multi-Region user pool, to which requests are
	// sent. If it is empty, they are sent to the Region in UserPoolID.
	UserPoolRegion string `json:"user_pool_region"`

	// Issuer is the issuer (claim iss) of the tokens of an emulator or proxy. The pool's keys are
	// at /.well-known/jwks.json below it. It is a URL like those of Endpoints. If it is empty, the
	// issuers that [jwt.Verifier] accepts by default are used.
	Issuer string `json:"issuer"`

	// ClientID is the ID of the app client in the user pool, not its name.
	ClientID string `json:"client_id"`

	// ClientSecret is the secret of the app client, or empty if it has none.
	ClientSecret string `json:"client_secret"`

	// Domain is the domain of managed login, the user pool's pages for a browser: a host name such
	// as "example.auth.us-east-1.amazoncognito.com", or a base URL like those of Endpoints.
	Domain string `json:"domain"`

	// RedirectURI has the callback URLs of the app client, as they are registered, separated by
	// commas. [Client.StartBrowser] listens on the first loopback URL whose port is free.
	RedirectURI string `json:"redirect_uri"`

	// Scopes are the scopes that browser sign-in requests, separated by spaces. They must include
	// openid. If Scopes is empty, Cognito grants all scopes that the app client allows.
	Scopes string `json:"scopes"`

	// IdentityPoolID is the ID of the identity pool, such as
	// "us-east-1:01234567-89ab-cdef-0123-456789abcdef". Its Region may differ from the user pool's.
	IdentityPoolID string `json:"identity_pool_id"`

	// RoleARN is the role that the classic flow assumes; see [Client].
	RoleARN string `json:"role_arn"`

	// CustomRoleARN is the role that the enhanced flow requests for a user who has several. If it
	// is empty, the identity pool chooses.
	CustomRoleARN string `json:"custom_role_arn"`

	// BucketName is the S3 bucket of the deployment.
	BucketName string `json:"bucket_name"`

	// Endpoints replaces AWS's own endpoints.
	Endpoints Endpoints `json:"endpoints"`
}

// Endpoints are base URLs that replace AWS's own: https, or http on loopback. If one is empty, the
// service is AWS's.
type Endpoints struct {
	CognitoIDP      string `json:"cognito_idp"`
	CognitoIdentity string `json:"cognito_identity"`
	STS             string `json:"sts"`
	S3              string `json:"s3"`
}

// A Setting is one setting of an [Environment].
type Setting struct {
	Key   string  // that of the json tag, such as "endpoints.sts"
	Value *string // the field
}

// Settings returns the settings of e in the order of the fields, for reading and writing.
func (e *Environment) Settings() []Setting { return settings(reflect.ValueOf(e).Elem(), "") }

func settings(v reflect.Value, prefix string) (all []Setting) {
	for i := range v.NumField() {
		key, ok := v.Type().Field(i).Tag.Lookup("json")
		switch value := v.Field(i); {
		case !ok:
		case value.Kind() == reflect.Struct:
			all = append(all, settings(value, key+".")...)
		default:
			all = append(all, Setting{prefix + key, value.Addr().Interface().(*string)})
		}
	}
	return all
}

// form returns a function that reports whether a setting has the form that AWS documents, and an
// example or description. The forms are those of the API models that AWS publishes with its SDKs
// (botocore: UserPoolIdType, ClientIdType and ClientSecretType of cognito-idp, IdentityPoolId of
// cognito-identity, arnType of sts), and as permissive.
func form(key string) (valid func(string) bool, description string) {
	switch key {
	case "aws_region", "user_pool_region":
		return isRegion, "us-east-1"
	case "user_pool_id":
		return isUserPoolID, "us-east-1_AbCdEfGhI (not an ARN, not an identity pool ID)"
	case "client_id":
		return isClientID, "1example23456789 (the ID of the app client, not its name)"
	case "client_secret":
		return isClientID, "the text that Cognito generated: letters, digits, _ and + only"
	case "domain":
		return isDomain, "example.auth.us-east-1.amazoncognito.com (not the prefix alone), or " +
			"https://host: no path, no query"
	case "redirect_uri":
		return isRedirectURIs, "http://localhost:8400/callback (http on loopback only, on a " +
			"port that browsers allow; several are separated by commas)"
	case "scopes":
		return isScopes, "openid email (openid is required; separated by spaces)"
	case "identity_pool_id":
		return isIdentityPoolID,
			"us-east-1:01234567-89ab-cdef-0123-456789abcdef (not an ARN, not a user pool ID)"
	case "role_arn", "custom_role_arn":
		return isRoleARN, "arn:aws:iam::123456789012:role/name"
	case "bucket_name":
		return isBucketName, "example-bucket (the name alone, without s3://, ARN or path)"
	case "issuer":
		return isEndpoint, "https://host/path, or http://localhost:9000 for this machine: " +
			"no user name, no query"
	}
	return isEndpoint, "https://host, or http://localhost:9000 for this machine: " +
		"no user name, no query"
}

// require returns an error that names those of the given settings that are empty.
func (e Environment) require(keys ...string) error {
	var missing []string
	for _, s := range e.Settings() {
		if *s.Value == "" && slices.Contains(keys, s.Key) {
			missing = append(missing, s.Key)
		}
	}
	if missing == nil {
		return nil
	}
	return errors.New("cognito: the environment lacks " + strings.Join(missing, " and ") +
		": ask the administrator of the pools")
}

// ResolveRegion returns the Region of AWS STS and the bucket: the field Region or, if that is
// empty, the Region in UserPoolID or IdentityPoolID.
func (e Environment) ResolveRegion() string {
	return cmp.Or(e.Region, before(e.UserPoolID, "_"), before(e.IdentityPoolID, ":"))
}

func (e Environment) userPoolRegion() string {
	return cmp.Or(e.UserPoolRegion, before(e.UserPoolID, "_"), e.Region)
}

func (e Environment) identityPoolRegion() string {
	return cmp.Or(before(e.IdentityPoolID, ":"), e.Region)
}

// before returns the part of s before the first separator, or "" if s has no separator.
func before(s, separator string) string {
	if s, _, ok := strings.Cut(s, separator); ok {
		return s
	}
	return ""
}

// Validate checks the form of every setting that is not empty, and that roles are in the partition
// of [Environment.ResolveRegion]. The error has one line for each wrong setting and names its key.
// It quotes no value but Regions and partitions, because a value in the wrong place may be a
// secret. Methods of [Client] check that the settings they need are not empty.
func (e Environment) Validate() error {
	var wrong []error
	for _, s := range e.Settings() {
		if problem := e.problem(s.Key, *s.Value); problem != "" {
			wrong = append(wrong, errors.New("cognito: "+s.Key+" "+problem))
		}
	}
	return errors.Join(wrong...)
}

func (e *Environment) problem(key, value string) string {
	region := e.ResolveRegion()
	valid, description := form(key)
	limit := 2048
	if key == "redirect_uri" || key == "scopes" {
		limit = 16 << 10 // lists
	}
	if key == "aws_region" && e.Endpoints.S3+e.Endpoints.STS != "" &&
		(e.Endpoints.S3 != "" || e.BucketName == "") && (e.Endpoints.STS != "" || e.RoleARN == "") {
		valid = endpoint.ValidScope // only part of signatures, not of a host of AWS
	}
	switch {
	case value == "":
	case strings.Trim(value, "'\"` \t\r\n") != value:
		return "has quotes or white space around it: remove them"
	case strings.ContainsAny(value, "<>{}$") || value[0] == '[':
		return "still has a placeholder, such as <your value>: replace it"
	case len(value) > limit || !valid(value):
		return "should look like " + description
	case strings.HasPrefix(value, "arn:") && e.Endpoints.STS+e.Endpoints.CognitoIdentity == "":
		// An ARN of AWS itself: other services choose their own partitions.
		given, _, _ := strings.Cut(value[len("arn:"):], ":")
		partition, _, err := endpoint.Partition(region)
		if err == nil && partition != given {
			return "is in partition " + given + ", but Region " + region + " is in " + partition +
				": correct one"
		}
	}
	return ""
}

func isRegion(s string) bool { return endpoint.ValidRegion(s) == nil }

func isUserPoolID(s string) bool {
	region, name, _ := strings.Cut(s, "_")
	return isRegion(region) && name != "" && alphanumeric(name, "") && len(s) <= 55
}

func isClientID(s string) bool { return alphanumeric(s, "_+") && len(s) <= 128 }

func isIdentityPoolID(s string) bool {
	region, id, _ := strings.Cut(s, ":")
	return isRegion(region) && id != "" && strings.Trim(id, "0123456789abcdef-") == "" &&
		len(s) <= 55
}

// isRoleARN accepts arn:<partition>:iam::<account>:role/<name>. Outside AWS there may be a Region
// and no account, as in MinIO's arn:minio:iam:us-east-1::role/<name>.
func isRoleARN(s string) bool {
	part := strings.SplitN(s, ":", 6)
	return len(part) == 6 && part[0] == "arn" && isRegion(part[1]) && part[2] == "iam" &&
		(part[3] == "" || !strings.HasPrefix(part[1], "aws") && endpoint.ValidScope(part[3])) &&
		strings.Trim(part[4], digits) == "" && len(part[5]) > len("role/") &&
		strings.HasPrefix(part[5], "role/") &&
		alphanumeric(part[5], "_+=,.@-/")
}

func isDomain(s string) bool {
	if !strings.Contains(s, "://") {
		if !strings.Contains(s, ".") {
			return false
		}
		s = "https://" + s
	}
	u, err := endpoint.Parse(s)
	return err == nil && u.Path == "/"
}

// redirectURIs returns the callback URLs of RedirectURI.
func (e Environment) redirectURIs() (all []string) {
	for uri := range strings.SplitSeq(e.RedirectURI, ",") {
		if uri = strings.TrimSpace(uri); uri != "" {
			all = append(all, uri)
		}
	}
	return all
}

func isRedirectURIs(s string) bool {
	all := Environment{RedirectURI: s}.redirectURIs()
	return all != nil && !slices.ContainsFunc(all, func(uri string) bool {
		_, err := parseRedirectURI(uri)
		return err != nil
	})
}

func isScopes(s string) bool {
	invalid := func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }
	for scope := range strings.SplitSeq(s, " ") { // RFC 6749 section 3.3
		if scope == "" || len(scope) > 256 || strings.ContainsFunc(scope, invalid) {
			return false
		}
	}
	return listed(s, "openid")
}

func isBucketName(s string) bool { return alphanumeric(s, "_-.") && len(s) <= 255 }

func isEndpoint(s string) bool {
	_, err := endpoint.Parse(s)
	return err == nil
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// alphanumeric reports whether s consists of ASCII letters, digits and the characters of more.
func alphanumeric(s, more string) bool { return strings.Trim(s, letters+digits+more) == "" }
