"""Runs moto_server with a user pool, an identity pool, a role and a bucket.

The first line of standard input is JSON: {user, password, keys}. When the server is ready it prints a line of JSON with
the URL and the names of these resources. It exits at the end of standard input.
"""

import json
import logging
import os
import sys

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
given = json.loads(sys.stdin.readline())
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"


def client(service):
    return boto3.client(
        service, "us-east-1", endpoint_url=url, aws_access_key_id="setup", aws_secret_access_key="setup"
    )


idp = client("cognito-idp")
pool = idp.create_user_pool(PoolName="interop")["UserPool"]["Id"]
app = idp.create_user_pool_client(
    UserPoolId=pool,
    ClientName="interop",
    ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
)["UserPoolClient"]["ClientId"]
idp.admin_create_user(UserPoolId=pool, Username=given["user"], MessageAction="SUPPRESS")
idp.admin_set_user_password(UserPoolId=pool, Username=given["user"], Password=given["password"], Permanent=True)

identity_pool = client("cognito-identity").create_identity_pool(
    IdentityPoolName="interop",
    AllowUnauthenticatedIdentities=True,
    CognitoIdentityProviders=[{"ProviderName": f"cognito-idp.us-east-1.amazonaws.com/{pool}", "ClientId": app}],
)["IdentityPoolId"]
role = client("iam").create_role(
    RoleName="interop",
    AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
)["Role"]["Arn"]

s3 = client("s3")
s3.create_bucket(Bucket="interop")
for key in given["keys"]:
    s3.put_object(Bucket="interop", Key=key, Body=b"abc")

print(
    json.dumps({"url": url, "userPoolId": pool, "clientId": app, "identityPoolId": identity_pool, "roleArn": role}),
    flush=True,
)
sys.stdin.read()
os._exit(0)
