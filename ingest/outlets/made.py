"""The outlets there are, made from the settings."""

import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from ingest.clock import Clock
from ingest.configuration import SettingsError, secret_of
from ingest.journal.journal import Journal
from ingest.outlets.alertmanager import AlertmanagerOutlet, Beside
from ingest.outlets.alertmanager_client import AlertmanagerClient
from ingest.outlets.influx import InfluxOutlet
from ingest.outlets.outlet import Courier
from ingest.settings import AlertmanagerSettings, Settings
from ingest.sinks import transport_of
from ingest.sinks.lines import LineWriter
from rules.explanation import Text

_NAME = "outlet.alertmanager"


def couriers_of(
    settings: Settings, journal: Journal, clock: Clock, title_of: Callable[[str], Text]
) -> list[Courier]:
    """Return the outlets that are switched on, each with its task.

    To be called where an event loop runs. SettingsError if a file can't be read.
    """
    beside = Beside(journal, clock, title_of)
    return [*_influx(settings, beside), *_alertmanagers(settings, beside)]


def _influx(settings: Settings, beside: Beside) -> Iterator[Courier]:
    influx = settings.sink.influx
    if influx and settings.outlet.influx:
        writer = LineWriter(transport_of(influx), influx.lines, beside.clock)
        outlet = InfluxOutlet(writer, beside.journal)
        yield Courier(outlet, timedelta(seconds=influx.longest_backoff_s))


def _alertmanagers(settings: Settings, beside: Beside) -> Iterator[Courier]:
    alertmanager = settings.outlet.alertmanager
    if alertmanager is None:
        return
    headers, tls = _headers(alertmanager), _trust(alertmanager.ca_file)
    interval = timedelta(seconds=alertmanager.interval_s)
    for url in alertmanager.urls:
        client = AlertmanagerClient(
            url, beside.clock, timeout_s=alertmanager.timeout_s, headers=headers, tls=tls
        )
        name = f"alertmanager:{urlsplit(url).netloc}{urlsplit(url).path.rstrip('/')}"
        outlet = AlertmanagerOutlet(name, client, beside, interval)
        yield Courier(outlet, timedelta(seconds=alertmanager.longest_backoff_s))


def _headers(settings: AlertmanagerSettings) -> Mapping[str, str]:
    token = secret_of(settings.token, settings.token_file, f"{_NAME}.token")
    password = secret_of(settings.password, settings.password_file, f"{_NAME}.password")
    if token:
        return {"Authorization": f"Bearer {token}"}
    if settings.username:
        word = b64encode(f"{settings.username}:{password or ''}".encode())
        return {"Authorization": f"Basic {word.decode()}"}
    return {}


def _trust(ca_file: Path | None) -> ssl.SSLContext | None:
    try:
        return ssl.create_default_context(cafile=ca_file) if ca_file else None
    except OSError as error:
        raise SettingsError(
            f"{_NAME}.ca_file: can't read {ca_file}: {type(error).__name__}"
        ) from None
