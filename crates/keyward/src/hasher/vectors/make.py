"""Makes vectors.json: password hashes as other programs write them, made by those programs.

    python3 -m venv venv && venv/bin/pip install passlib 'bcrypt<5' django werkzeug argon2-cffi
    npm install firebase-scrypt better-auth bcryptjs
    venv/bin/python make.py > vectors.json      # calls make.mjs

Salts are drawn anew each time, so the hashes change with every run. Costs are low where the program allows it.
"""
import base64, hashlib, importlib.metadata, json, os, subprocess, sys

import argon2.low_level as argon2
import bcrypt
import passlib.hash as passlib
from django.conf import settings

settings.configure()
from django.contrib.auth import hashers as django
import werkzeug.security as werkzeug

PLAIN, ODD, LONG = "correct horse battery staple", "pässwörd ﬁ 🔑", "0123456789" * 9
vectors = []


def add(source, hash, password, format=None, **more):
    vectors.append({"source": source, "format": format, "hash": hash, "password": password, **more})


def version(package):
    return f"{package} {importlib.metadata.version(package)}"


for password in (PLAIN, ODD, ""):
    of = password.encode()
    for prefix in (b"2a", b"2b"):
        add(version("bcrypt"), bcrypt.hashpw(of, bcrypt.gensalt(4, prefix)).decode(), password)
    # PHP's name for what is `2b` elsewhere.
    of_php = bcrypt.hashpw(of, bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
    add(version("bcrypt") + ", renamed as PHP does", of_php, password)
    for kind in ("I", "D", "ID"):
        hash = argon2.hash_secret(of, os.urandom(16), 2, 64, 2, 32, argon2.Type[kind])
        add(version("argon2-cffi"), hash.decode(), password)
    old = argon2.hash_secret(of, os.urandom(16), 2, 64, 1, 32, argon2.Type.I, version=0x10).decode()
    add(version("argon2-cffi") + ", version 1.0", old, password)
    for hasher in (passlib.pbkdf2_sha1, passlib.pbkdf2_sha256, passlib.pbkdf2_sha512):
        add(version("passlib"), hasher.using(rounds=1000).hash(password), password)
    add(version("passlib"), passlib.scrypt.using(rounds=8, block_size=8, parallelism=2).hash(password), password)
    for name in ("pbkdf2_sha256", "pbkdf2_sha1"):
        hasher = {"pbkdf2_sha256": django.PBKDF2PasswordHasher, "pbkdf2_sha1": django.PBKDF2SHA1PasswordHasher}[name]()
        add(version("django"), hasher.encode(password, hasher.salt(), 1000), password)
    scrypt = django.ScryptPasswordHasher()
    add(version("django"), scrypt.encode(password, scrypt.salt(), 1024), password)
    for hasher in (django.BCryptSHA256PasswordHasher(), django.BCryptPasswordHasher()):
        add(version("django"), hasher.encode(password, bcrypt.gensalt(4)), password)
    add(version("django"), django.Argon2PasswordHasher().encode(password, "0123456789abcdef"), password)
    for method in ("pbkdf2:sha1:1000", "pbkdf2:sha256:1000", "pbkdf2:sha512:1000", "scrypt:1024:8:2"):
        add(version("werkzeug"), werkzeug.generate_password_hash(password, method), password)
    for digest, name, size in (("sha1", "pbkdf2", 64), ("sha256", "pbkdf2-sha256", 64), ("sha256", "pbkdf2-sha256", 32), ("sha512", "pbkdf2-sha512", 64)):
        salt = os.urandom(16)
        value = hashlib.pbkdf2_hmac(digest, of, salt, 1000, size)
        secret = {"value": base64.b64encode(value).decode(), "salt": base64.b64encode(salt).decode(), "additionalParameters": {}}
        data = {"hashIterations": 1000, "algorithm": name, "additionalParameters": {}}
        credential = {"type": "password", "secretData": json.dumps(secret), "credentialData": json.dumps(data)}
        add("hashlib in Keycloak's layout", json.dumps(credential), password, "keycloak")

# The programs' own defaults.
add(version("werkzeug") + ", defaults", werkzeug.generate_password_hash(PLAIN), PLAIN)
add(version("django") + ", defaults", django.make_password(PLAIN), PLAIN)
add(version("bcrypt") + ", defaults", bcrypt.hashpw(PLAIN.encode(), bcrypt.gensalt()).decode(), PLAIN)

# bcrypt reads 72 bytes and no more.
add(version("bcrypt") + ", truncates", bcrypt.hashpw(LONG.encode(), bcrypt.gensalt(4)).decode(), LONG, truncates=True)
add(version("bcrypt") + ", 72 bytes", bcrypt.hashpw(LONG[:72].encode(), bcrypt.gensalt(4)).decode(), LONG[:72])

# Written by Keycloak 26 for this password; a fixture of a public directory connector.
add("Keycloak 26", json.dumps({
    "type": "password",
    "secretData": json.dumps({"value": "xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80=", "salt": "LRScGShC7shkdoU5B1UgUQ==", "additionalParameters": {}}),
    "credentialData": json.dumps({"hashIterations": 5, "algorithm": "argon2", "additionalParameters": {"hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}}),
}), "secret", "keycloak")

# ASP.NET Core's own test vectors (dotnet/aspnetcore, PasswordHasherTest.cs).
for hash in (
    "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
    "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
    "AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=",
    "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw",
    "AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==",
    "AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg/Q8A0WMKbtHQJQ2DHCdoEeeFBrgNlldq6vH4qX/CGqGQ==",
):
    add("ASP.NET Core Identity", hash, "my password", "aspnet-identity")

node = subprocess.run(["node", os.path.join(os.path.dirname(os.path.abspath(__file__)), "make.mjs")], check=True, capture_output=True, text=True, cwd=os.getcwd())
vectors += json.loads(node.stdout)
json.dump(vectors, sys.stdout, ensure_ascii=False, indent=1)
print()
