package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/environments"
)

// A setting is a setting of an environment as "cognito configure" asks for it.
type setting struct {
	cognito.Setting
	flag  string // empty: it has no flag
	title string // empty: it has no prompt
}

const secretKey = "client_secret" // its value is never printed

// settings returns the settings of e in the order of the prompts.
func settings(e *cognito.Environment) (all []setting) {
	for _, s := range e.Settings() {
		with := setting{Setting: s}
		switch s.Key {
		case "aws_region":
			with.flag = "region"
		case "user_pool_id":
			with.flag, with.title = "user-pool-id", "User pool id"
		case "client_id":
			with.flag, with.title = "client-id", "App client id"
		case secretKey:
			with.title = "App client secret, if it has one"
		case "identity_pool_id":
			with.flag, with.title = "identity-pool-id", "Identity pool id"
		case "role_arn":
			with.flag, with.title = "role-arn", "Role ARN, for the classic flow"
		case "custom_role_arn":
			with.flag = "custom-role-arn"
		case "bucket_name":
			with.flag, with.title = "bucket", "Bucket"
		}
		all = append(all, with)
	}
	return all
}

// configured reads what the file holds; a file that is not there holds nothing. A file that would
// lose something by being written anew is refused: one that is damaged, or Amplify's, or has
// comments.
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
	again, err := environments.Marshal(all)
	if err != nil || json.Unmarshal(data, &is) != nil || json.Unmarshal(again, &would) != nil ||
		!reflect.DeepEqual(is, would) {
		return nil, usagef("%s is not a file that this command can change, for it has more than "+
			"environments by name: read it with -from, and write another one with -config", path)
	}
	return all, nil
}

// saveEnvironments writes the file, for the user alone.
func saveEnvironments(path string, all map[string]cognito.Environment) error {
	data, err := environments.Marshal(all)
	if err != nil {
		return usageError{err}
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the link stays
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, data, 0o600)
}
