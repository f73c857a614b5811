"""Exchanges keys and tokens with Frontdesk, by PyJWT and cryptography: `make` writes what they make of them into a folder,
`check` looks at what Frontdesk wrote there. Nothing here knows how Frontdesk does it."""

import json
import sys
import time
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

CLAIMS = {"room": "gr%c3%bc%c3%9fe", "context": {"user": {"name": "Zoë \U0001f3aa"}}}
SECRET = "a secret of sixty-four characters that both of us have, truly!!!"


def make(folder):
    """Keys in each form in which they can be imported, and a token that each has signed."""
    keys = []

    def add(algorithm, private, form, text):
        token = jwt.encode(CLAIMS, private, algorithm, headers={"kid": form})
        keys.append({"algorithm": algorithm, "form": form, "key": text, "token": token})

    def pem(key, form):
        nothing = serialization.NoEncryption()
        return key.private_bytes(serialization.Encoding.PEM, form, nothing).decode()

    for key, algorithms, to_jwk in [
        (rsa.generate_private_key(65537, 2048), ["RS256", "RS384", "RS512"], RSAAlgorithm.to_jwk),
        (rsa.generate_private_key(65537, 3072), ["RS256"], RSAAlgorithm.to_jwk),
        (ec.generate_private_key(ec.SECP256R1()), ["ES256"], ECAlgorithm.to_jwk),
        (ed25519.Ed25519PrivateKey.generate(), ["EdDSA"], OKPAlgorithm.to_jwk),
    ]:
        for algorithm in algorithms:
            add(algorithm, key, "jwk", to_jwk(key))
            add(algorithm, key, "pkcs8", pem(key, serialization.PrivateFormat.PKCS8))
            if algorithm != "EdDSA":
                add(algorithm, key, "traditional", pem(key, serialization.PrivateFormat.TraditionalOpenSSL))
    for algorithm in ["HS256", "HS384", "HS512"]:
        add(algorithm, SECRET, "secret", SECRET)
    (folder / "theirs.json").write_text(json.dumps({"now": int(time.time()), "keys": keys}))


def refused(token, key, **options):
    try:
        jwt.decode(token, key, **options)
    except jwt.PyJWTError as error:
        return type(error).__name__
    raise AssertionError("a token was taken that is not good")


def check(folder):
    """What Frontdesk made: each token verifies with each form of its key, and nothing else does."""
    ours = json.loads((folder / "ours.json").read_text())
    assert len(ours) == 8, f"{len(ours)} keys"
    for one in ours:
        algorithm, token = one["algorithm"], one["token"]
        forms = [("secret", one["secret"])] if one["secret"] else []
        if not forms:
            jwk = jwt.PyJWK(one["jwk"])
            assert one["jwk"]["kid"] == one["kid"] and one["jwk"]["alg"] == algorithm and one["jwk"]["use"] == "sig"
            assert not {"d", "p", "q", "k"} & one["jwk"].keys(), "a private half is served"
            certificate = x509.load_pem_x509_certificate(one["certificate"].encode())
            assert certificate.not_valid_after_utc.year == 9999
            certificate.verify_directly_issued_by(certificate)
            forms = [("jwk", jwk.key), ("pem", one["pem"]), ("certificate", certificate.public_key())]
        good = {"algorithms": [algorithm], "audience": "jitsi", "issuer": "frontdesk", "leeway": 0}
        good["options"] = {"require": ["exp", "nbf", "iat", "iss", "aud", "sub", "jti"]}
        assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": algorithm, "kid": one["kid"]}
        for form, key in forms:
            claims = jwt.decode(token, key, **good)
            assert claims == one["claims"], f"{algorithm} by {form}"
            assert claims["nbf"] <= time.time() < claims["exp"] and isinstance(claims["aud"], str)
            head, body, signature = token.split(".")
            changed = "A" if signature[10] != "A" else "B"
            assert refused(f"{head}.{body}.{signature[:10]}{changed}{signature[11:]}", key, **good) == "InvalidSignatureError"
            assert refused(token, key, **{**good, "audience": "meet"}) == "InvalidAudienceError"
            assert refused(token, key, **{**good, "issuer": "clinic"}) == "InvalidIssuerError"
            assert refused(one["expired"], key, **good) == "ExpiredSignatureError"
            assert refused(one["early"], key, **good) == "ImmatureSignatureError"
        if not one["secret"]:
            assert refused(one["other"], forms[0][1], **good) == "InvalidSignatureError"
    print(f"exchange: {len(ours)} keys and their tokens are as PyJWT {jwt.__version__} takes them")


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
