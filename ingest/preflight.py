"""Preflight: what can be tried of settings before anything is connected or written."""

import os
from collections.abc import Iterator
from pathlib import Path

from ingest.configuration import SettingsError, secret_of
from ingest.journal.database import JournalError, open_reader
from ingest.mqtt.greeting import broker_trust
from ingest.settings import MqttSettings, Settings
from ingest.tls import trusting


def faults(settings: Settings) -> Iterator[str]:
    """Yield each file that can't serve as what it is named for, with its key."""
    mqtt, influx = settings.mqtt, settings.sink.influx
    yield from _secret_faults(mqtt.password_file, "mqtt.password")
    yield from _tls_faults(mqtt)
    if influx:
        yield from _secret_faults(influx.token_file, "sink.influx.token")
        yield from _secret_faults(influx.password_file, "sink.influx.password")
        yield from _trust_faults(influx.ca_file, "sink.influx.ca_file")
    yield from _journal_faults(settings.journal.path)


def _secret_faults(file: Path | None, key: str) -> Iterator[str]:
    try:
        secret_of(None, file, key)
    except SettingsError as error:
        yield str(error)


def _tls_faults(mqtt: MqttSettings) -> Iterator[str]:
    try:
        broker_trust(mqtt)
    except SettingsError as error:
        yield str(error)


def _trust_faults(file: Path | None, key: str) -> Iterator[str]:
    try:
        trusting(file, key)
    except SettingsError as error:
        yield str(error)


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
