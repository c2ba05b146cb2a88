"""Preflight: what can be tried of settings before anything is connected or written."""

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

from ingest.configuration import SettingsError, secret_of
from ingest.journal.database import JournalError, open_reader
from ingest.registry.overlay import read_limits
from ingest.registry.refusal import RegistryError
from ingest.settings import Settings


def faults(settings: Settings) -> Iterator[str]:
    """Yield each file that can't serve as what it is named for, with its key."""
    mqtt, influx = settings.mqtt, settings.sink.influx
    yield from _secret_faults(mqtt.password_file, "mqtt.password")
    yield from _trust_faults(mqtt.ca_file, "mqtt.ca_file")
    if mqtt.cert_file and mqtt.key_file:
        yield from _certificate_faults(mqtt.cert_file, mqtt.key_file)
    if influx:
        yield from _secret_faults(influx.token_file, "sink.influx.token")
        yield from _secret_faults(influx.password_file, "sink.influx.password")
        yield from _trust_faults(influx.ca_file, "sink.influx.ca_file")
    alertmanager = settings.outlet.alertmanager
    if alertmanager:
        yield from _secret_faults(alertmanager.token_file, "outlet.alertmanager.token")
        yield from _secret_faults(alertmanager.password_file, "outlet.alertmanager.password")
        yield from _trust_faults(alertmanager.ca_file, "outlet.alertmanager.ca_file")
    yield from _limits_faults(settings.rules.limits)
    yield from _journal_faults(settings.journal.path)


def _limits_faults(file: Path | None) -> Iterator[str]:
    """Yield what is wrong with the file by itself; its places are known to the registry alone."""
    if file is None:
        return
    try:
        read_limits(file)
    except RegistryError as error:
        yield from (f"rules.limits: {line}" for line in str(error).splitlines())


def _secret_faults(file: Path | None, key: str) -> Iterator[str]:
    try:
        secret_of(None, file, key)
    except SettingsError as error:
        yield str(error)


def _trust_faults(file: Path | None, key: str) -> Iterator[str]:
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        yield f"{key}: expected certificates in PEM in {file}: {_why(error)}"


def _certificate_faults(cert: Path, key: Path) -> Iterator[str]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert, key, _no_passphrase)
    except (OSError, ValueError) as error:
        yield (
            "mqtt.cert_file, mqtt.key_file: expected a certificate and its key, not encrypted,"
            f" in PEM in {cert} and {key}: {_why(error)}"
        )


def _journal_faults(path: Path) -> Iterator[str]:
    if not path.parent.is_dir():
        yield f"journal.path: expected the folder {path.parent} to exist"
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        yield f"journal.path: expected to be allowed to write in {path.parent}"
    elif path.exists():
        yield from _present_journal_faults(path)


def _present_journal_faults(path: Path) -> Iterator[str]:
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        yield f"journal.path: expected {path} to be a file that can be read and written"
        return
    try:
        open_reader(path).close()
    except JournalError as error:
        yield f"journal.path: {error}"


def _no_passphrase() -> str:
    """Answer for a key that wants a passphrase; without it OpenSSL asks at the terminal."""
    return ""


def _why(error: Exception) -> str:
    """Return the system's word for it, or the kind of error: OpenSSL quotes nothing readable."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
