"""Lists a bucket with boto3 in several ways. Prints a line of JSON for each entry, with its listing and its kind."""

import json
import sys

import boto3
from botocore.config import Config

from lib import given

config = Config(
    connect_timeout=10,
    read_timeout=30,
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
)
s3 = boto3.client(
    "s3",
    region_name=given["region"],
    endpoint_url=given["endpoint"],
    aws_access_key_id=given["accessKeyID"],
    aws_secret_access_key=given["secretAccessKey"],
    config=config,
)


def entry(kind, item):
    modified = item.get("LastModified")
    return {
        "listing": listing["name"],
        "kind": kind,
        "key": item["Prefix"] if kind == "CommonPrefixes" else item["Key"],
        "size": item.get("Size", 0),
        "etag": item.get("ETag", ""),
        "modified": modified.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if modified else "",
        "storageClass": item.get("StorageClass", ""),
        "owner": item.get("Owner", {}).get("ID", ""),
        "versionID": item.get("VersionId", ""),
        "isLatest": item.get("IsLatest", False),
    }


for listing in given["listings"]:
    arguments = {name: listing[name] for name in ("Prefix", "Delimiter") if listing[name]}
    if listing["versions"]:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=given["bucket"], **arguments)
    else:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=given["bucket"], FetchOwner=True, **arguments)
    for page in pages:
        for kind in ("Contents", "Versions", "DeleteMarkers", "CommonPrefixes"):
            for item in page.get(kind, []):
                json.dump(entry(kind, item), sys.stdout)
                sys.stdout.write("\n")
