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

// A setting describes how "cognito configure" obtains one setting of an environment.
type setting struct {
	cognito.Setting
	// flag is the name of the flag. It is empty if the setting has no flag.
	flag string
	// title is the text of the prompt. It is empty if the setting has no prompt.
	title string
}

// secretKey is the key of the app client's secret, which is never printed.
const secretKey = "client_secret"

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

// configured returns the environments in the file, or an empty map if the file is missing or empty.
// It returns an error if writing the file again would lose data: if the file is damaged, is an
// Amplify file or has comments.
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
		return nil, usagef("%s is not in the format that configure writes: read it with -from, "+
			"and name another file with -config", path)
	}
	return all, nil
}

// saveEnvironments writes the file, which only the user can read. It follows symbolic links.
func saveEnvironments(path string, all map[string]cognito.Environment) error {
	data, err := environments.Marshal(all)
	if err != nil {
		return usageError{err}
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, data, 0o600)
}
