"""What schemathesis brings along beside the words of the description: a person's session with its CSRF token, ids that
exist, and people to be used up. Writes down what was answered, for the test to look at."""

import itertools
import json
import os

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

BASE = os.environ["KEYWARD_BASE"]
AS = os.environ["KEYWARD_AS"]
SEEN = os.environ["KEYWARD_SEEN"]
ADMIN = os.environ["KEYWARD_ADMIN_KEY"]
PASSWORD = "plum-teapot-orbit-91"

# After one of these that was carried out, who it was done to is of no more use to the run.
USES_UP = {
    "endSessions", "changePassword", "deleteAccount",
    "changeUser", "deleteUser", "endUserSessions", "changeSession", "endSession",
}

numbers = itertools.count()
run = os.getpid()


class Person:
    """Somebody who signed up in a browser."""

    def __init__(self):
        self.email = f"{AS}-{run}-{next(numbers)}@example.com"
        self.cookies = {}
        self.csrf = self.ask("GET", "csrf")["csrfToken"]
        form = {"csrfToken": self.csrf, "email": self.email, "password": PASSWORD, "json": "true"}
        self.ask("POST", "callback/signup", data=form)
        self.session = self.ask("GET", "-/v1/sessions")["sessions"][0]["id"]
        self.id = self.ask("GET", f"-/v1/admin/users?email={self.email}", headers=OPERATOR)["users"][0]["id"]

    def ask(self, method, path, headers=None, data=None):
        headers = {**(headers or {}), "Cookie": self.cookie()}
        response = requests.request(method, f"{BASE}/{path}", headers=headers, data=data, timeout=30)
        response.raise_for_status()
        for line in response.raw.headers.getlist("set-cookie"):
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return response.json()

    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


OPERATOR = {"Authorization": f"Bearer {ADMIN}"}
people = {}


def person(operation):
    kind = "to be used up" if operation in USES_UP else "stays"
    if kind not in people:
        people[kind] = Person()
    return people[kind]


@schemathesis.hook
def before_call(context, case, kwargs):
    if AS == "session":
        as_somebody(case, person(case.operation.definition.raw["operationId"]))
    if AS == "admin":
        about_somebody(case)


def as_somebody(case, who):
    operation = case.operation.definition.raw["operationId"]
    # Looked at before anything is changed: a cookie that the description does not name counts as a broken rule.
    breaks_a_rule = case.meta.generation.mode.is_negative
    if not case.meta.is_negative_at(ParameterLocation.COOKIE):
        case.cookies.clear()
        case.cookies.update(who.cookies)
    if not isinstance(case.body, dict) or not isinstance(case.body.get("csrfToken"), str):
        return
    # In the mode that breaks a rule it is another rule that is to be broken.
    case.body["csrfToken"] = who.csrf
    number = next(numbers)
    if breaks_a_rule or number % 4 == 0:
        return
    if "email" in case.body:
        case.body["email"] = f"new-{run}-{number}@example.com"
    if operation == "changePassword":
        case.body["password"] = PASSWORD
        case.body["newPassword"] = f"{PASSWORD}-{number}"
    if operation == "endSessions" and "id" in case.body:
        case.body["id"] = who.session


def about_somebody(case):
    number = next(numbers)
    if case.meta.generation.mode.is_negative or number % 4 == 0:
        return
    operation = case.operation.definition.raw["operationId"]
    who = person(operation)
    if "id" in case.path_parameters:
        case.path_parameters["id"] = who.session if "/admin/sessions/" in case.path else who.id
    if operation == "findUsers":
        case.query.clear()
        case.query["email"] = who.email


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw["operationId"]
    if response.status_code == 200 and operation in USES_UP:
        people.pop("to be used up", None)
    with open(SEEN, "a", encoding="utf-8") as seen:
        answer = {"operation": operation, "method": case.method, "status": response.status_code}
        seen.write(json.dumps(answer) + "\n")
