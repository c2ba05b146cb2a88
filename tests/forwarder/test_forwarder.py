"""The way from the journal to one sink."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.clock import pause, stopwatch
from ingest.forwarder import MOST_AT_ONCE, Forwarder
from ingest.health import Health
from ingest.journal.database import open_writer
from ingest.journal.journal import Journal
from ingest.journal.refused_reading import reading_of
from ingest.metrics import Metrics
from ingest.registry import Placed, import_registry
from ingest.sink import SinkUnavailable
from tests.forwarder.sinks import ListSink
from tests.journal.readings import batch, letters_in, opened, reading

AWAY = SinkUnavailable("status 503")


@dataclass
class Site:
    """A forwarder at work between a journal and a sink."""

    journal: Journal
    sink: ListSink
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)

    @asynccontextmanager
    async def forwarding(self) -> AsyncIterator[Forwarder]:
        forwarder = Forwarder("db", self.sink, self.journal, timedelta(milliseconds=5))
        task = asyncio.create_task(forwarder.run(self.metrics, self.health))
        try:
            yield forwarder
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def counted(self, name: str, **labels: str) -> float:
        labels = labels or {"sink": "db"}
        return self.metrics.registry.get_sample_value(f"gridwatch_{name}_total", labels) or 0.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    async with opened(path) as journal:
        yield journal


async def test_readings_arrive_in_the_order_of_commitment_with_their_area(
    journal: Journal, path: Path
) -> None:
    with closing(open_writer(path)) as beside:
        import_registry(beside, [Placed("water_meter", "wm-2", "500103")])
    site = Site(journal, ListSink())
    async with site.forwarding() as forwarder:
        for minutes, device in (([5, 3], "wm-1"), ([4], "wm-2"), ([9, 1], "wm-1")):
            committed = await journal.commit(batch(minutes, device))
            forwarder.committed(committed.stored.total())
        await forwarder.drained()

    arrived = [(each.seq, each.reading, each.area) for each in site.sink.taken]
    assert arrived == [
        (1, reading(5), None),
        (2, reading(3), None),
        (3, reading(4, "wm-2"), "500103"),
        (4, reading(9), None),
        (5, reading(1), None),
    ]


async def test_a_batch_holds_five_thousand_readings_at_most(journal: Journal) -> None:
    await journal.commit(batch(range(12_345)))
    site = Site(journal, ListSink())
    async with site.forwarding() as forwarder:
        await forwarder.drained()

    assert site.sink.sizes == [MOST_AT_ONCE, MOST_AT_ONCE, 2_345]
    assert [each.reading for each in site.sink.taken] == [*map(reading, range(12_345))]
    assert site.counted("sink_readings_written") == 12_345


async def test_a_sink_that_is_away_gets_the_same_batch_until_it_takes_it(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await journal.commit(batch(range(10)))
    site = Site(journal, ListSink(failures=[AWAY] * 5))
    async with site.forwarding() as forwarder:
        await forwarder.drained()
        await journal.commit(batch([10]))
        forwarder.committed(1)
        await forwarder.drained()

    assert [each.seq for each in site.sink.taken] == list(range(1, 12))
    assert site.counted("sink_errors") == 5
    assert [record.message for record in caplog.records] == [
        "sink:db: status 503; readings wait in the journal",
        "sink:db: works again",
    ]


async def test_a_sink_that_is_away_is_no_reason_to_be_unhealthy(journal: Journal) -> None:
    await journal.commit(batch([1]))
    site = Site(journal, ListSink(failures=[SinkUnavailable("status 503", timedelta(hours=1))]))
    async with site.forwarding() as forwarder:
        await _until_trouble(site)

        assert site.health.healthy
        assert site.health.troubles == {"sink:db": "status 503; readings wait in the journal"}
        assert (forwarder.cursor, forwarder.backlog) == (0, 1)


async def test_the_wait_that_the_sink_asks_for_is_kept(journal: Journal) -> None:
    await journal.commit(batch([1]))
    wait = timedelta(milliseconds=400)
    site = Site(journal, ListSink(failures=[SinkUnavailable("status 429", wait)]))
    started = stopwatch()
    async with site.forwarding() as forwarder:
        await forwarder.drained()

    assert stopwatch() - started >= wait.total_seconds()
    assert site.sink.writes == 2


async def test_what_the_sink_will_never_take_goes_to_the_dead_letters_as_the_cursor_moves(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch(range(100)))
    site = Site(journal, ListSink(refused=[7, 100]))
    async with site.forwarding() as forwarder:
        await forwarder.drained()

    last, first = letters_in(path)
    assert journal.cursor("db") == 100
    assert (first.stage, first.reason, first.topic, first.times) == (
        "sink:db", "rejected", "gw/v1/water_meter/wm-1/up", 1,
    )  # fmt: skip
    assert first.detail == ("out of range" * 99)[:500]
    assert [reading_of(each.payload or b"", each.first_at) for each in (first, last)] == [
        reading(6),
        reading(99),
    ]
    assert site.counted("sink_readings_written") == 98
    labels = {"kind": "water_meter", "stage": "sink:db", "reason": "rejected"}
    assert site.counted("dead_letters", **labels) == 2


async def test_neither_cursor_nor_dead_letter_is_kept_before_the_sink_answers(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch(range(10)))
    sink = ListSink(refused=[3])
    sink.open.clear()
    async with Site(journal, sink).forwarding():
        await _until_written(sink)

    assert journal.cursor("db") == 0
    assert letters_in(path) == []


async def test_the_backlog_is_right_after_a_restart_and_goes_on_where_it_was(path: Path) -> None:
    sink = ListSink()
    async with opened(path) as journal:
        await journal.commit(batch(range(6_000)))
        await journal.commit(batch(range(6_000)))
        await journal.forwarded("db", 5_000)
    async with opened(path) as journal:
        before = Forwarder("db", sink, journal, timedelta(seconds=1)).backlog
        async with Site(journal, sink).forwarding() as forwarder:
            await forwarder.drained()
            after = forwarder.backlog

    assert (before, after) == (1_000, 0)
    assert [each.seq for each in sink.taken] == list(range(5_001, 6_001))


async def test_a_new_sink_begins_with_the_oldest_reading_that_is_kept(journal: Journal) -> None:
    await journal.commit(batch(range(10)))
    await journal.prune_readings(reading(4).received_at, None)
    site = Site(journal, ListSink())
    async with site.forwarding() as forwarder:
        backlog = forwarder.backlog
        await forwarder.drained()

    assert backlog == 6
    assert [each.reading for each in site.sink.taken] == [*map(reading, range(4, 10))]


async def test_what_a_command_stored_is_forwarded_without_being_told(
    journal: Journal, path: Path
) -> None:
    site = Site(journal, ListSink())
    async with site.forwarding() as forwarder:
        async with opened(path) as beside:
            await beside.commit(batch([1]))
        await forwarder.drained()

    assert [each.reading for each in site.sink.taken] == [reading(1)]


async def test_each_sink_has_a_cursor_of_its_own(journal: Journal) -> None:
    await journal.commit(batch(range(10)))
    hanging = ListSink()
    hanging.open.clear()
    slow = Forwarder("slow", hanging, journal, timedelta(seconds=1))
    site = Site(journal, ListSink())
    task = asyncio.create_task(slow.run(site.metrics, site.health))
    async with site.forwarding() as forwarder:
        await forwarder.drained()
    task.cancel()

    assert (slow.backlog, len(site.sink.taken)) == (10, 10)


async def test_a_journal_that_can_t_move_the_cursor_is_tried_until_it_can(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch(range(10)))
    site = Site(journal, ListSink())
    with closing(open_writer(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with site.forwarding() as forwarder:
            await _until_trouble(site)
            troubles = site.health.troubles
            other.execute("ROLLBACK")
            await forwarder.drained()

    assert troubles == {"sink:db": "journal: another process holds it"}
    assert (site.sink.writes, journal.cursor("db")) == (1, 10)
    assert site.health.troubles == {}


async def _until_trouble(site: Site) -> None:
    async with asyncio.timeout(20):
        while not site.health.troubles:
            await pause(timedelta(milliseconds=5))


async def _until_written(sink: ListSink) -> None:
    async with asyncio.timeout(20):
        while not sink.writes:
            await pause(timedelta(milliseconds=5))
