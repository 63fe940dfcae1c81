package main

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/environments"
	"github.com/loginwithcognito/cognito/internal/bom"
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
			with.flag, with.title = "user-pool-id", "User pool ID"
		case "client_id":
			with.flag, with.title = "client-id", "App client ID"
		case secretKey:
			with.title = "App client secret, if it has one"
		case "identity_pool_id":
			with.flag, with.title = "identity-pool-id", "Identity pool ID"
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

// maxConfig is the maximum size of a configuration file. environments.Parse has a lower limit.
const maxConfig = 2 << 20

// replaceable returns the environments in a configuration file. It returns an error if writing the
// file again would lose data: if the file is damaged, is an Amplify file or has comments.
func replaceable(path string, data []byte) (map[string]cognito.Environment, error) {
	data, err := bom.Decode(data)
	if err == nil && len(bytes.TrimSpace(data)) == 0 {
		return map[string]cognito.Environment{}, nil
	}
	var all map[string]cognito.Environment
	if err == nil {
		all, err = environments.Parse(data)
	}
	if err != nil {
		return nil, usagef("%s: %w", path, err)
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

// changeConfig changes the environments in a configuration file. Only the user can read the file.
func (a *app) changeConfig(
	ctx context.Context, path string, change func(map[string]cognito.Environment) error,
) error {
	file := files.Target{Path: path, Limit: maxConfig, Mode: 0o600, Trusted: true, Note: a.notef}
	return file.Update(ctx, func(data []byte) ([]byte, error) {
		all, err := replaceable(path, data)
		if err == nil {
			err = change(all)
		}
		if err != nil {
			return nil, err
		}
		if data, err = environments.Marshal(all); err != nil {
			return nil, usageError{err}
		}
		return data, nil
	})
}
