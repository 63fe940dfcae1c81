package cognito

import (
	"maps"
	"slices"
)

// readOutputs reads amplify_outputs.json (aws-amplify/amplify-backend, packages/client-config, schema_v1.4.json).
func (c *configuration) readOutputs() {
	var e Environment
	c.text(&e.Region, nil, "auth", "aws_region")
	c.text(&e.UserPoolID, nil, "auth", "user_pool_id")
	c.text(&e.ClientID, nil, "auth", "user_pool_client_id")
	c.text(&e.IdentityPoolID, nil, "auth", "identity_pool_id")
	c.text(&e.BucketName, nil, "storage", "bucket_name")
	c.add(DefaultEnvironment, e)
}

// readExports reads aws-exports, and amplifyconfiguration.json in the form that Amplify JavaScript gives it (amplify-js,
// packages/core/src/parseAWSExports.ts).
func (c *configuration) readExports() {
	var e Environment
	c.text(&e.Region, nil, "aws_project_region")
	c.text(&e.Region, nil, "aws_cognito_region") // of the pools, where it is told
	c.text(&e.UserPoolID, nil, "aws_user_pools_id")
	c.text(&e.ClientID, nil, "aws_user_pools_web_client_id")
	c.text(&e.IdentityPoolID, nil, "aws_cognito_identity_pool_id")
	c.text(&e.BucketName, nil, "aws_user_files_s3_bucket")
	c.add(DefaultEnvironment, e)
}

// readMobile reads awsconfiguration.json, whose form is also that of the Cognito plugin in amplifyconfiguration.json
// (docs.amplify.aws, Gen 1, "Use existing Amazon Cognito resources"). An entry of CognitoUserPool goes with the identity
// pool and the bucket of the same name, else with those called Default.
func (c *configuration) readMobile(plugin ...string) {
	entries := c.object(plugin...)
	pools, _ := entries["CognitoUserPool"].(object)
	provider, _ := entries["CredentialsProvider"].(object)
	identities, _ := provider["CognitoIdentity"].(object)
	names := pools
	if len(pools) == 0 { // guests only
		names = identities
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		var e Environment
		c.text(&e.Region, plugin, "CognitoUserPool", name, "Region")
		c.text(&e.UserPoolID, plugin, "CognitoUserPool", name, "PoolId")
		c.text(&e.ClientID, plugin, "CognitoUserPool", name, "AppClientId")
		c.text(&e.ClientSecret, plugin, "CognitoUserPool", name, "AppClientSecret")

		identity, region := name, ""
		if identities[name] == nil {
			identity = "Default"
		}
		c.text(&e.IdentityPoolID, plugin, "CredentialsProvider", "CognitoIdentity", identity, "PoolId")
		c.text(&region, plugin, "CredentialsProvider", "CognitoIdentity", identity, "Region")
		if told := before(e.IdentityPoolID, ":"); told != "" && region != "" && told != region {
			c.fail("Region and PoolId of %s are of different Regions: one of them is wrong", where(plugin, "CredentialsProvider", "CognitoIdentity", identity))
		}

		c.text(&e.BucketName, nil, "storage", "plugins", "awsS3StoragePlugin", "bucket")
		c.text(&e.BucketName, plugin, "S3TransferUtility", "Default", "Bucket")
		c.text(&e.BucketName, plugin, "S3TransferUtility", name, "Bucket")
		c.add(name, e)
	}
}
