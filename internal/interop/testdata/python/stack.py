"""Resolves a CloudFormation template, as far as the templates of docs/administrator need it.

Standard input is JSON: {template, parameters, references}. A reference is the value of "NAME" or "NAME.ATTRIBUTE".
Prints JSON: {stacks, resources}, which are the output of describe-stacks and the resources' properties by name.
"""

import json
import re
import sys

from cfnlint.decode.cfn_yaml import load

given = json.load(sys.stdin)
template = load(given["template"])
values = {name: p.get("Default") for name, p in template["Parameters"].items()}
values |= given["parameters"] | given["references"]


def condition(node):
    (function, arguments), = node.items()
    if function == "Fn::Not":
        return not condition(arguments[0])
    if function == "Fn::Equals":
        return resolve(arguments[0]) == resolve(arguments[1])
    raise ValueError(function)


def resolve(node):
    if isinstance(node, list):
        return [resolve(n) for n in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        (function, argument), = node.items()
        if function == "Ref":
            return None if argument == "AWS::NoValue" else values[argument]
        if function == "Fn::GetAtt":
            return values[".".join(argument)]
        if function == "Fn::Sub":
            return re.sub(r"\$\{(.*?)}", lambda m: values[m[1]], argument)
        if function == "Fn::If":
            return resolve(argument[1 if condition(template["Conditions"][argument[0]]) else 2])
    found = {key: resolve(n) for key, n in node.items()}
    return {key: n for key, n in found.items() if n is not None}


def present(section):
    for name, entry in template[section].items():
        if "Condition" not in entry or condition(template["Conditions"][entry["Condition"]]):
            yield name, entry


outputs = [{"OutputKey": name, "OutputValue": resolve(o["Value"])} for name, o in present("Outputs")]
print(
    json.dumps(
        {
            "stacks": {"Stacks": [{"StackName": "sign-in", "Outputs": outputs}]},
            "resources": {name: resolve(r["Properties"]) for name, r in present("Resources")},
        }
    )
)
