"""The outlets there are, made from the settings."""

import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from ingest.configuration import secret_of
from ingest.outlets.alertmanager import AlertmanagerOutlet
from ingest.outlets.alertmanager_client import AlertmanagerClient
from ingest.outlets.influx import InfluxOutlet
from ingest.outlets.mqtt import MqttOutlet, Publisher
from ingest.outlets.outlet import Beside, Courier
from ingest.settings import AlertmanagerSettings, Settings
from ingest.sinks import transport_of
from ingest.sinks.lines import LineWriter
from ingest.tls import trusting

_NAME = "outlet.alertmanager"


def couriers_of(settings: Settings, beside: Beside, publisher: Publisher) -> list[Courier]:
    """Return the outlets that are switched on, each with its task.

    To be called where an event loop runs. SettingsError if a file can't be read.
    """
    return [
        *_mqtt(settings, beside, publisher),
        *_influx(settings, beside),
        *_alertmanagers(settings, beside),
    ]


def _mqtt(settings: Settings, beside: Beside, publisher: Publisher) -> Iterator[Courier]:
    if settings.outlet.mqtt:
        keep_resolved = timedelta(seconds=settings.outlet.mqtt_keep_resolved_s)
        outlet = MqttOutlet(publisher, beside, keep_resolved)
        yield Courier(outlet, timedelta(seconds=settings.mqtt.longest_backoff_s))


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
        outlet = AlertmanagerOutlet(name, client, beside, interval, alertmanager.runbooks)
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
    return trusting(ca_file, f"{_NAME}.ca_file") if ca_file else None
