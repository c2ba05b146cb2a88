"""Feeds: readings of the past in the order in which they came, each once."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

from pydantic_core import from_json

from devices.decoding import Acceptance, Decoder
from devices.reading import Reading
from devices.refusal import DecodeError
from ingest.rule_tools.span import ALWAYS, Span
from ingest.simulate.recording import Recording
from ingest.simulate.replay import Replay
from rules.register import DeviceFacts, PremisesFacts, TableRegister

_ANY_AGE = Acceptance(ahead=timedelta(0), age=timedelta(days=36_500))
_COUNT = "SELECT count(*) FROM reading WHERE measured_at >= ? AND measured_at < ?"
_IN_ORDER = """
SELECT d.name, d.kind, r.measured_at, r.received_at, r."values"
FROM reading AS r JOIN device AS d ON d.id = r.device
WHERE r.measured_at >= ? AND r.measured_at < ? ORDER BY r.seq
"""
_EVER = 1 << 62


class Feed(Protocol):
    """Readings to be judged, and what is known of their devices.

    `total` is how many there are in the span, about. `left_out` counts repeats, contradictions,
    refusals, and what lies outside of the span.
    It can be gone through again.
    """

    register: TableRegister
    total: int
    left_out: int

    def __iter__(self) -> Iterator[Reading]:
        """Yield the new readings in the order of their arrival."""


class RecordingFeed:
    """A recording of real meters, decoded as what devices send; each home is a dwelling.

    All of them stand in `areas`, given from the city down. Readings outside of `span` are left out.
    """

    def __init__(
        self, recording: Recording, areas: tuple[str, ...] = (), span: Span = ALWAYS
    ) -> None:
        self._span = span
        self.total = sum(map(span.holds, recording.instants()))
        self.left_out = 0
        self._recording = recording
        devices = list(Replay(recording, weeks=0).devices())
        self.register = TableRegister(
            {
                f"{kind}/{device}": DeviceFacts(areas=areas, premises=device)
                for kind, device in devices
            },
            {device: PremisesFacts(areas=areas) for _, device in devices},
        )

    def __iter__(self) -> Iterator[Reading]:
        """Yield the new readings in the order of their arrival."""
        self.left_out = 0
        decoder, replay = Decoder(_ANY_AGE), Replay(self._recording, weeks=0)
        for emission in replay.emissions_until(replay.last_at):
            if not emission.new_readings:
                self.left_out += 1
                continue
            topic = emission.topic
            try:
                upload = decoder.decode(topic.kind, topic.device, emission.payload, emission.at)
            except DecodeError:
                self.left_out += 1
                continue
            inside = [each for each in upload.readings if self._span.holds(each.measured_at)]
            self.left_out += len(upload.readings) - len(inside)
            yield from inside


class JournalFeed:
    """What the journal holds, in the order in which it was committed."""

    def __init__(
        self, reader: sqlite3.Connection, register: TableRegister, span: Span = ALWAYS
    ) -> None:
        self.register = register
        self.left_out = 0
        since = -_EVER if span.since is None else span.since
        self._bounds = since, _EVER if span.until is None else span.until
        (self.total,) = reader.execute(_COUNT, self._bounds).fetchone()
        self._reader = reader

    def __iter__(self) -> Iterator[Reading]:
        """Yield the readings in the order of their commitment."""
        for name, kind, measured_at, received_at, values in self._reader.execute(
            _IN_ORDER, self._bounds
        ):
            yield Reading(name, kind, measured_at, received_at, from_json(values))
