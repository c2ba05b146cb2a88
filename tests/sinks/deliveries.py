"""Readings to write, and what databases hold of them."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode

from devices.reading import Reading, Value
from ingest.demo.programs import LOOPBACK, InfluxDB, VictoriaMetrics
from ingest.sink import Delivery
from ingest.sinks.influx_v1 import Credentials

START = 1_760_000_000_000
AREA = "50010300300101"


def delivery(
    number: int, values: Mapping[str, Value] | None = None, *, kind: str = "water_meter"
) -> Delivery:
    """Return the delivery with this number, one a minute, of one of ten devices."""
    measured_at = START + number * 60_000
    values = {"cumulative_m3": number / 8} if values is None else values
    reading = Reading(f"wm-{number % 10}", kind, measured_at, measured_at + 500, values)
    return Delivery(number, reading, AREA)


def deliveries(count: int) -> list[Delivery]:
    return [delivery(number) for number in range(count)]


def held_by_influxdb(database: InfluxDB, measurement: str) -> list[dict[str, Value]]:
    """Return the points of a measurement in the order of time, nulls left out."""
    path = f"/query?db=gridwatch&epoch=ms&q=select+*+from+{quote(measurement)}"
    result = json.loads(_get(database.port, path))["results"][0]
    return [
        {
            name: value
            for name, value in zip(series["columns"], row, strict=True)
            if value is not None
        }
        for series in result.get("series", [])
        for row in series["values"]
    ]


def held_by_victoria_metrics(
    database: VictoriaMetrics,
) -> dict[tuple[str, str], Sequence[tuple[int, float]]]:
    """Return instants and values by metric and device."""
    _get(database.port, "/internal/force_flush")
    return dict(
        _exported(_get(database.port, "/api/v1/export?start=0&match%5B%5D=%7Bdevice!=%22%22%7D"))
    )


def exported_by(database: VictoriaMetrics, match: str) -> list[dict[str, str]]:
    """Return the labels of the series that match."""
    _get(database.port, "/internal/force_flush")
    text = _get(database.port, f"/api/v1/export?start=0&match%5B%5D={quote(match)}")
    return [json.loads(line)["metric"] for line in text.splitlines()]


def post_query(database: InfluxDB, query: str, who: Credentials | None = None) -> None:
    """Give an order to the database, as the user."""
    parameters = {"q": query, "u": who.username, "p": who.password} if who else {"q": query}
    connection = http.client.HTTPConnection(LOOPBACK, database.port, timeout=10)
    try:
        connection.request("POST", f"/query?{urlencode(parameters)}")
        answer = connection.getresponse()
        body = answer.read().decode()
        assert (answer.status, "error" in body) == (200, False), body
    finally:
        connection.close()


def _exported(text: str) -> Iterator[tuple[tuple[str, str], Sequence[tuple[int, float]]]]:
    for line in text.splitlines():
        series = json.loads(line)
        metric = series["metric"]
        samples = zip(series["timestamps"], series["values"], strict=True)
        yield (metric["__name__"], metric["device"]), sorted(samples)


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
