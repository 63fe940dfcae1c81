# A user pool, an app client, an identity pool and a role for the cognito command.
# docs/administrator.md explains the settings.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "name" {
  type        = string
  default     = "cognito-cli"
  description = "The name of the pools, the app client and the role."
}

variable "bucket_name" {
  type        = string
  description = "An existing S3 bucket that users may list and read."
}

variable "domain_prefix" {
  type        = string
  default     = ""
  description = "The prefix of the user pool's domain, for sign-in with a browser."
}

variable "classic_flow" {
  type        = bool
  default     = false
  description = "Whether credentials may be valid for up to 12 hours, instead of one."
}

data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  browser = var.domain_prefix != ""
}

resource "aws_cognito_user_pool" "main" {
  name                = var.name
  deletion_protection = "ACTIVE"
  mfa_configuration   = "OPTIONAL"

  software_token_mfa_configuration {
    enabled = true
  }

  admin_create_user_config {
    allow_admin_create_user_only = true
  }

  username_configuration {
    case_sensitive = false
  }

  password_policy {
    minimum_length                   = 14
    temporary_password_validity_days = 3
  }
}

resource "aws_cognito_user_pool_client" "cli" {
  name                          = var.name
  user_pool_id                  = aws_cognito_user_pool.main.id
  generate_secret               = false
  explicit_auth_flows           = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  access_token_validity  = 1
  id_token_validity      = 1
  refresh_token_validity = 30 # how long a user stays signed in
  token_validity_units {
    access_token  = "hours"
    id_token      = "hours"
    refresh_token = "days"
  }

  callback_urls = local.browser ? [
    for port in [8400, 8401, 8402] : "http://localhost:${port}/callback"
  ] : null
  logout_urls                          = local.browser ? ["http://localhost:8400/"] : null
  allowed_oauth_flows_user_pool_client = local.browser
  allowed_oauth_flows                  = local.browser ? ["code"] : null
  allowed_oauth_scopes                 = local.browser ? ["openid"] : null
  supported_identity_providers         = local.browser ? ["COGNITO"] : null
}

resource "aws_cognito_user_pool_domain" "main" {
  count        = local.browser ? 1 : 0
  domain       = var.domain_prefix
  user_pool_id = aws_cognito_user_pool.main.id
}

resource "aws_cognito_identity_pool" "main" {
  identity_pool_name               = var.name
  allow_unauthenticated_identities = false
  allow_classic_flow               = var.classic_flow

  cognito_identity_providers {
    client_id               = aws_cognito_user_pool_client.cli.id
    provider_name           = aws_cognito_user_pool.main.endpoint
    server_side_token_check = true
  }
}

resource "aws_iam_role" "user" {
  name                 = var.name
  max_session_duration = var.classic_flow ? 43200 : 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "cognito-identity.amazonaws.com" }
      Condition = {
        StringEquals = {
          "cognito-identity.amazonaws.com:aud" = aws_cognito_identity_pool.main.id
        }
        "ForAnyValue:StringLike" = {
          "cognito-identity.amazonaws.com:amr" = "authenticated"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "user" {
  name = "bucket"
  role = aws_iam_role.user.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket_name}"
      },
      {
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket_name}/*"
      },
    ]
  })
}

resource "aws_cognito_identity_pool_roles_attachment" "main" {
  identity_pool_id = aws_cognito_identity_pool.main.id
  roles            = { authenticated = aws_iam_role.user.arn }
}

# "cognito configure -from" reads these outputs.

output "aws_region" {
  value = data.aws_region.current.name
}

output "user_pool_id" {
  value = aws_cognito_user_pool.main.id
}

output "client_id" {
  value = aws_cognito_user_pool_client.cli.id
}

output "identity_pool_id" {
  value = aws_cognito_identity_pool.main.id
}

output "bucket_name" {
  value = var.bucket_name
}

# Only the classic flow needs it. In the enhanced flow, the identity pool chooses the role.
output "role_arn" {
  value = var.classic_flow ? aws_iam_role.user.arn : null
}

output "domain" {
  value = local.browser ? "${var.domain_prefix}.auth.${data.aws_region.current.name}.amazoncognito.com" : null
}

output "redirect_uri" {
  value = local.browser ? aws_cognito_user_pool_client.cli.callback_urls : null
}

output "scopes" {
  value = local.browser ? aws_cognito_user_pool_client.cli.allowed_oauth_scopes : null
}
