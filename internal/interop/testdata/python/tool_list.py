"""Lists a bucket with boto3 and its default credentials, until it has used CREDENTIALS different ones.

Usage: tool_list.py BUCKET CREDENTIALS [PROCESSES]

It prints a line of JSON for each listing. With PROCESSES, that many processes do the same in parallel, each with its
own session.
"""

import json
import os
import sys
import time

import boto3
import botocore.loaders
import botocore.session

loader = botocore.loaders.create_loader()  # loads the models of services once for all sessions, because that is slow


def new_session():
    core = botocore.session.get_session()
    core.register_component("data_loader", loader)
    return boto3.Session(botocore_session=core)


def work(bucket, wanted, pause):
    session = new_session()
    s3 = session.client("s3")
    seen = set()
    end = time.monotonic() + 150
    while len(seen) < wanted:
        if seen:
            time.sleep(pause)
        if time.monotonic() > end:
            raise TimeoutError("the credentials do not change")
        access_key = session.get_credentials().get_frozen_credentials().access_key
        keys = []
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            keys += [entry["Key"] for entry in page["Contents"]]
        line = json.dumps({"accessKey": access_key, "keys": keys}) + "\n"
        os.write(1, line.encode())  # in one write, because the processes share standard output
        seen.add(access_key)


def main(bucket, wanted, processes="1"):
    if processes == "1":
        work(bucket, int(wanted), 0.7)
        return
    new_session().client("s3", aws_access_key_id="none", aws_secret_access_key="none")
    children = []
    for _ in range(int(processes)):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                work(bucket, int(wanted), 1.5)
                status = 0
            except Exception as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(status)
        children.append(child)
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in children)
    if failed:
        sys.exit(f"{failed} of {processes} processes failed")


main(*sys.argv[1:])
