"""The sinks there are, made from the settings."""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

from ingest.clock import MachineClock
from ingest.configuration import secret_of
from ingest.settings import InfluxSettings, SinkSettings
from ingest.sink import Sink
from ingest.sinks.discard import DiscardSink
from ingest.sinks.influx import InfluxSink
from ingest.sinks.influx_query import InfluxDatabase
from ingest.sinks.influx_v1 import Credentials, InfluxV1Transport, authorization
from ingest.sinks.influx_v2 import Bucket, InfluxV2Transport
from ingest.sinks.transport import Transport
from ingest.tls import trusting


def sinks_of(settings: SinkSettings) -> dict[str, Sink]:
    """Return the sinks that are switched on, by the name of their cursor.

    To be called where an event loop runs. SettingsError if a file can't be read.
    """
    sinks: dict[str, Sink] = {}
    if settings.influx:
        transport = transport_of(settings.influx)
        sinks["influx"] = InfluxSink(transport, settings.influx.lines, MachineClock())
    if settings.discard:
        sinks["discard"] = DiscardSink()
    return sinks


def transport_of(settings: InfluxSettings) -> Transport:
    """Return a connection to the database that nothing else uses; SettingsError as above."""
    return _TRANSPORTS[settings.api](settings)


def database_of(settings: InfluxSettings) -> InfluxDatabase:
    """Return the InfluxDB 1.x of the settings to read from; SettingsError as `sinks_of`."""
    return InfluxDatabase(
        settings.url,
        settings.bucket,
        authorization(_credentials(settings)),
        settings.timeout_s,
        _trust(settings.ca_file),
    )


def _credentials(settings: InfluxSettings) -> Credentials | None:
    password = secret_of(settings.password, settings.password_file, "sink.influx.password")
    return Credentials(settings.username, password or "") if settings.username else None


def _v1(settings: InfluxSettings) -> Transport:
    return InfluxV1Transport(
        settings.url,
        settings.bucket,
        timeout_s=settings.timeout_s,
        credentials=_credentials(settings),
        tls=_trust(settings.ca_file),
    )


def _v2(settings: InfluxSettings) -> Transport:
    token = secret_of(settings.token, settings.token_file, "sink.influx.token")
    bucket = Bucket(settings.org, settings.bucket, token)
    return InfluxV2Transport(
        settings.url, bucket, timeout_s=settings.timeout_s, tls=_trust(settings.ca_file)
    )


def _trust(ca_file: Path | None) -> ssl.SSLContext | None:
    return trusting(ca_file, "sink.influx.ca_file") if ca_file else None


_TRANSPORTS: Mapping[str, Callable[[InfluxSettings], Transport]] = {"v1": _v1, "v2": _v2}
