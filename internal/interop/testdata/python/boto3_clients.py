"""Signs in, gets credentials and uses them with boto3."""

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from lib import attempt, finish, given

endpoint, region = given["endpoint"], given["region"]
config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
unsigned = config.merge(Config(signature_version=UNSIGNED))
idp = boto3.client("cognito-idp", region, endpoint_url=endpoint, config=unsigned)
identity = boto3.client("cognito-identity", region, endpoint_url=endpoint, config=unsigned)


def sign_in(**parameters):
    return idp.initiate_auth(
        ClientId=given["clientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": given["user"], "PASSWORD": given["password"], **parameters},
    )["AuthenticationResult"]


tokens = attempt("USER_PASSWORD_AUTH")(sign_in)
attempt("email address")(lambda: sign_in(USERNAME=given["email"]))
attempt("wrong password")(lambda: sign_in(PASSWORD="wrong"))
attempt("unknown user")(lambda: sign_in(USERNAME="nobody"))


@attempt("flow that the client does not allow")
def _():
    idp.initiate_auth(
        ClientId=given["clientId"],
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": given["user"]},
    )


@attempt("REFRESH_TOKEN_AUTH")
def _():
    result = idp.initiate_auth(
        ClientId=given["clientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )["AuthenticationResult"]
    assert result["TokenType"] == "Bearer" and result["ExpiresIn"] > 0


@attempt("GetTokensFromRefreshToken")
def _():
    idp.get_tokens_from_refresh_token(ClientId=given["clientId"], RefreshToken=tokens["RefreshToken"])


provider = f"cognito-idp.{region}.amazonaws.com/{given['userPoolId']}"
logins = {provider: tokens["IdToken"]}
identity_id = attempt("GetId")(
    lambda: identity.get_id(IdentityPoolId=given["identityPoolId"], Logins=logins)["IdentityId"]
)
attempt("GetId, access token")(
    lambda: identity.get_id(IdentityPoolId=given["identityPoolId"], Logins={provider: tokens["AccessToken"]})
)


@attempt("GetCredentialsForIdentity")
def enhanced():
    answer = identity.get_credentials_for_identity(IdentityId=identity_id, Logins=logins)
    assert answer["IdentityId"] == identity_id
    assert answer["Credentials"]["Expiration"].utcoffset() is not None
    return answer["Credentials"]


web_identity_token = attempt("GetOpenIdToken")(
    lambda: identity.get_open_id_token(IdentityId=identity_id, Logins=logins)["Token"]
)


def client(service, credentials, secret=None, token=None):
    return boto3.client(
        service,
        region,
        endpoint_url=endpoint,
        config=config,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=secret or credentials.get("SecretKey") or credentials["SecretAccessKey"],
        aws_session_token=token or credentials["SessionToken"],
    )


def assume(**parameters):
    sts = boto3.client("sts", region, endpoint_url=endpoint, config=unsigned)
    return sts.assume_role_with_web_identity(
        **{
            "RoleArn": given["roleArn"],
            "RoleSessionName": "interop",
            "WebIdentityToken": web_identity_token,
            **parameters,
        }
    )


@attempt("AssumeRoleWithWebIdentity")
def classic():
    answer = assume(DurationSeconds=900)
    assert answer["SubjectFromWebIdentityToken"] == identity_id, answer["SubjectFromWebIdentityToken"]
    assert answer["Audience"] == given["identityPoolId"], answer["Audience"]
    return answer["Credentials"]


attempt("AssumeRoleWithWebIdentity, altered token")(lambda: assume(WebIdentityToken=web_identity_token[:-8] + "AAAAAAAA"))
attempt("AssumeRoleWithWebIdentity, unknown role")(lambda: assume(RoleArn=given["roleArn"] + "-unknown"))


def caller(*args):
    answer = client("sts", *args).get_caller_identity()
    return {"account": answer["Account"], "arn": answer["Arn"], "userId": answer["UserId"]}


attempt("GetCallerIdentity, enhanced flow")(lambda: caller(enhanced))
attempt("GetCallerIdentity, classic flow")(lambda: caller(classic))
attempt("GetCallerIdentity, wrong secret key")(lambda: caller(enhanced, "x" * 40))
attempt("GetCallerIdentity, token of another session")(lambda: caller(enhanced, None, classic["SessionToken"]))

# Keys that a careless path, query or XML encoding breaks.
bucket, s3 = given["bucket"], client("s3", enhanced)
keys = [
    "a b", "a+b", "a%b", "a%20b", "a&b=c;d", "a'(b)!*", "a~b_c.d-e", "a:b@c,d$e", "#?", '"<>[]{}|^`\\',
    "\u00e9", "e\u0301", "\u65e5\u672c/\u6771\u4eac", "\U0001f600", "a//b", "/a", "a/", "./a", "../a", "a/../b",
    "line\nfeed", "return\r", "tab\t", "\u0001control", "\u007f", "nbsp\u00a0", "trailing ",
]  # fmt: skip
everything = sorted(("boto3/" + key for key in keys), key=str.encode)


@attempt("PutObject and GetObject")
def _():
    for key in everything:
        body = b"the object " + key.encode()
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body, key


def listed(s3=s3, **parameters):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, **parameters)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


@attempt("ListObjectsV2")
def _():
    for size in (1000, 1, 2, 5):
        found = listed(Prefix="boto3/", MaxKeys=size)
        assert found == everything, found


@attempt("ListObjectsV2 with each key as prefix and as StartAfter")
def _():
    for i, key in enumerate(everything):
        assert listed(Prefix=key) == [k for k in everything if k.startswith(key)], key
        assert listed(Prefix="boto3/", StartAfter=key) == everything[i + 1 :], key


@attempt("ListObjectsV2 with Delimiter")
def _():
    answer = s3.list_objects_v2(Bucket=bucket, Prefix="boto3/", Delimiter="/")
    prefixes = [item["Prefix"] for item in answer["CommonPrefixes"]]
    assert prefixes == ["boto3/../", "boto3/./", "boto3//", "boto3/a/", "boto3/\u65e5\u672c/"], prefixes


attempt("ListObjectsV2, wrong secret key")(lambda: listed(client("s3", enhanced, "x" * 40)))
attempt("ListObjectsV2, altered session token")(lambda: listed(client("s3", enhanced, None, "A" + enhanced["SessionToken"])))
attempt("ListObjectsV2, no such bucket")(lambda: s3.list_objects_v2(Bucket="no-such-bucket"))
attempt("GetObject, no such key")(lambda: s3.get_object(Bucket=bucket, Key="no such key"))


# botocore finds the Region of a bucket by itself.
@attempt("ListObjectsV2, bucket in another Region")
def _():
    return s3.list_objects_v2(Bucket=given["bucketElsewhere"])["KeyCount"]


finish()
