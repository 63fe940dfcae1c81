package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
)

// A setting is a field of an environment, as the tool asks for it.
type setting struct {
	key   string // in the file
	flag  string // none: there is no flag
	title string // none: it is not asked for
	value *string
}

const secretKey = "client_secret" // its value is never printed

// settings are all fields of e, in the order in which they are asked for.
func settings(e *cognito.Environment) []setting {
	return []setting{
		{"aws_region", "region", "", &e.Region},
		{"user_pool_id", "user-pool-id", "User pool id", &e.UserPoolID},
		{"client_id", "client-id", "App client id", &e.ClientID},
		{secretKey, "", "App client secret, if it has one", &e.ClientSecret},
		{"identity_pool_id", "identity-pool-id", "Identity pool id", &e.IdentityPoolID},
		{"role_arn", "role-arn", "Role ARN, for the classic flow", &e.RoleARN},
		{"custom_role_arn", "custom-role-arn", "", &e.CustomRoleARN},
		{"bucket_name", "bucket", "Bucket", &e.BucketName},
		{"endpoints.cognito_idp", "", "", &e.Endpoints.CognitoIDP},
		{"endpoints.cognito_identity", "", "", &e.Endpoints.CognitoIdentity},
		{"endpoints.sts", "", "", &e.Endpoints.STS},
		{"endpoints.s3", "", "", &e.Endpoints.S3},
	}
}

// configured reads what the file holds; a file that is not there holds nothing. A file that would lose something by being
// written anew is refused: one that is damaged, or Amplify's, or has comments.
func (a *app) configured(path string) (map[string]cognito.Environment, error) {
	data, err := readFile(path, 2<<20)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(bytes.TrimSpace(data)) == 0 {
		return map[string]cognito.Environment{}, nil
	} else if err != nil {
		return nil, usageError{err}
	}
	all, err := a.environments()
	if err != nil {
		return nil, err
	}
	var is, would any
	if json.Unmarshal(data, &is) != nil || json.Unmarshal(marshalEnvironments(all), &would) != nil || !reflect.DeepEqual(is, would) {
		return nil, usagef("%s is not a file that this command can change, for it has more than environments by name: read it with -from, and write another one with -config", path)
	}
	return all, nil
}

// marshalEnvironments is the file. Environments redact themselves from encoding/json.
func marshalEnvironments(all map[string]cognito.Environment) []byte {
	file := make(map[string]map[string]any)
	for name, e := range all {
		fields, endpoints := make(map[string]any), make(map[string]string)
		for _, s := range settings(&e) {
			if key, nested := strings.CutPrefix(s.key, "endpoints."); *s.value != "" && nested {
				endpoints[key], fields["endpoints"] = *s.value, endpoints
			} else if *s.value != "" {
				fields[s.key] = *s.value
			}
		}
		file[name] = fields
	}
	data, _ := json.MarshalIndent(file, "", "  ") // texts alone can't fail
	return append(data, '\n')
}

// saveEnvironments writes the file, for the user alone.
func saveEnvironments(path string, all map[string]cognito.Environment) error {
	data := marshalEnvironments(all)
	if again, err := cognito.ParseEnvironments(data); err != nil || !maps.Equal(again, all) {
		return usagef("the environments could not be read back: choose another name than one of %s", strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the link stays
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, data, 0o600)
}
