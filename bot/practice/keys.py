"""The channel's own signing key: tokens into the bot, tokens for the connector, and the page of keys.

Shapes follow the Bot Connector authentication contract: issuer `https://api.botframework.com`, RS256, a key id in the
header, `endorsements` beside each key. Token times are real time: the practice clock never reaches them.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://api.botframework.com"
CONNECTOR = "https://api.botframework.com"
LIFETIME = 3600


class SigningKey:
    """An RSA key of 2048 bits with an opaque key id."""

    def __init__(self, private: rsa.RSAPrivateKey, key_id: str) -> None:
        self._private = private
        self.key_id = key_id

    @classmethod
    def new(cls) -> SigningKey:
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048), uuid.uuid4().hex)

    @classmethod
    def kept_in(cls, file: Path) -> SigningKey:
        """The key of *file* (PEM, 0600, the key id in its first line), made and written when there is none."""
        if file.exists():
            key_id, pem = file.read_bytes().split(b"\n", 1)
            private = serialization.load_pem_private_key(pem, password=None)
            if not isinstance(private, rsa.RSAPrivateKey):
                raise TypeError(f"{file} does not hold an RSA key")
            return cls(private, key_id.decode())
        key = cls.new()
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(key.key_id.encode() + b"\n" + key.pem())
        return key

    def pem(self) -> bytes:
        """The private key, to be kept beside the transcript."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def public(self, endorsements: list[str]) -> dict[str, Any]:
        """The key as one entry of a JWKS."""
        numbers = RSAAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.key_id,
            "x5t": self.key_id,
            "n": numbers["n"],
            "e": numbers["e"],
            "endorsements": endorsements,
        }

    def sign(self, claims: Mapping[str, Any], *, key_id: str | None = None) -> str:
        return jwt.encode(dict(claims), self._private, algorithm="RS256", headers={"kid": key_id or self.key_id})

    def to_bot(self, app_id: str, service_url: str) -> dict[str, Any]:
        """The claims of a token that Teams sends with an activity."""
        now = int(time.time())
        return {
            "iss": ISSUER,
            "aud": app_id,
            "nbf": now - 5,
            "iat": now,
            "exp": now + LIFETIME,
            "serviceurl": service_url,
        }

    def for_connector(self, app_id: str, tenant_id: str) -> str:
        """A bearer token for the connector, as the token endpoint gives it to the bot."""
        now = int(time.time())
        return self.sign({"aud": CONNECTOR, "appid": app_id, "tid": tenant_id, "nbf": now - 5, "exp": now + LIFETIME})

    def is_for_connector(self, token: str, app_id: str) -> bool:
        """Whether *token* is one that `for_connector` gave to this app and that still runs."""
        try:
            claims = jwt.decode(token, self._private.public_key(), algorithms=["RS256"], audience=CONNECTOR)
        except jwt.PyJWTError:
            return False
        return bool(claims.get("appid") == app_id)
