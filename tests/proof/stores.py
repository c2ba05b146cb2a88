"""The stores in which every reading must be, read back whole."""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol
from urllib.parse import urlencode

from devices.reading import Value, Values
from ingest.demo.programs import LOOPBACK, InfluxDB
from ingest.journal.database import open_reader
from ingest.journal.dead_letters import KeptDeadLetter, dead_letters
from ingest.journal.history import kinds_of, latest
from ingest.journal.outgoing import deliveries_after
from ingest.outlets.alert_line import MEASUREMENT
from tests.proof.message import Identity, Letter, in_one_order

_ALL = 1_000_000
_CHUNK = 5_000
_ANSWER_LIMIT_S = 30
_LEVELS = {"district": 6, "street": 9, "community": 12}
"""Digits of a code, GB/T 2260, by tag."""
_TYPES: Mapping[str, Callable[[Any], Value]] = {
    "float": float,
    "integer": int,
    "boolean": bool,
    "string": str,
}


class Held(NamedTuple):
    """A reading as a store holds it."""

    identity: Identity
    values: Values


class Store(Protocol):
    """A store as the proof looks at it."""

    name: ClassVar[str]

    def knows(self, device: str) -> bool:
        """Return whether there is a reading of the device."""

    def held(self) -> list[Held]:
        """Return every reading there is; one that is there twice, twice."""


@dataclass(frozen=True, slots=True)
class EmbeddedStore:
    """The service's own journal, opened beside it to read."""

    path: Path
    name: ClassVar[str] = "embedded store"

    def knows(self, device: str) -> bool:
        with closing(open_reader(self.path)) as reader:
            return any(latest(reader, kind, device) for kind in kinds_of(reader, device))

    def held(self) -> list[Held]:
        with closing(open_reader(self.path)) as reader:
            readings = [delivery.reading for delivery in deliveries_after(reader, 0, _ALL)]
        return [
            Held(Identity(each.kind, each.device, each.measured_at), each.values)
            for each in readings
        ]

    def letters(self) -> list[Letter]:
        """Return the dead letters; what was decoded before it was refused, in one order."""
        with closing(open_reader(self.path)) as reader:
            return [_letter(kept) for kept in dead_letters(reader, _ALL)]


@dataclass(frozen=True, slots=True)
class InfluxStore:
    """The database `gridwatch` of an InfluxDB 1.x.

    A value gets the type its field has in the database: in JSON 3.0 is written as 3. A series has
    the tag `device`, and those of its community in `areas`, by device. ValueError if the database
    holds anything else, alerts apart.
    """

    database: InfluxDB
    areas: Mapping[str, str] = field(default_factory=dict)
    name: ClassVar[str] = "InfluxDB"

    def knows(self, device: str) -> bool:
        return any(self._series(f"SELECT * FROM /.*/ WHERE device = '{device}'"))  # noqa: S608 ours

    def held(self) -> list[Held]:
        types = self._field_types()
        return [
            self._point(series, row, types[series["name"]])
            for name in types
            if name != MEASUREMENT
            for series in self._series(f'SELECT * FROM "{name}" GROUP BY *')  # noqa: S608 its own
            for row in series["values"]
        ]

    def _field_types(self) -> dict[str, dict[str, str]]:
        types = {}
        for series in self._series("SHOW FIELD KEYS"):
            name, fields = series["name"], series["values"]
            types[name] = dict(fields)
            if len(types[name]) < len(fields):
                raise ValueError(f"a field of {name} has two types: {fields}")
        return types

    def _series(self, query: str) -> Iterator[dict[str, Any]]:
        """Yield what a query finds, in chunks of some thousand rows each."""
        options = {"db": "gridwatch", "epoch": "ms", "chunked": "true", "chunk_size": _CHUNK}
        port = self.database.port
        with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=_ANSWER_LIMIT_S)) as asked:
            asked.request("GET", f"/query?{urlencode({**options, 'q': query})}")
            for line in asked.getresponse():
                (result,) = json.loads(line)["results"]
                if "error" in result:
                    raise ValueError(f"influxd: {result['error']}")
                yield from result.get("series", ())

    def _point(self, series: dict[str, Any], row: Sequence[Any], types: Mapping[str, str]) -> Held:
        measured_at, *values = row
        tags = {name: value for name, value in series["tags"].items() if value}
        area = self.areas.get(tags["device"], "")
        levels = {name: area[:digits] for name, digits in _LEVELS.items() if area}
        if tags != {"device": tags["device"], **levels}:
            raise ValueError(f"a series of {series['name']} has the tags {tags}")
        named = zip(series["columns"][1:], values, strict=True)
        known = {name: _TYPES[types[name]](value) for name, value in named if value is not None}
        return Held(Identity(series["name"], tags["device"], measured_at), known)


def _letter(kept: KeptDeadLetter) -> Letter:
    payload = kept.payload
    if kept.stage == "store" and payload:
        payload = in_one_order(json.loads(payload))
    return Letter(kept.stage, kept.reason, kept.topic, payload)
