#!/usr/bin/env python3
"""Regenerates ../data/{sigv4,wire,endpoints}_botocore_generated.json with botocore 1.43.11.

    python3 botocore_vectors.py --check    print the differences; exit with status 1 if there are any
    python3 botocore_vectors.py --write    store the results

The inputs are those in the files. The clock is frozen at the time of each case. The script sends no
requests and reads no configuration or credentials of the machine. internal/interop/install.sh
installs this version of botocore.
"""

import ast
import base64
import datetime
import io
import json
import os
import pathlib
import sys

for name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

import botocore
import botocore.auth
import botocore.endpoint
import botocore.session
from botocore.awsrequest import AWSRequest, AWSResponse, HeadersDict
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import ClientError, EndpointProviderError
from botocore.loaders import Loader

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
WIRE_TIME = "20231105T070809Z"
# Headers that differ by run and machine. They are not signed.
VARIES = ("user-agent", "amz-sdk-invocation-id", "amz-sdk-request")


def freeze(timestamp):
    now = datetime.datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ")
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: now


def sigv4(stored):
    return {**stored, "cases": [sign(case) for case in stored["cases"]]}


def sign(case):
    freeze(case["timestamp"])
    request = AWSRequest(
        method=case["method"],
        url=case["url"],
        data=base64.b64decode(case["body_b64"]),
    )
    for name, value in case["headers"]:
        request.headers.add_header(name, value)
    request.context.update(json.loads(json.dumps(case["context"])))
    credentials = Credentials(case["access_key"], case["secret_key"], case["session_token"])
    arguments = [credentials, case["service"], case["region"]]
    if case["expires"] is not None:
        arguments.append(case["expires"])
    signer = getattr(botocore.auth, case["signer"])(*arguments)

    steps = ("canonical_request", "string_to_sign", "signature")
    made = {}
    for step in steps:
        keep(signer, step, made)
    signer.add_auth(request)
    return {
        **case,
        **{step: made[step] for step in steps},
        "result_url": request.url,
        "result_headers": [[name, value] for name, value in request.headers.items()],
    }


def keep(signer, step, made):
    """Makes the signer store the result of a step in made."""
    original = getattr(signer, step)

    def wrapped(*args):
        made[step] = original(*args)
        return made[step]

    setattr(signer, step, wrapped)


def wire(stored):
    return {**stored, "cases": [call(case) for case in stored["cases"]]}


def call(case):
    freeze(WIRE_TIME)
    config = dict(case["config"])
    token = config.pop("token", None)
    client = botocore.session.Session().create_client(
        case["service"],
        region_name=case["region"],
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        aws_session_token=token,
        config=Config(
            retries={"max_attempts": 1},
            **{key: ast.literal_eval(value) for key, value in config.items()},
        ),
    )
    sent = {}

    def transport(request, **_):
        sent.update(
            method=request.method,
            url=request.url,
            headers={
                name: value.decode() if isinstance(value, bytes) else value
                for name, value in request.headers.items()
                if name.lower() not in VARIES
            },
            body=request.body.decode() if isinstance(request.body, bytes) else request.body,
        )
        canned = case["canned"]
        body = io.BytesIO(canned["body"].encode())
        body.stream = lambda **_: iter([body.read()])
        return AWSResponse(request.url, canned["status"], HeadersDict(canned["headers"]), body)

    client.meta.events.register("before-send", transport)
    operation = botocore.xform_name(case["operation"])
    try:
        parsed = getattr(client, operation)(**case["params"])
        parsed["ResponseMetadata"].pop("RetryAttempts")  # 0, and not part of the response
    except ClientError as error:
        parsed = {"ClientError": error.response, "class": type(error).__name__}
    return {**case, "request": sent, "parsed": json.loads(json.dumps(parsed, default=str))}


def endpoints(stored):
    loader = Loader()
    partitions = loader.load_data("partitions")
    providers = {
        service: EndpointProvider(
            loader.load_service_model(service, "endpoint-rule-set-1"), partitions
        )
        for service in ("cognito-idp", "cognito-identity", "sts", "s3")
    }
    listed = {
        (p["partition"], service, region)
        for p in loader.load_data("endpoints")["partitions"]
        for service, entry in p["services"].items()
        for region in entry.get("endpoints", {})
    }

    def resolve(service, params):
        try:
            return providers[service].resolve_endpoint(**params)
        except EndpointProviderError as error:
            return error

    def url(service, region, fips, dual_stack):
        found = resolve(service, {"Region": region, "UseFIPS": fips, "UseDualStack": dual_stack})
        if isinstance(found, Exception):
            return "ERROR: " + found.kwargs["msg"]
        return found.url

    def bucket(case):
        found = resolve(case.get("service", "s3"), case["params"])
        return {**case, "url": found.url, "props": found.properties}

    return {
        **stored,
        "partitions": [
            {"id": p["id"], "regionRegex": p["regionRegex"], **p["outputs"]}
            for p in partitions["partitions"]
        ],
        "regional": [
            {
                **case,
                "listed_in_endpoints_json": (
                    (case["partition"], case["service"], case["region"]) in listed
                ),
                **{
                    f"fips{fips:d}_ds{dual_stack:d}": url(
                        case["service"], case["region"], fips, dual_stack
                    )
                    for fips in (False, True)
                    for dual_stack in (False, True)
                },
            }
            for case in stored["regional"]
        ],
        "s3_buckets": [bucket(case) for case in stored["s3_buckets"]],
        "global_": [bucket(case) for case in stored["global_"]],
    }


def differences(stored, made, path="$"):
    """Yields the paths at which two JSON values differ."""
    if isinstance(stored, dict) and isinstance(made, dict):
        missing = object()
        for key in {**stored, **made}:
            yield from differences(
                stored.get(key, missing), made.get(key, missing), f"{path}.{key}"
            )
    elif isinstance(stored, list) and isinstance(made, list) and len(stored) == len(made):
        for i, (a, b) in enumerate(zip(stored, made)):
            yield from differences(a, b, f"{path}.{i}")
    elif stored != made or type(stored) is not type(made):
        yield path


def main():
    if sys.argv[1:] not in (["--check"], ["--write"]):
        sys.exit(__doc__)
    if botocore.__version__ != "1.43.11":
        sys.exit(f"botocore has version {botocore.__version__}; the files are from 1.43.11")
    botocore.endpoint.time.sleep = lambda seconds: None  # before the retry of a 5xx
    failed = False
    for name, make in [
        ("sigv4_botocore_generated", sigv4),
        ("wire_botocore_generated", wire),
        ("endpoints_botocore_generated", endpoints),
    ]:
        file = DATA / f"{name}.json"
        stored = json.loads(file.read_text(encoding="utf-8"))
        made = json.loads(json.dumps(make(stored)))
        if sys.argv[1] == "--write":
            text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
            file.write_text(text, encoding="utf-8")
            continue
        found = list(differences(stored, made))
        failed = failed or bool(found)
        print(f"{name}: {'differs at ' + ', '.join(found) if found else 'ok'}")
    sys.exit(1 if failed else 0)


main()
