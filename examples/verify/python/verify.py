"""A service that answers with its caller: python3 verify.py ISSUER AUDIENCE PORT"""
import re, socket, sys, threading, time
from wsgiref.simple_server import make_server
import jwt

class Keys(jwt.PyJWKClient):  # kept for ten minutes, for an unknown one 30 seconds; longer while the issuer is down
    kept, fetched, lock = None, float("-inf"), threading.Lock()
    def get_jwk_set(self, refresh=False):
        with self.lock:
            if time.monotonic() - self.fetched > (30 if refresh else 600):
                try: self.kept = super().get_jwk_set(refresh=True)
                except Exception as down: print(down, file=sys.stderr)
                self.fetched = time.monotonic() if self.kept else self.fetched
            return self.kept

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
socket.setdefaulttimeout(5)  # also for fetching keys, which has none of its own
keys, required = Keys(f"{issuer}/-/v1/jwks"), {"require": ["exp", "sub"]}
rules = dict(issuer=issuer, audience=audience, algorithms=["ES256", "RS256", "EdDSA"], options=required)
make_server("127.0.0.1", int(port), service).serve_forever()
