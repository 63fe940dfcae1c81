exports.default = { aws_project_region: "us-east-1", aws_cognito_identity_pool_id: "eu-west-1:abababab-1111-4222-8333-444444444444" }
