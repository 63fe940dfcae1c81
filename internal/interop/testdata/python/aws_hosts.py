"""Prints the host, signing name and Region of requests, as botocore resolves them.

Each line is a JSON list. Lines cover all service models in several Regions of each partition, with
FIPS and dual-stack hosts, host prefixes of operations, and hosts of buckets and accounts.
"""

import json
import re

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

REGIONS = (
    "us-east-1", "us-west-2", "eu-west-3", "ap-southeast-2", "us-gov-west-1", "us-gov-east-1",
    "cn-north-1", "cn-northwest-1", "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1",
    "eu-isoe-west-1", "us-isof-south-1", "aws-global",
)
ACCOUNT = "123456789012"
ARN = "arn:aws:%s:%s:" + ACCOUNT + ":"
# Parameters that change the host, besides Region, UseFIPS and UseDualStack.
PARAMETERS = {
    "dynamodb": [{"AccountId": ACCOUNT, "AccountIdEndpointMode": "preferred"}],
    "kinesis": [
        {"StreamARN": ARN % ("kinesis", "REGION") + "stream/s", "OperationType": kind}
        for kind in ("control", "data")
    ],
    "s3": [
        {"Bucket": "example-bucket"},
        {"Bucket": "example.bucket", "ForcePathStyle": True},
        {"Bucket": "example-bucket", "Accelerate": True},
        {"Bucket": "example-bucket", "UseGlobalEndpoint": True},
        {"Bucket": "b--use1-az4--x-s3"},
        {"Bucket": "b--use1-az4--x-s3", "UseS3ExpressControlEndpoint": True},
        {"Bucket": ARN % ("s3", "REGION") + "accesspoint/p"},
        {"Bucket": ARN % ("s3-object-lambda", "REGION") + "accesspoint/p"},
        {"Bucket": ARN % ("s3-outposts", "REGION") + "outpost/op-01234567890123456/accesspoint/p"},
        {"UseObjectLambdaEndpoint": True},
    ],
    "s3control": [
        {"AccountId": ACCOUNT, "RequiresAccountId": True},
        {"AccountId": ACCOUNT, "OutpostId": "op-01234567890123456"},
    ],
    "sts": [{"UseGlobalEndpoint": True}],
}


def main():
    loader = Loader()
    partitions = loader.load_data("partitions")
    for service in loader.list_available_services("service-2"):
        model = loader.load_service_model(service, "service-2")
        name = model["metadata"].get("signingName") or model["metadata"]["endpointPrefix"]
        prefixes = {re.sub(r"\{\w+\}", "abc", o["endpoint"]["hostPrefix"])
                    for o in model["operations"].values() if "endpoint" in o}
        provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"),
                                    partitions)
        for more in [{}, *PARAMETERS.get(service, [])]:
            for region in REGIONS:
                for mode in range(4):
                    for line in resolve(provider, region, mode, more, name):
                        print(json.dumps([service, *line]))
                        for prefix in prefixes if service not in ("s3", "s3control") else ():
                            print(json.dumps([service, prefix + line[0], *line[1:]]))


def resolve(provider, region, mode, more, name):
    given = {key: value.replace("REGION", region) if isinstance(value, str) else value
             for key, value in more.items()}
    try:
        found = provider.resolve_endpoint(
            Region=region, UseFIPS=mode % 2 == 1, UseDualStack=mode > 1, **given)
    except EndpointProviderError:
        return  # there is no such host
    host = re.match(r"https://([^/]+)", found.url)[1]
    schemes = found.properties.get("authSchemes", [{}])
    for scheme in schemes:
        if scheme.get("name") == "sigv4a":
            continue
        signed = scheme.get("signingRegion", region)
        if not signed.endswith("-global"):
            yield host, scheme.get("signingName", name), signed


main()
