package environments

import (
	"maps"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
)

// readOutputs reads amplify_outputs.json (aws-amplify/amplify-backend, packages/client-config,
// schema_v1.4.json).
func (r *reader) readOutputs() {
	var e cognito.Environment
	r.text(&e.Region, nil, "auth", "aws_region")
	r.text(&e.UserPoolID, nil, "auth", "user_pool_id")
	r.text(&e.ClientID, nil, "auth", "user_pool_client_id")
	r.text(&e.IdentityPoolID, nil, "auth", "identity_pool_id")
	r.text(&e.BucketName, nil, "storage", "bucket_name")
	r.add(Default, e)
}

// readExports reads aws-exports.js, and amplifyconfiguration.json in the form that Amplify
// JavaScript writes (amplify-js, packages/core/src/parseAWSExports.ts).
func (r *reader) readExports() {
	var e cognito.Environment
	r.text(&e.Region, nil, "aws_project_region")
	r.text(&e.Region, nil, "aws_cognito_region") // that of the pools wins
	r.text(&e.UserPoolID, nil, "aws_user_pools_id")
	r.text(&e.ClientID, nil, "aws_user_pools_web_client_id")
	r.text(&e.IdentityPoolID, nil, "aws_cognito_identity_pool_id")
	r.text(&e.BucketName, nil, "aws_user_files_s3_bucket")
	r.add(Default, e)
}

// readMobile reads awsconfiguration.json, and the object of the Cognito plugin in
// amplifyconfiguration.json, which has the same form (docs.amplify.aws, Gen 1, "Use existing Amazon
// Cognito resources"). An entry of CognitoUserPool belongs to the identity pool and the bucket of
// the same name, or else to those named Default.
func (r *reader) readMobile(plugin ...string) {
	entries := r.object(plugin...)
	pools, _ := entries["CognitoUserPool"].(object)
	provider, _ := entries["CredentialsProvider"].(object)
	identities, _ := provider["CognitoIdentity"].(object)
	names := pools
	if len(pools) == 0 { // an application for guests only
		names = identities
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		var e cognito.Environment
		r.text(&e.Region, plugin, "CognitoUserPool", name, "Region")
		r.text(&e.UserPoolID, plugin, "CognitoUserPool", name, "PoolId")
		r.text(&e.ClientID, plugin, "CognitoUserPool", name, "AppClientId")
		r.text(&e.ClientSecret, plugin, "CognitoUserPool", name, "AppClientSecret")

		identity, region := name, ""
		if identities[name] == nil {
			identity = "Default"
		}
		path := slices.Concat(plugin, []string{"CredentialsProvider", "CognitoIdentity", identity})
		r.text(&e.IdentityPoolID, path, "PoolId")
		r.text(&region, path, "Region")
		inID, _, ok := strings.Cut(e.IdentityPoolID, ":")
		if ok && inID != "" && region != "" && inID != region {
			r.failf("Region and PoolId of %s name different Regions: correct one", where(path))
		}

		r.text(&e.BucketName, nil, "storage", "plugins", "awsS3StoragePlugin", "bucket")
		r.text(&e.BucketName, plugin, "S3TransferUtility", "Default", "Bucket")
		r.text(&e.BucketName, plugin, "S3TransferUtility", name, "Bucket")
		r.add(name, e)
	}
}
