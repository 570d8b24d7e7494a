"""A receiver of Keyward's hooks in Python, with the standard library alone: python3 receiver.py [PORT]"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["HOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE = 5 * 60  # seconds
LARGEST = 1024 * 1024  # bytes


def verified(headers, body):
    message_id, timestamp = headers.get("webhook-id"), headers.get("webhook-timestamp", "")
    if not message_id or not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in given)


def sign_in(data):
    return {"allow": str(data["user"].get("email") or "").endswith("@example.com")}


def profile_exchange(data):
    return {"allow": True, "user": {"role": "admin" if data["profile"].get("login") == "ada" else "member"}}


# What each hook answers: your rules.
ANSWERS = {
    "sign_in": sign_in,
    "profile_exchange": profile_exchange,
    "jwt": lambda data: {"token": {"seenByHook": data["token"].get("sub")}},
    "session": lambda data: {"session": {"role": data["token"].get("role")}},
    "redirect": lambda data: {"url": data["url"]},
}


# What has happened (`hooks.events`). It may come twice: who must not do a thing twice keeps the webhook-id.
EVENTS = {"signIn", "signOut", "createUser", "updateUser", "linkAccount"}


class Receiver(BaseHTTPRequestHandler):
    timeout = 10  # seconds without a byte

    def do_POST(self):
        try:
            answer = self.receive()
        except (ConnectionError, TimeoutError):
            return  # It was cut: nobody waits for an answer.
        except Exception:
            traceback.print_exc()
            answer = 500, {"message": "Something went wrong."}
        self.say(*answer)

    def receive(self):
        length = self.headers.get("content-length", "")
        if not length.isdecimal():
            return 411, {"message": "The request does not say how long it is."}
        if int(length) > LARGEST:
            return 413, {"message": "The request is too large."}
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionError("the request was cut")
        if not verified(self.headers, body):
            return 401, {"message": "The signature does not match."}
        question = json.loads(body)
        if question["type"] in EVENTS:
            user = question["data"].get("user", {})
            print(self.headers["webhook-id"], question["type"], user.get("id", ""), flush=True)
            return 200, {}
        answer = ANSWERS.get(question["type"])
        if answer is None:
            return 404, {"message": f"There is no hook {question['type']}."}
        return 200, answer(question["data"])

    def say(self, status, answer):
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 4500
    ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
