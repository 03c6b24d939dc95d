"""PyJWT: verifies the tokens on standard input and writes its own."""

import json
import sys
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

for given in json.load(sys.stdin):
    try:
        claims = jwt.decode(given["token"], given["key"], algorithms=[given["algorithm"]], audience="signal", issuer="wigwag")
        accepted = claims["sub"] == "ada" and claims["wigwag"]["rooms"] == ["team-*"]
    except jwt.InvalidSignatureError:
        accepted = False
    assert accepted == given["good"], given["algorithm"]

now = int(time.time())
payload = {
    "sub": "ada",
    "name": "Ada",
    "iss": "peer",
    "aud": ["other", "signal"],
    "iat": now,
    "nbf": now,
    "exp": now + 600,
    "wigwag": {"rooms": ["team-*"], "can": ["join"]},
}
secret = "a secret that PyJWT and the server share"
keys = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
tokens = [{"algorithm": "HS256", "key": secret, "token": jwt.encode(payload, secret, "HS256", headers={"kid": "main"})}]
for algorithm, key in keys.items():
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    token = jwt.encode(payload, key, algorithm, headers={"kid": "main"})
    tokens.append({"algorithm": algorithm, "key": public.decode(), "token": token})
json.dump(tokens, sys.stdout)
