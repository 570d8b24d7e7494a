"""Holds answers that a test wrote down to the description, by the checks that schemathesis has for answers of its own
calls. Takes the two files; prints a list of those that are not as described, each with the reason."""

import json
import sys

import requests
import schemathesis
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def main(description, answers):
    schema = schemathesis.openapi.from_path(description)
    with open(answers, encoding="utf-8") as file:
        print(json.dumps([found for answer in json.load(file) for found in strays(schema, answer)]))


def strays(schema, answer):
    case = schema.find_operation_by_id(answer["operation"]).Case(path_parameters=answer["path"])
    response = schemathesis.Response(
        status_code=answer["status"],
        headers={name: [value] for name, value in answer["headers"]},
        content=answer["content"].encode(),
        request=requests.Request(case.method, "http://localhost/").prepare(),
        elapsed=0.0,
        verify=True,
    )
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as failures:
        yield {"operation": answer["operation"], "status": answer["status"], "reason": str(failures)}


main(*sys.argv[1:])
