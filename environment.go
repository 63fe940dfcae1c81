package cognito

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// An Environment is what an administrator hands out: the names of one deployment's user pool, app client, identity pool,
// role and bucket. [ParseEnvironments] reads it from a file. Only what a call needs must be set; the error of a call that
// lacks a field names it by its JSON key.
type Environment struct {
	// Region is the Region of the user pool, of STS and of the bucket (aws_region). Empty: that of the user pool's id,
	// else that of the identity pool's.
	Region string
	// UserPoolID is the user pool (user_pool_id), such as "us-east-1_AbCdEfGhI".
	UserPoolID string
	// ClientID is the app client of the user pool (client_id): its id, not its name.
	ClientID string
	// ClientSecret is the app client's secret (client_secret). Empty: the app client has none.
	ClientSecret string
	// IdentityPoolID is the identity pool (identity_pool_id), such as "us-east-1:01234567-89ab-cdef-0123-456789abcdef".
	// Its Region, which the id tells, may differ from the user pool's.
	IdentityPoolID string
	// RoleARN is the role that the classic flow assumes (role_arn).
	RoleARN string
	// CustomRoleARN is the role that the enhanced flow asks for where a user has several (custom_role_arn). Empty: the
	// identity pool chooses.
	CustomRoleARN string
	// BucketName is the S3 bucket that goes with the environment (bucket_name).
	BucketName string
	// Endpoints replaces AWS's own endpoints (endpoints).
	Endpoints Endpoints
}

// Endpoints are base URLs in place of AWS's own: https, or http on loopback. An empty one stays AWS's own.
type Endpoints struct {
	CognitoIDP      string // endpoints.cognito_idp
	CognitoIdentity string // endpoints.cognito_identity
	STS             string // endpoints.sts
	S3              string // endpoints.s3
}

// field is one setting: its JSON key, where it is kept, what tells whether a value has its form, and the form in words.
type field struct {
	key   string
	value *string
	valid func(value string) bool
	form  string
}

// fields lists the settings in the order in which they are documented. The forms are those of the API models that AWS
// publishes with its SDKs (botocore: UserPoolIdType, ClientIdType and ClientSecretType of cognito-idp, IdentityPoolId of
// cognito-identity, arnType of sts), and as wide.
func (e *Environment) fields() []field {
	return []field{
		{"aws_region", &e.Region, isRegion, "us-east-1"},
		{"user_pool_id", &e.UserPoolID, isUserPoolID, "us-east-1_AbCdEfGhI: not an ARN, not an identity pool id"},
		{"client_id", &e.ClientID, isClientID, "1example23456789: the id of the app client, not its name"},
		{"client_secret", &e.ClientSecret, isClientID, "what Cognito made: letters, digits, _ and + only"},
		{"identity_pool_id", &e.IdentityPoolID, isIdentityPoolID, "us-east-1:01234567-89ab-cdef-0123-456789abcdef: not an ARN, not a user pool id"},
		{"role_arn", &e.RoleARN, isRoleARN, "arn:aws:iam::123456789012:role/name"},
		{"custom_role_arn", &e.CustomRoleARN, isRoleARN, "arn:aws:iam::123456789012:role/name"},
		{"bucket_name", &e.BucketName, isBucketName, "example-bucket: the name alone, without s3://, ARN or path"},
		{"endpoints.cognito_idp", &e.Endpoints.CognitoIDP, isEndpoint, endpointForm},
		{"endpoints.cognito_identity", &e.Endpoints.CognitoIdentity, isEndpoint, endpointForm},
		{"endpoints.sts", &e.Endpoints.STS, isEndpoint, endpointForm},
		{"endpoints.s3", &e.Endpoints.S3, isEndpoint, endpointForm},
	}
}

const endpointForm = "https://host, or http://localhost:9000 for this machine: no user name, no query"

// require returns an error that names those of the given fields that are empty.
func (e Environment) require(keys ...string) error {
	var missing []string
	for _, f := range e.fields() {
		if *f.value == "" && slices.Contains(keys, f.key) {
			missing = append(missing, f.key)
		}
	}
	if missing == nil {
		return nil
	}
	return errors.New("cognito: the environment lacks " + strings.Join(missing, " and ") + ": ask the administrator who set up the pools")
}

// AWSRegion returns Region or, where that is empty, the Region that the ids tell.
func (e Environment) AWSRegion() string {
	return cmp.Or(e.Region, before(e.UserPoolID, "_"), before(e.IdentityPoolID, ":"))
}

func (e Environment) userPoolRegion() string { return cmp.Or(before(e.UserPoolID, "_"), e.Region) }

func (e Environment) identityPoolRegion() string {
	return cmp.Or(before(e.IdentityPoolID, ":"), e.Region)
}

// before returns what stands before the first separator; nothing if there is none.
func before(s, separator string) string {
	if s, _, ok := strings.Cut(s, separator); ok {
		return s
	}
	return ""
}

// Validate checks the form of every field that is set, and that they do not contradict each other. The error has one line
// for each field that is wrong and names it by its JSON key. It repeats no value but Regions and partitions, because what
// stands in a wrong place may be a secret. Which fields must be set depends on the call, and is checked there.
func (e Environment) Validate() error {
	var wrong []error
	for _, f := range e.fields() {
		if problem := e.problem(f); problem != "" {
			wrong = append(wrong, errors.New("cognito: "+f.key+" "+problem))
		}
	}
	return errors.Join(wrong...)
}

func (e *Environment) problem(f field) string {
	value, region := *f.value, e.AWSRegion()
	switch {
	case value == "":
	case strings.Trim(value, "'\"` \t\r\n") != value:
		return "has quotes or white space around it: remove them"
	case strings.ContainsAny(value, "<>{}$") || value[0] == '[':
		return "still holds a placeholder, such as <your value>: fill it in"
	case len(value) > 2048 || !f.valid(value):
		return "should look like " + f.form
	case f.value == &e.Region && isUserPoolID(e.UserPoolID) && e.userPoolRegion() != region:
		return "is " + region + ", but user_pool_id is in " + e.userPoolRegion() + ": one of them is wrong"
	case strings.HasPrefix(value, "arn:") && e.Endpoints.STS+e.Endpoints.CognitoIdentity == "": // of AWS's own services
		given, _, _ := strings.Cut(value[len("arn:"):], ":")
		if partition, _, err := endpoint.Partition(region); err == nil && partition != given {
			return "is in partition " + given + ", but Region " + region + " is in " + partition + ": one of them is wrong"
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
	return isRegion(region) && id != "" && strings.Trim(id, "0123456789abcdef-") == "" && len(s) <= 55
}

// isRoleARN takes arn:<partition>:iam::<account>:role/<name>. Outside AWS there may be a Region and no account, as
// in MinIO's arn:minio:iam:us-east-1::role/<name>.
func isRoleARN(s string) bool {
	part := strings.SplitN(s, ":", 6)
	return len(part) == 6 && part[0] == "arn" && isRegion(part[1]) && part[2] == "iam" &&
		(part[3] == "" || !strings.HasPrefix(part[1], "aws") && isRegion(part[3])) &&
		strings.Trim(part[4], digits) == "" && len(part[5]) > len("role/") && strings.HasPrefix(part[5], "role/") &&
		alphanumeric(part[5], "_+=,.@-/")
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

// alphanumeric tells whether s has only ASCII letters, digits and characters of more.
func alphanumeric(s, more string) bool { return strings.Trim(s, letters+digits+more) == "" }
