"""What a device answers is judged in the transaction that stores it, however often it comes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from devices.message import Reply, Result
from devices.reading import Reading
from ingest.health import Health
from ingest.intake import Sorted
from ingest.journal.batch import Batch
from ingest.journal.database import JournalUnavailable
from ingest.journal.journal import Journal
from ingest.journal.writer import Writer
from ingest.judges import judges_of
from ingest.judging import Judging
from ingest.metrics import Metrics
from ingest.registry.facts import Sources
from tests.alerts.gas import MONITOR, SECOND, StandingClock, batch, gas
from tests.journal.readings import START, opened, rows_of

_STATES = "SELECT state FROM command ORDER BY seq"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    async with opened(path) as journal:
        yield journal


@pytest.fixture
def judging(path: Path, journal: Journal) -> Judging:
    judges = judges_of(Sources(path), journal, StandingClock(), Metrics(), Health())
    return judges.judging


def at_level_1(second: int) -> Reading:
    reading = gas(second, 26.0)
    return reading._replace(values={**reading.values, "fan_running": False})


def told(path: Path) -> str:
    ((identity,),) = rows_of(path, "SELECT identity FROM command ORDER BY seq LIMIT 1")
    return str(identity)


def reply(identity: str, result: Result, second: int) -> Batch:
    at = START + second * SECOND
    answer = Reply("gas_monitor", MONITOR, identity, result, None, at, at)
    return Batch(replies=[answer])


async def test_a_refusal_is_durable_with_the_retry_that_follows_from_it(
    path: Path, judging: Judging
) -> None:
    await judging.commit(batch(at_level_1(0)))
    assert judging.ordered.is_set()
    for _ in range(2):
        await judging.commit(reply(told(path), "refused", 1))
    assert rows_of(path, _STATES) == [("refused",), ("queued",)]


async def test_a_reply_whose_transaction_fails_is_judged_when_it_comes_again(
    path: Path, journal: Journal, judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    await judging.commit(batch(at_level_1(0)))
    refused = reply(told(path), "refused", 1)

    async def unavailable(*_: object) -> None:
        raise JournalUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "in_thread", unavailable)
        with pytest.raises(JournalUnavailable):
            await judging.commit(refused)
    assert rows_of(path, _STATES) == [("queued",)]
    await judging.commit(refused)
    assert rows_of(path, _STATES) == [("refused",), ("queued",)]


async def test_an_answer_and_the_reading_that_proves_it_may_come_together(
    path: Path, judging: Judging
) -> None:
    await judging.commit(batch(at_level_1(0)))
    proof = at_level_1(5)
    proof = proof._replace(values={**proof.values, "fan_running": True})
    both = replace(reply(told(path), "done", 5), readings=[proof])
    await judging.commit(both)
    await judging.commit(both)
    query = "SELECT state, proven_at FROM command"
    assert rows_of(path, query) == [("done", START + 5 * SECOND)]


async def test_a_reply_to_nothing_of_ours_is_kept_and_moves_nothing(
    path: Path, judging: Judging
) -> None:
    await judging.commit(batch(at_level_1(0)))
    await judging.commit(reply("of-nobody", "refused", 1))
    assert rows_of(path, _STATES) == [("queued",)]
    assert rows_of(path, "SELECT command FROM reply") == [("of-nobody",)]


async def test_answers_are_counted_once_and_those_to_nothing_of_their_device_apart(
    path: Path, judging: Judging
) -> None:
    metrics = Metrics()
    await judging.commit(batch(at_level_1(0)))
    batches = [reply(told(path), "done", 1), reply(told(path), "done", 2), reply("none", "done", 3)]
    of_another = [each._replace(device="gm-9") for each in reply(told(path), "done", 4).replies]
    for each in (*batches, Batch(replies=of_another)):
        metrics.count(Sorted(each), await judging.commit(each))

    value = metrics.registry.get_sample_value
    labels = {"kind": "gas_monitor", "command": "fan_start", "state": "done"}
    assert value("gridwatch_commands_total", labels) == 1
    assert value("gridwatch_replies_unmatched_total", {"kind": "gas_monitor"}) == 2
