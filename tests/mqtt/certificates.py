"""Certificates made for one test by the program `openssl`."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from ingest.demo.programs import LOOPBACK


class Pair(NamedTuple):
    """A certificate and its key, in PEM."""

    certificate: Path
    key: Path


def authority(folder: Path, name: str) -> Pair:
    """Return a certificate authority."""
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    _openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
        "-keyout", str(pair.key), "-out", str(pair.certificate),
    )  # fmt: skip
    return pair


def signed(folder: Path, name: str, by: Pair) -> Pair:
    """Return a certificate for loopback, signed by the authority."""
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName=IP:{LOOPBACK}\n", encoding="ascii")
    _openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
        "-keyout", str(pair.key), "-out", str(request),
    )  # fmt: skip
    _openssl(
        "x509", "-req", "-days", "2", "-in", str(request), "-extfile", str(extensions),
        "-CA", str(by.certificate), "-CAkey", str(by.key), "-CAcreateserial",
        "-out", str(pair.certificate),
    )  # fmt: skip
    return pair


def encrypted(key: Path) -> Path:
    """Return a copy of the key that wants a passphrase."""
    locked = key.with_suffix(".locked")
    _openssl("rsa", "-aes256", "-passout", "pass:x", "-in", str(key), "-out", str(locked))
    return locked


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
