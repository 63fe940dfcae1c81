"""Shared by the other scripts: reads the parameters and prints the report for the Go test."""

import json
import sys

from botocore.exceptions import ClientError

given = json.load(sys.stdin)
outcomes = {}


def attempt(name):
    """Returns a decorator that runs a function and records its outcome under a name.

    The outcome is the value that the function returns, or the code of the error that it raises. The decorated name
    becomes the value, or None after an error.
    """

    def run(action):
        if name in outcomes:
            raise ValueError(f"two attempts are named {name}")
        try:
            result = action()
            outcomes[name] = {"value": result}
            return result
        except ClientError as error:
            outcomes[name] = {"error": error.response["Error"]["Code"], "message": str(error)}
        except Exception as error:
            outcomes[name] = {"error": type(error).__name__, "message": str(error)}

    return run


def finish():
    json.dump(outcomes, sys.stdout, default=str)
