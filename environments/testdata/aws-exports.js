/* eslint-disable */
// WARNING: DO NOT EDIT. This file is generated. It's "not" an object: {

const awsmobile = {
    "aws_project_region": "sa-east-1",
    "aws_cognito_identity_pool_id": "sa-east-1:eeeeeeee-1111-4222-8333-444444444444",
    "aws_cognito_region": "sa-east-1",
    "aws_user_pools_id": "sa-east-1_Exports01",
    "aws_user_pools_web_client_id": "1exports0example0client001",
    "oauth": {},
    "aws_cognito_username_attributes": [
        "EMAIL"
    ],
    "aws_cognito_mfa_types": [],
    "aws_cognito_password_protection_settings": {
        "passwordPolicyMinLength": 8,
        "passwordPolicyCharacters": []
    },
    "aws_mandatory_sign_in": "enable",
    "aws_user_files_s3_bucket": "example-exports-files",
    "aws_user_files_s3_bucket_region": "sa-east-1"
};


export default awsmobile;
