"""What the scripts beside this file share: parameters, and the report that the Go test reads."""

import json
import sys

from botocore.exceptions import ClientError

given = json.load(sys.stdin)
outcomes = {}


def attempt(name):
    """Runs a function and notes what comes of it: the value it returns, or the code of the error it raises.

    The name that is defined becomes that value, or None.
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
