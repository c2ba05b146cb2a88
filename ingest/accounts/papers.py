"""Papers: an authority and certificates for a trial, made at run time by the program `openssl`.

A district has an authority of its own. This one is as safe as the file of its key.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from ingest.demo.programs import find_program
from ingest.tls import Identity

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_LIMIT_S = 60.0
_AUTHORITY = """\
[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_LEAF = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class PapersError(Exception):
    """A certificate could not be made; the text says why."""


def authority(folder: Path, name: str = "ca", *, days: int = 365) -> Identity:
    """Make an authority in `name.crt` and `name.key` (0600), and return the files.

    Raises PapersError if one is there already, and MissingProgram without `openssl`.
    """
    made = _places(folder, name)
    configuration = _AUTHORITY.format(name=f"Gridwatch trial {name}")
    with tempfile.NamedTemporaryFile("w", suffix=".cnf") as file:
        file.write(configuration)
        file.flush()
        _openssl(
            *("req", "-x509", *_CURVE, "-config", file.name, "-days", str(days)),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
        )
    return made


def server_certificate(
    by: Identity, name: str, hosts: Sequence[str], *, days: int = 90
) -> Identity:
    """Make a certificate for the names and addresses of a server, beside the authority's.

    Errors as of `authority`.
    """
    names = ", ".join(map(_alternative_name, hosts))
    return _signed(by, name, f"{_LEAF.format(usage='serverAuth')}subjectAltName = {names}\n", days)


def client_certificate(by: Identity, name: str, *, days: int = 90) -> Identity:
    """Make a certificate for a client, beside the authority's; errors as of `authority`."""
    return _signed(by, name, _LEAF.format(usage="clientAuth"), days)


def _signed(by: Identity, name: str, extensions: str, days: int) -> Identity:
    made = _places(by.certificate.parent, name)
    with tempfile.TemporaryDirectory(prefix="gridwatch-") as folder:
        request, extras = Path(folder) / "request", Path(folder) / "extensions"
        configuration = Path(folder) / "configuration"
        extras.write_text(extensions, encoding="ascii")
        configuration.write_text(_AUTHORITY.format(name=name), encoding="ascii")
        _openssl(
            *("req", "-new", *_CURVE, "-config", str(configuration)),
            *("-keyout", str(made.key), "-out", str(request)),
        )
        _openssl(
            *("x509", "-req", "-days", str(days), "-in", str(request), "-extfile", str(extras)),
            *("-CA", str(by.certificate), "-CAkey", str(by.key), "-CAcreateserial"),
            *("-CAserial", str(Path(folder) / "serial"), "-out", str(made.certificate)),
        )
    return made


def _places(folder: Path, name: str) -> Identity:
    made = Identity(folder / f"{name}.crt", folder / f"{name}.key")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in made:
        if file.exists():
            raise PapersError(f"{file}: is there already; remove it to have a new one")
    return made


def _alternative_name(host: str) -> str:
    try:
        return f"IP:{ip_address(host)}"
    except ValueError:
        return f"DNS:{host}"


def _openssl(*arguments: str) -> None:
    """Files are made 0600."""
    command = [find_program("openssl", "openssl"), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, timeout=_LIMIT_S, umask=0o077)
    if done.returncode:
        said = done.stderr.decode(errors="backslashreplace").strip().splitlines()
        raise PapersError(f"openssl {arguments[0]}: {said[-1] if said else done.returncode}")
