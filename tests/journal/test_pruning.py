"""What leaves the journal, when, and what stays whatever happens."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from devices.instant import Instant
from devices.message import Reply
from ingest.forwarder import Forwarder
from ingest.housekeeping import Housekeeping
from ingest.journal.batch import Batch
from ingest.journal.database import JournalUnavailable
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.settings import JournalSettings
from ingest.sinks.discard import DiscardSink
from tests.journal.readings import (
    DAY,
    MINUTE,
    START,
    batch,
    letter,
    letters_in,
    minutes_in,
    numbers_in,
    opened,
    reading,
    rows_of,
)

SETTINGS = JournalSettings(retention_days=1, max_mb=4, dead_letter_days=1, dead_letter_mb=0.1)
LIMIT = int(SETTINGS.max_mb * 1e6)


@dataclass
class StandingClock:
    """A clock that shows what it was set to."""

    instant: Instant = START

    def now(self) -> Instant:
        return self.instant

    async def sleep_until(self, instant: Instant) -> None:
        self.instant = max(instant, self.instant)

    def step_ms(self) -> int:
        return 0


@dataclass
class Keeper:
    """Housekeeping of a journal with sinks of these names."""

    journal: Journal
    sinks: Sequence[str] = ()
    metrics: Metrics = field(default_factory=Metrics)

    async def look(self, now: Instant) -> None:
        forwarders = [
            Forwarder(name, DiscardSink(), self.journal, timedelta(1)) for name in self.sinks
        ]
        house = Housekeeping(self.journal, forwarders, self.metrics, StandingClock(now))
        await house.look(SETTINGS)

    def counted(self, metric: str, cause: str) -> float:
        name = f"gridwatch_{metric}_total"
        return self.metrics.registry.get_sample_value(name, {"cause": cause}) or 0.0


async def _fill(journal: Journal) -> int:
    """Commit until the limit is reached; return how many readings there are."""
    minute = 0
    with suppress(JournalUnavailable):
        while True:
            await journal.commit(batch(range(minute, minute + 500)))
            minute += 500
    return minute


async def test_readings_leave_by_age_of_arrival(journal: Journal, path: Path) -> None:
    keeper = Keeper(journal)
    await journal.commit(batch(range(3_000)))

    await keeper.look(reading(2_500).received_at + DAY)

    assert minutes_in(path) == list(range(2_500, 3_000))
    assert keeper.counted("readings_pruned", "age") == 2_500


@pytest.mark.parametrize(
    ("sinks", "kept_from"), [((), 90), (("a",), 60), (("a", "b"), 20), (("a", "b", "new"), 0)]
)
async def test_a_reading_stays_until_every_sink_there_is_has_it(
    journal: Journal, path: Path, sinks: Sequence[str], kept_from: int
) -> None:
    await journal.commit(batch(range(100)))
    await journal.forwarded("a", 60)
    await journal.forwarded("b", 20)

    await Keeper(journal, sinks).look(reading(90).received_at + DAY)

    assert minutes_in(path) == list(range(kept_from, 100))


async def test_a_reading_that_has_to_stay_keeps_those_committed_after_it(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch([0, 500, 1, 2]))

    await Keeper(journal).look(reading(100).received_at + DAY)

    assert minutes_in(path) == [500, 1, 2]


async def test_without_a_sink_the_size_limit_removes_nothing(path: Path) -> None:
    async with opened(path, LIMIT) as journal:
        keeper = Keeper(journal)
        stored = await _fill(journal)

        await keeper.look(START + DAY // 2)

        assert journal.size_bytes() >= LIMIT
        assert minutes_in(path) == list(range(stored))
        assert keeper.counted("readings_pruned", "size") == 0


async def test_above_nine_tenths_of_the_limit_what_every_sink_has_leaves_early(path: Path) -> None:
    async with opened(path, LIMIT) as journal:
        keeper = Keeper(journal, ("a", "b"))
        stored = await _fill(journal)
        await journal.forwarded("a", stored)
        await journal.forwarded("b", 500)

        await keeper.look(START - DAY)
        first_left = minutes_in(path)[0]
        await journal.forwarded("b", stored)
        await keeper.look(START - DAY)

        assert first_left == 500
        assert LIMIT * 0.8 < journal.size_bytes() <= LIMIT * 0.9
        left = minutes_in(path)
        assert left == list(range(left[0], stored))
        assert keeper.counted("readings_pruned", "size") == left[0]
        await journal.commit(batch([stored]))


@pytest.mark.parametrize("forwarded_to", [40, 100])
async def test_pruning_never_lets_the_numbers_go_back(path: Path, forwarded_to: int) -> None:
    async with opened(path) as journal:
        await journal.commit(batch(range(100)))
        await journal.forwarded("gone", 30)
        await journal.forwarded("a", forwarded_to)
        await Keeper(journal, ("a",)).look(START + 9 * DAY)
        left = minutes_in(path)
    async with opened(path) as journal:
        await journal.commit(batch(range(200, 210)))

        backlog = journal.backlog(journal.cursor("a"))
        waiting = [each.reading for each in journal.deliveries_after(journal.cursor("a"), 999)]

    assert left == list(range(forwarded_to, 100))
    assert numbers_in(path) == list(range(forwarded_to + 1, 111))
    assert waiting == [*map(reading, range(forwarded_to, 100)), *map(reading, range(200, 210))]
    assert backlog == len(waiting)


async def test_a_cursor_never_moves_back(journal: Journal) -> None:
    await journal.commit(batch(range(10)))
    await journal.forwarded("a", 7)
    await journal.forwarded("a", 5)

    assert (journal.cursor("a"), journal.cursor("b")) == (7, 0)
    assert (journal.backlog(7), journal.backlog(0), journal.backlog(10)) == (3, 10, 0)


async def test_a_sink_that_comes_back_after_pruning_gets_what_is_left(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch(range(50)))
    await journal.forwarded("away", 10)
    await journal.prune_readings(reading(30).received_at, None)

    assert journal.backlog(journal.cursor("away")) == 20
    deliveries = journal.deliveries_after(journal.cursor("away"), 999)
    assert [each.seq for each in deliveries] == numbers_in(path) == list(range(31, 51))


async def test_a_repeat_is_known_as_long_as_the_reading_is_kept(journal: Journal) -> None:
    await journal.commit(batch(range(10)))
    await journal.prune_readings(reading(5).received_at, None)

    committed = await journal.commit(batch(range(10)))

    assert (committed.stored.total(), committed.duplicates.total()) == (5, 5)
    assert committed.late.total() == 5


async def test_answers_to_commands_leave_by_age(journal: Journal, path: Path) -> None:
    replies = [
        Reply("door", "d-1", f"c-{number}", "done", None, START, START + number * MINUTE)
        for number in range(2_500)
    ]
    await journal.commit(Batch(replies=replies))

    await Keeper(journal).look(START + 2_400 * MINUTE + DAY)

    assert rows_of(path, "SELECT count(*) FROM reply") == [(100,)]


async def test_dead_letters_leave_by_age_of_the_last_time_they_came(
    journal: Journal, path: Path
) -> None:
    keeper = Keeper(journal)
    for at in (START, START + DAY // 2):
        await journal.commit(Batch(dead_letters=[letter(b"again", at)]))
    await journal.commit(Batch(dead_letters=[letter(b"once", START)]))

    await keeper.look(START + DAY + 1)

    assert [each.payload for each in letters_in(path)] == [b"again"]
    assert keeper.counted("dead_letters_dropped", "age") == 1


@pytest.mark.parametrize("size", [0, 100, 20_000])
async def test_dead_letters_above_the_size_leave_oldest_first_and_are_counted(
    journal: Journal, path: Path, size: int
) -> None:
    keeper = Keeper(journal)
    payloads = [b"%d " % number + bytes(size) for number in range(1_500)]
    await journal.commit(
        Batch(dead_letters=[letter(each, START + at) for at, each in enumerate(payloads)])
    )

    await keeper.look(START)

    kept = letters_in(path)
    assert [each.payload for each in reversed(kept)] == payloads[-len(kept) :]
    weight = sum(each.size + 512 for each in kept)
    assert 100_000 - size - 520 < weight <= 100_000
    assert rows_of(path, "SELECT weight FROM dead_letter_total") == [(weight,)]
    assert keeper.counted("dead_letters_dropped", "size") == 1_500 - len(kept)
