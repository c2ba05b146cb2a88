"""Coherence: what settings that are right one by one mean together."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from ingest.settings import (
    AlertmanagerSettings,
    HttpSettings,
    InfluxSettings,
    MqttSettings,
    Settings,
)


def contradictions(settings: Settings) -> Iterator[str]:
    """Yield what can't be meant, each with its keys and what was expected."""
    yield from _mqtt_contradictions(settings.mqtt)
    yield from _http_contradictions(settings.http)
    if settings.sink.influx:
        yield from _influx_contradictions(settings.sink.influx)
    if settings.outlet.alertmanager:
        yield from _alertmanager_contradictions(settings.outlet.alertmanager)
    if settings.batch.messages > settings.mqtt.receive_maximum:
        yield "batch.messages: expected at most mqtt.receive_maximum, or a batch never fills"


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what works and has a consequence that is easily overlooked."""
    mqtt, journal, accept = settings.mqtt, settings.journal, settings.accept
    if journal.retention_days < accept.age_days:
        yield (
            "journal.retention_days is below accept.age_days: a reading repeated after"
            f" {journal.retention_days:g} days is no longer known and is stored again"
        )
    if (mqtt.password or mqtt.password_file) and not mqtt.username:
        yield "mqtt.password without mqtt.username: most brokers refuse that"
    if not mqtt.tls and not _is_loopback(mqtt.host):
        what = "user name and password" if mqtt.username else "readings and commands"
        yield f"mqtt.tls is false: {what} go to {mqtt.host} in the clear"
    yield from _http_warnings(settings.http)
    influx = settings.sink.influx
    if influx and _sends_secret_in_the_clear(influx):
        yield f"sink.influx.url is not https: its secret goes to {influx.url} in the clear"

    if settings.outlet.alertmanager and not settings.rules.judge:
        yield "outlet.alertmanager is set and rules.judge is false: it is told nothing"


def _mqtt_contradictions(mqtt: MqttSettings) -> Iterator[str]:
    if (mqtt.cert_file is None) != (mqtt.key_file is None):
        yield "mqtt.cert_file, mqtt.key_file: expected both or neither"
    if not mqtt.tls and (mqtt.ca_file or mqtt.cert_file):
        yield "mqtt.tls: expected true where mqtt.ca_file or mqtt.cert_file is set"
    if mqtt.password and mqtt.password_file:
        yield "mqtt.password, mqtt.password_file: expected one of them"


def _http_contradictions(http: HttpSettings) -> Iterator[str]:
    if (http.cert_file is None) != (http.key_file is None):
        yield "http.cert_file, http.key_file: expected both or neither"
    if http.token and http.token_file:
        yield "http.token, http.token_file: expected one of them"


def _http_warnings(http: HttpSettings) -> Iterator[str]:
    if _is_loopback(http.host):
        return
    if not (http.token or http.token_file):
        yield f"http.host is {http.host} and there is no http.token: whoever reaches it may ask"
    elif not http.cert_file:
        yield f"http.host is {http.host} and there is no http.cert_file: http.token comes in clear"


def _influx_contradictions(influx: InfluxSettings) -> Iterator[str]:
    name = "sink.influx"
    password = influx.password or influx.password_file
    if influx.token and influx.token_file:
        yield f"{name}.token, {name}.token_file: expected one of them"
    if influx.password and influx.password_file:
        yield f"{name}.password, {name}.password_file: expected one of them"
    if bool(influx.username) != bool(password):
        yield f"{name}.username, {name}.password: expected both or neither"
    if influx.api == "v2" and (influx.username or password):
        yield f'{name}.username, {name}.password: expected with api = "v1"; v2 takes a token'
    if influx.api == "v1" and (influx.token or influx.token_file):
        yield f'{name}.token: expected with api = "v2"; v1 takes a user name and a password'
    if influx.ca_file and not influx.url.startswith("https://"):
        yield f"{name}.url: expected https where {name}.ca_file is set"


def _alertmanager_contradictions(alertmanager: AlertmanagerSettings) -> Iterator[str]:
    name, urls = "outlet.alertmanager", alertmanager.urls
    password = alertmanager.password or alertmanager.password_file
    token = alertmanager.token or alertmanager.token_file
    if alertmanager.token and alertmanager.token_file:
        yield f"{name}.token, {name}.token_file: expected one of them"
    if alertmanager.password and alertmanager.password_file:
        yield f"{name}.password, {name}.password_file: expected one of them"
    if bool(alertmanager.username) != bool(password):
        yield f"{name}.username, {name}.password: expected both or neither"
    if token and (alertmanager.username or password):
        yield f"{name}.token, {name}.username: expected one of them"
    if len({url.rstrip("/") for url in urls}) < len(urls):
        yield f"{name}.urls: expected each once"
    plain = [url for url in urls if not url.startswith("https://")]
    if alertmanager.ca_file and plain:
        yield f"{name}.urls: expected https where {name}.ca_file is set"
    if (token or password) and not all(_is_loopback(urlsplit(url).hostname or "") for url in plain):
        yield f"{name}.urls: expected https, or a loopback address, where a secret is set"


def _sends_secret_in_the_clear(influx: InfluxSettings) -> bool:
    secret = influx.token or influx.token_file or influx.username
    host = urlsplit(influx.url).hostname or ""
    return bool(secret) and influx.url.startswith("http://") and not _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
