"""Secrets: made at random, told once, kept at the broker as a hash."""

import hashlib
import secrets
from base64 import b64encode

from ingest.accounts.roles import Json

_BYTES = 24
"""192 bits at random. Such a secret can't be guessed, so a slow hash would add nothing."""
_ITERATIONS = 101
"""What Mosquitto 2.0 takes itself."""
_SALT_BYTES = 12
_HASH_BYTES = 64


def new_secret() -> str:
    """Return a password of 32 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_BYTES)


def hashed(secret: str) -> Json:
    """Return the password as the plugin's file holds it: PBKDF2 with SHA-512 and a salt."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ITERATIONS, _HASH_BYTES)
    return {
        "password": b64encode(digest).decode(),
        "salt": b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }
