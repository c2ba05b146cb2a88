"""Readings that wait to be judged are in the journal, and whoever goes on from there has them."""

from pathlib import Path

import pytest

from devices.reading import Reading
from ingest.clock import MachineClock
from ingest.journal.batch import Batch
from ingest.journal.journal import Journal
from ingest.judging import Judging
from ingest.metrics import Metrics
from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.engine import Engine
from rules.lull import MOST_WAITING
from rules.register import TableRegister
from rules.subject import Subject
from tests.journal.readings import START, opened, rows_of

HOUR = 3_600_000
METER = Subject("device", "water_meter/one")
RULES = catalogue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def reading(hour: int, litres: float) -> Reading:
    """Return what the meter counts at this hour."""
    at = START + hour * HOUR
    return Reading("one", "water_meter", at, at, {"cumulative_m3": round(litres / 1_000, 3)})


def judging(journal: Journal, waiting: int) -> tuple[Judging, Engine]:
    engine = Engine(
        Rulebook(tuple(RULES.values())), TableRegister(), journal.states, waiting=waiting
    )
    return Judging(journal, engine, RULES, MachineClock(), Metrics()), engine


async def lived(path: Path, waiting: int, every: int) -> list[tuple[object, ...]]:
    """Let a meter leak 12 L/h for two days, and after four again, with a new process each `every`.

    It is in hours.
    """
    for first in range(0, 192, every):
        async with opened(path) as journal:
            judge, _ = judging(journal, waiting)
            for hour in range(first, first + every):
                leaked = min(hour, 48) + max(0, hour - 144)
                await judge.commit(Batch(readings=[reading(hour, 12.0 * leaked)]))
    query = "SELECT alert, transition, at, told_at, severity FROM alert_change ORDER BY seq"
    return rows_of(path, query)


@pytest.mark.parametrize("every", [2, 6, 192])
async def test_an_alert_is_told_at_the_same_reading_whoever_died_meanwhile(
    tmp_path: Path, every: int
) -> None:
    eager = await lived(tmp_path / "eager.db", 0, 192)
    assert [row[1] for row in eager] == ["raised", "resolved", "raised"]
    assert await lived(tmp_path / "patient.db", MOST_WAITING, every) == eager


async def test_before_readings_leave_early_those_that_wait_are_judged(path: Path) -> None:
    async with opened(path) as journal:
        judge, _ = judging(journal, MOST_WAITING)
        for hour in range(8):
            await judge.commit(Batch(readings=[reading(hour, 0.0)]))
        before = rows_of(path, "SELECT state FROM subject_state")
        await judge.judge_waiting()
        (after,) = rows_of(path, "SELECT state FROM subject_state")

    newest = str(START + 7 * HOUR).encode()
    assert newest not in before[0][0]
    assert newest in after[0]


async def test_what_is_stored_in_the_same_transaction_does_not_wait_for_it(path: Path) -> None:
    async with opened(path) as journal:
        judge, _ = judging(journal, MOST_WAITING)
        for hour in range(8):
            await judge.commit(Batch(readings=[reading(hour, 0.0)]))
    async with opened(path) as journal:
        judge, engine = judging(journal, MOST_WAITING)
        clock = engine.lives(METER) or engine.take().states[METER].state
        assert str(START + 7 * HOUR).encode() in clock
        journal.states.begin()
        assert journal.states.since(METER, START + 2 * HOUR) == [
            reading(hour, 0.0) for hour in range(3, 8)
        ]
        journal.states.judged_to = 5
        assert journal.states.since(METER, START + 2 * HOUR) == [
            reading(hour, 0.0) for hour in range(3, 5)
        ]
