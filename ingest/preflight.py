"""Preflight: what can be tried of settings before anything is connected or written."""

import os
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from ingest.configuration import SettingsError, secret_of
from ingest.http import guard_of
from ingest.journal.database import JournalError, open_reader
from ingest.mqtt.greeting import broker_trust
from ingest.registry.kept import has_kept
from ingest.registry.overlay import read_limits
from ingest.registry.refusal import RegistryError
from ingest.settings import Settings
from ingest.tls import trusting

S = TypeVar("S")
_SECRETS = frozenset({"password", "token"})


def faults(settings: Settings) -> Iterator[str]:
    """Yield each file that can't serve as what it is named for, with its key."""
    mqtt, influx = settings.mqtt, settings.sink.influx
    yield from _secret_faults(mqtt.password_file, "mqtt.password")
    yield from _faults_of(broker_trust, mqtt)
    yield from _faults_of(guard_of, settings.http)
    if influx:
        yield from _secret_faults(influx.token_file, "sink.influx.token")
        yield from _secret_faults(influx.password_file, "sink.influx.password")
        yield from _trust_faults(influx.ca_file, "sink.influx.ca_file")
    alertmanager = settings.outlet.alertmanager
    if alertmanager:
        yield from _secret_faults(alertmanager.token_file, "outlet.alertmanager.token")
        yield from _secret_faults(alertmanager.password_file, "outlet.alertmanager.password")
        yield from _trust_faults(alertmanager.ca_file, "outlet.alertmanager.ca_file")
    if not has_kept(settings.journal.path):
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


def doubts(settings: Settings) -> Iterator[str]:
    """Yield what can't be used and does not keep the service from starting, with its key."""
    if has_kept(settings.journal.path):
        for fault in _limits_faults(settings.rules.limits):
            yield f"{fault}; the limits that were in force last stay in force"


def exposures(settings: Settings, source: Path | None = None) -> Iterator[str]:
    """Yield each file that others on this machine can read and should not, with its key.

    `source` is the file of the settings, private if a secret stands in it. None on Windows, whose
    modes say nothing of others.
    """
    if os.name == "nt":
        return
    own = source if source and _holds_secret(tomllib.loads(source.read_text("utf-8"))) else None
    for key, file in (("settings with a secret", own), *_private_files(settings)):
        try:
            mode = file.stat().st_mode if file else 0
        except OSError:
            continue
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            yield f"{key}: others can read {file}: chmod 600"


def _holds_secret(table: Mapping[str, object]) -> bool:
    return any(
        key in _SECRETS or (isinstance(value, Mapping) and _holds_secret(value))
        for key, value in table.items()
    )


def _private_files(settings: Settings) -> Iterator[tuple[str, Path | None]]:
    mqtt, http, influx = settings.mqtt, settings.http, settings.sink.influx
    yield "mqtt.password_file", mqtt.password_file
    yield "mqtt.key_file", mqtt.key_file
    yield "http.token_file", http.token_file
    yield "http.key_file", http.key_file
    if influx:
        yield "sink.influx.token_file", influx.token_file
        yield "sink.influx.password_file", influx.password_file
    alertmanager = settings.outlet.alertmanager
    if alertmanager:
        yield "outlet.alertmanager.token_file", alertmanager.token_file
        yield "outlet.alertmanager.password_file", alertmanager.password_file
    yield "journal.path", settings.journal.path


def _faults_of(load: Callable[[S], object], settings: S) -> Iterator[str]:
    try:
        load(settings)
    except SettingsError as error:
        yield str(error)


def _secret_faults(file: Path | None, key: str) -> Iterator[str]:
    yield from _faults_of(lambda path: secret_of(None, path, key), file)


def _trust_faults(file: Path | None, key: str) -> Iterator[str]:
    yield from _faults_of(lambda path: trusting(path, key), file)


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
        open_reader(path, older=True).close()  # `run` brings it up
    except JournalError as error:
        yield f"journal.path: {error}"
