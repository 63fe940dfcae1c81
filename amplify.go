package cognito

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// amplifyOutputs reads amplify_outputs.json (docs.amplify.aws, "amplify_outputs.json reference").
func (file object) amplifyOutputs() (map[string]Environment, error) {
	var e Environment
	auth, _ := file.at("auth")
	storage, _ := file.at("storage")
	err := errors.Join(
		text(&e.Region, auth["aws_region"], "auth", "aws_region"),
		text(&e.UserPoolID, auth["user_pool_id"], "auth", "user_pool_id"),
		text(&e.ClientID, auth["user_pool_client_id"], "auth", "user_pool_client_id"),
		text(&e.IdentityPoolID, auth["identity_pool_id"], "auth", "identity_pool_id"),
		text(&e.BucketName, storage["bucket_name"], "storage", "bucket_name"),
	)
	return map[string]Environment{DefaultEnvironment: e}, err
}

// amplifyConfiguration reads amplifyconfiguration.json, whose Cognito plugin has the form of awsconfiguration.json
// (docs.amplify.aws, Gen 1, "Existing AWS resources"). Each entry of CognitoUserPool becomes one environment.
func (file object) amplifyConfiguration(plugin object) (map[string]Environment, error) {
	pools, _ := plugin.at("CognitoUserPool")
	identities, _ := plugin.at("CredentialsProvider", "CognitoIdentity")
	storage, _ := file.at("storage", "plugins", "awsS3StoragePlugin")
	transfer, _ := plugin.at("S3TransferUtility")
	names := map[string]bool{}
	for name := range pools {
		names[name] = true
	}
	if len(pools) == 0 { // guests only
		for name := range identities {
			names[name] = true
		}
	}
	found := make(map[string]Environment)
	var wrong []error
	for entry := range names {
		var e Environment
		pool, _ := pools.at(entry)
		identity, ok := identities.at(entry)
		if !ok {
			identity, _ = identities.at("Default")
		}
		bucket, ok := transfer.at(entry)
		if !ok {
			bucket, _ = transfer.at("Default")
		}
		bucketName := bucket["Bucket"]
		if bucketName == nil {
			bucketName = storage["bucket"]
		}
		region := pool["Region"]
		if region == nil {
			region = identity["Region"]
		}
		wrong = append(wrong,
			text(&e.Region, region, entry, "Region"),
			text(&e.UserPoolID, pool["PoolId"], entry, "PoolId"),
			text(&e.ClientID, pool["AppClientId"], entry, "AppClientId"),
			text(&e.ClientSecret, pool["AppClientSecret"], entry, "AppClientSecret"),
			text(&e.IdentityPoolID, identity["PoolId"], entry, "PoolId"),
			text(&e.BucketName, bucketName, entry, "Bucket"),
		)
		name := entry
		if name == "Default" {
			name = DefaultEnvironment
		}
		found[name] = e
	}
	return found, errors.Join(wrong...)
}

// awsExports reads aws-exports.js (docs.amplify.aws, Gen 1, JavaScript).
func (file object) awsExports() (map[string]Environment, error) {
	var e Environment
	region := file["aws_cognito_region"]
	if region == nil {
		region = file["aws_project_region"]
	}
	err := errors.Join(
		text(&e.Region, region, "aws-exports", "aws_cognito_region"),
		text(&e.UserPoolID, file["aws_user_pools_id"], "aws-exports", "aws_user_pools_id"),
		text(&e.ClientID, file["aws_user_pools_web_client_id"], "aws-exports", "aws_user_pools_web_client_id"),
		text(&e.IdentityPoolID, file["aws_cognito_identity_pool_id"], "aws-exports", "aws_cognito_identity_pool_id"),
		text(&e.BucketName, file["aws_user_files_s3_bucket"], "aws-exports", "aws_user_files_s3_bucket"),
	)
	return map[string]Environment{DefaultEnvironment: e}, err
}

// jsonFromScript turns the one object literal of a script such as "const awsmobile = {...}; export default awsmobile;"
// into JSON: comments and trailing commas go, names get quotes, strings get double ones. Nothing is evaluated.
func jsonFromScript(script []byte) ([]byte, error) {
	var out []byte
	depth, begun := 0, false
	for i := 0; i < len(script); {
		rest := script[i:]
		c := script[i]
		switch {
		case bytes.HasPrefix(rest, []byte("//")):
			i = skip(script, i, "\n")
			continue
		case bytes.HasPrefix(rest, []byte("/*")):
			i = skip(script, i+2, "*/")
			continue
		case !begun && c != '{':
			i++ // what stands before the literal
			continue
		case c == '"' || c == '\'':
			literal, n, err := scriptString(rest)
			if err != nil {
				return nil, err
			}
			out = append(out, literal...)
			i += n
			continue
		case c == '{' || c == '[':
			begun = true
			depth++
		case c == '}' || c == ']':
			depth--
			out = bytes.TrimSuffix(bytes.TrimRight(out, " \t\r\n"), []byte(",")) // a trailing comma
		case alphanumeric(string(rune(c)), "_$") && (c < '0' || c > '9'):
			n := 1
			for n < len(rest) && rest[n] < utf8.RuneSelf && alphanumeric(string(rune(rest[n])), "_$") {
				n++
			}
			word := string(rest[:n])
			if word != "true" && word != "false" && word != "null" {
				word = `"` + word + `"`
				if after := bytes.TrimLeft(rest[n:], " \t\r\n"); !bytes.HasPrefix(after, []byte(":")) {
					return nil, fmt.Errorf("cognito: the configuration: the script's value %s is computed: only literal values can be read", word)
				}
			}
			out = append(out, word...)
			i += n
			continue
		}
		out = append(out, c)
		i++
		if begun && depth == 0 {
			return out, nil // what follows the literal does not matter
		}
	}
	if !begun {
		return nil, errors.New("cognito: the configuration is neither a JSON object nor a script with one")
	}
	return nil, errors.New("cognito: the configuration: the script's object does not end")
}

func skip(script []byte, from int, end string) int {
	if n := bytes.Index(script[from:], []byte(end)); n >= 0 {
		return from + n + len(end)
	}
	return len(script)
}

// scriptString turns the string literal that s begins with into a JSON one, and tells how long it was.
func scriptString(s []byte) (literal []byte, length int, err error) {
	quote := s[0]
	literal = append(literal, '"')
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote:
			return append(literal, '"'), i + 1, nil
		case c == '\\' && i+1 < len(s):
			i++
			if s[i] != '\'' { // \' is the one escape of both that JSON lacks
				literal = append(literal, '\\')
			}
			literal = append(literal, s[i])
		case c == '"':
			literal = append(literal, '\\', '"')
		case strings.ContainsRune("\r\n", rune(c)):
			return nil, 0, errors.New("cognito: the configuration: a string in the script is not closed on its line")
		default:
			literal = append(literal, c)
		}
	}
	return nil, 0, errors.New("cognito: the configuration: a string in the script does not end")
}
