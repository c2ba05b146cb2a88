"""How long a reading takes from its publication to being durable, seen from outside.

A reading's `measured_at` is when it was published. An observer looks into the journal's file every
two milliseconds: what a reader sees there has been synced to the disk.
"""

import sqlite3
from dataclasses import dataclass
from datetime import timedelta

from ingest.clock import MachineClock, block
from ingest.demo.gridwatch import Tables
from ingest.journal.database import open_reader
from tests.bench.consumers import Load, LoadProcess, running_service
from tests.bench.site import Site

RATE = 5_000
_SECONDS = 10
_WARM_UP_SECONDS = 2
_LIMIT_S = 60
_LOOK_EVERY = timedelta(milliseconds=2)
_NEW = "SELECT seq, measured_at FROM reading WHERE seq > ? ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that half of the readings, and 99 of 100, did not exceed."""

    p50_ms: float
    p99_ms: float


def latency(site: Site, tables: Tables) -> Latency:
    """Return publish to durable commit at 5,000 messages a second, after two seconds of warm-up."""
    load = Load((_SECONDS + _WARM_UP_SECONDS) * RATE, rate=RATE)
    with running_service(site, tables) as service:
        process = LoadProcess(site.broker, load)
        reader = open_reader(service.journal)
        process.begin()
        delays = _watch(reader, load.messages)
        process.began_at()
        reader.close()
    counted = sorted(delays[_WARM_UP_SECONDS * RATE :])
    return Latency(counted[len(counted) // 2], counted[len(counted) * 99 // 100])


def _watch(reader: sqlite3.Connection, messages: int) -> list[int]:
    clock = MachineClock()
    deadline = clock.now() + _LIMIT_S * 1000
    delays: list[int] = []
    last = 0
    while len(delays) < messages:
        rows = reader.execute(_NEW, (last,)).fetchall()
        now = clock.now()
        delays += [now - measured_at for _, measured_at in rows]
        last = rows[-1][0] if rows else last
        if now > deadline:
            raise TimeoutError(f"{len(delays)} of {messages} readings within {_LIMIT_S} s")
        block(_LOOK_EVERY)
    return delays
