"""The scene of a demonstration: where the readings are at each moment."""

import asyncio
import http.client
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from prometheus_client.samples import Sample

from devices.models.truth import TruthRecord
from ingest.clock import Clock, MachineClock, stopwatch
from ingest.demo.gridwatch import Gridwatch, totals_of
from ingest.demo.summary import Summary
from ingest.simulate.publisher import Publisher
from ingest.simulate.tally import Tally

_PRESENT_MS = 120_000
"""Devices advance in strides of a minute and some say nothing for another."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Where the readings are at one moment."""

    stored: int = 0
    stored_by_kind: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0
    late: int = 0
    dead_letters: int = 0
    backlog: int = 0
    written: int = 0
    unacknowledged: int = 0
    devices: int = 0
    missing: int = 0
    """Readings that the broker has acknowledged and the service has not yet dealt with."""


@dataclass(slots=True)
class Scene:
    """A running demonstration, as it is looked at."""

    title: str
    service: Gridwatch
    publisher: Publisher
    clock: Clock
    expected: Callable[[Tally], int]
    influx: bool
    truth: Callable[[], Sequence[TruthRecord]]
    started: float = field(default_factory=stopwatch)
    last: Figures = field(default_factory=Figures)
    summary: Summary | None = None

    @property
    def elapsed_s(self) -> float:
        """How long it has been running."""
        return stopwatch() - self.started

    @property
    def in_the_present(self) -> bool:
        """Whether the devices have lived through their past."""
        now = MachineClock().now()
        return min(self.clock.now(), self.publisher.reached) > now - _PRESENT_MS

    async def look(self) -> Figures:
        """Ask the service; the last answer stands if it does not give one."""
        published = self.expected(self.publisher.tally)
        with suppress(OSError, http.client.HTTPException):
            self.last = _figures(await asyncio.to_thread(self.service.samples), published)
        return self.last


def _figures(samples: Iterable[Sample], published: int) -> Figures:
    samples = list(samples)
    totals = totals_of(samples)

    def count(name: str) -> int:
        return int(totals.get(f"gridwatch_{name}", 0))

    stored, duplicates = count("readings_stored_total"), count("readings_duplicate_total")
    dead_letters = count("dead_letters_total")
    return Figures(
        stored=stored,
        stored_by_kind={
            sample.labels["kind"]: int(sample.value)
            for sample in samples
            if sample.name == "gridwatch_readings_stored_total"
        },
        duplicates=duplicates,
        late=count("readings_late_total"),
        dead_letters=dead_letters,
        backlog=count("sink_backlog_readings"),
        written=count("sink_readings_written_total"),
        unacknowledged=count("mqtt_unacknowledged"),
        devices=count("devices_seen"),
        missing=published - stored - duplicates - dead_letters,
    )
