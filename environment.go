package cognito

import (
	"errors"
	"fmt"
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

// field is one setting under its JSON key.
type field struct {
	key   string
	value *string
}

// fields lists the settings in the order in which they are documented.
func (e *Environment) fields() []field {
	return []field{
		{"aws_region", &e.Region},
		{"user_pool_id", &e.UserPoolID},
		{"client_id", &e.ClientID},
		{"client_secret", &e.ClientSecret},
		{"identity_pool_id", &e.IdentityPoolID},
		{"role_arn", &e.RoleARN},
		{"custom_role_arn", &e.CustomRoleARN},
		{"bucket_name", &e.BucketName},
		{"endpoints.cognito_idp", &e.Endpoints.CognitoIDP},
		{"endpoints.cognito_identity", &e.Endpoints.CognitoIdentity},
		{"endpoints.sts", &e.Endpoints.STS},
		{"endpoints.s3", &e.Endpoints.S3},
	}
}

// require returns an error that names those of the given fields that are empty.
func (e Environment) require(keys ...string) error {
	var missing []string
	for _, key := range keys {
		for _, f := range e.fields() {
			if f.key == key && *f.value == "" {
				missing = append(missing, key)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("cognito: the environment lacks %s: ask the administrator who set up the pools", strings.Join(missing, " and "))
}

// AWSRegion returns Region or, where that is empty, the Region that the ids tell.
func (e Environment) AWSRegion() string {
	if e.Region != "" {
		return e.Region
	}
	if e.UserPoolID != "" {
		return e.userPoolRegion()
	}
	return e.identityPoolRegion()
}

func (e Environment) userPoolRegion() string {
	region, _, _ := strings.Cut(e.UserPoolID, "_")
	if region == "" {
		return e.Region
	}
	return region
}

func (e Environment) identityPoolRegion() string {
	region, _, _ := strings.Cut(e.IdentityPoolID, ":")
	if region == "" {
		return e.Region
	}
	return region
}

// Validate checks the form of every field that is set, and that they do not contradict each other. The error names all
// that is wrong, each by its JSON key; which fields must be set depends on the call, and is checked there.
func (e Environment) Validate() error {
	var wrong []error
	bad := func(key, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("cognito: %s: %s", key, fmt.Sprintf(format, args...)))
	}
	for _, f := range e.fields() {
		secret := f.key == "client_secret"
		switch text := *f.value; {
		case text == "":
		case strings.Trim(text, "'\"` \t\r\n") != text:
			bad(f.key, "has quotes or white space around it")
		case strings.ContainsAny(text, "<>{}$"):
			bad(f.key, "still holds a placeholder, such as <your value>: fill it in")
		case !secret && len(text) > 2048:
			bad(f.key, "is %d bytes long", len(text))
		}
	}
	if len(wrong) > 0 { // what follows would only say it again
		return errors.Join(wrong...)
	}
	if e.Region != "" && endpoint.ValidRegion(e.Region) != nil {
		bad("aws_region", "%q is not a Region: it should look like us-east-1", e.Region)
	}
	if id := e.UserPoolID; id != "" {
		region, name, _ := strings.Cut(id, "_")
		switch {
		case strings.HasPrefix(id, "arn:"):
			bad("user_pool_id", "is an ARN: use what follows its last slash")
		case strings.Contains(id, ":"):
			bad("user_pool_id", "%q looks like an identity pool id: a user pool id looks like us-east-1_AbCdEfGhI", id)
		case endpoint.ValidRegion(region) != nil || !alphanumeric(name, "") || len(id) > 55:
			bad("user_pool_id", "%q should look like us-east-1_AbCdEfGhI: a Region, an underscore, letters and digits", id)
		case e.Region != "" && e.Region != region:
			bad("aws_region", "is %s, but user_pool_id %s is in %s: one of them is wrong", e.Region, id, region)
		}
	}
	if id := e.IdentityPoolID; id != "" {
		region, rest, _ := strings.Cut(id, ":")
		switch {
		case strings.HasPrefix(id, "arn:"):
			bad("identity_pool_id", "is an ARN: use what follows its last slash")
		case strings.Contains(id, "_"):
			bad("identity_pool_id", "%q looks like a user pool id: an identity pool id looks like us-east-1:01234567-89ab-cdef-0123-456789abcdef", id)
		case endpoint.ValidRegion(region) != nil || rest == "" || strings.Trim(rest, "0123456789abcdef-") != "" || len(id) > 55:
			bad("identity_pool_id", "%q should look like us-east-1:01234567-89ab-cdef-0123-456789abcdef", id)
		}
	}
	if id := e.ClientID; id != "" && (!alphanumeric(id, "_+") || len(id) > 128) {
		bad("client_id", "%q is not an app client id: it has letters and digits only (is it the client's name?)", id)
	}
	if !alphanumeric(e.ClientSecret+"x", "_+") {
		bad("client_secret", "has characters that no client secret has: letters, digits, _ and + only")
	}
	for _, f := range []field{{"role_arn", &e.RoleARN}, {"custom_role_arn", &e.CustomRoleARN}} {
		if *f.value != "" {
			if err := e.checkRole(*f.value); err != nil {
				bad(f.key, "%v", err)
			}
		}
	}
	if name := e.BucketName; strings.HasPrefix(name, "s3://") || strings.Contains(name, "/") && !strings.HasPrefix(name, "arn:") {
		bad("bucket_name", "%q should be the name alone, without s3:// and without a path", name)
	}
	for _, f := range e.fields() {
		if strings.HasPrefix(f.key, "endpoints.") && *f.value != "" {
			if _, err := endpoint.Parse(*f.value); err != nil {
				bad(f.key, "%v", err)
			}
		}
	}
	return errors.Join(wrong...)
}

// checkRole checks the form arn:<partition>:<service>::<account>:role/<name>; MinIO's role ARNs have no account.
func (e Environment) checkRole(arn string) error {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || !strings.HasPrefix(parts[5], "role/") {
		return fmt.Errorf("%q should look like arn:aws:iam::123456789012:role/name", arn)
	}
	region := e.AWSRegion()
	if region == "" || e.Endpoints.STS != "" {
		return nil
	}
	if partition, _, err := endpoint.Partition(region); err == nil && partition != parts[1] {
		return fmt.Errorf("%q is in partition %s, but Region %s is in partition %s", arn, parts[1], region, partition)
	}
	return nil
}

// alphanumeric tells whether s is one or more ASCII letters, digits and characters of more.
func alphanumeric(s, more string) bool {
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune(more, r):
		default:
			return false
		}
	}
	return s != ""
}
