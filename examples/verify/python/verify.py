"""A service that answers with its caller: python3 verify.py ISSUER AUDIENCE PORT"""
import re, sys, threading, time
from wsgiref.simple_server import make_server
import jwt

class Keys(jwt.PyJWKClient):  # by itself it would fetch them again for every unknown one
    fetched, lock = float("-inf"), threading.Lock()
    def get_jwk_set(self, refresh=False):
        with self.lock:
            return super().get_jwk_set(refresh and time.monotonic() - self.fetched > 30)
    def fetch_data(self):
        self.fetched = time.monotonic()
        return super().fetch_data()

def service(request, respond):
    try:
        token = re.fullmatch(r"Bearer ([\w.~+/-]+=*)", request["HTTP_AUTHORIZATION"], re.ASCII)[1]
        token = jwt.api_jwt.decode_complete(token, keys.get_signing_key_from_jwt(token).key, **rules)
        if token["header"]["typ"] != "at+jwt": raise ValueError("not an access token")
    except Exception:  # whatever is wrong, this is nobody
        respond("401 Unauthorized", [("WWW-Authenticate", 'Bearer realm="api", error="invalid_token"')])
        return []
    respond("200 OK", [])
    return [token["payload"]["sub"].encode()]

issuer, audience, port = sys.argv[1:]
keys, required = Keys(f"{issuer}/-/v1/jwks"), {"require": ["exp", "sub"]}
rules = dict(issuer=issuer, audience=audience, algorithms=["ES256", "RS256", "EdDSA"], options=required)
make_server("127.0.0.1", int(port), service).serve_forever()
