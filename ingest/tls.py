"""TLS: the one place that loads certificates and keys."""

import ssl
from pathlib import Path
from typing import NamedTuple

from ingest.configuration import SettingsError


class Identity(NamedTuple):
    """A certificate and its key, not encrypted, each a file in PEM."""

    certificate: Path
    key: Path


def trusting(ca_file: Path | None, key: str) -> ssl.SSLContext:
    """Return how to check a server: against the file, or the system's certificates.

    TLS 1.2 at least. Raises SettingsError, which begins with `key`, if the file can't be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise SettingsError(
            f"{key}: expected certificates in PEM in {ca_file}: {_why(error)}"
        ) from None


def identify(context: ssl.SSLContext, identity: Identity, keys: str) -> None:
    """Have the context show the certificate; SettingsError, which begins with `keys`, if not."""
    try:
        context.load_cert_chain(*identity, _no_passphrase)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{keys}: expected a certificate and its key, not encrypted,"
            f" in PEM in {identity.certificate} and {identity.key}: {_why(error)}"
        ) from None


def serving(identity: Identity, keys: str) -> ssl.SSLContext:
    """Return how to serve by TLS 1.2 at least; SettingsError as of `identify`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    identify(context, identity, keys)
    return context


def _no_passphrase() -> str:
    """Answer for a key that wants a passphrase; without it OpenSSL asks at the terminal."""
    return ""


def _why(error: Exception) -> str:
    """Return the system's word for it, or the kind of error: OpenSSL quotes nothing readable."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
