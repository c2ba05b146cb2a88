"""What an Alertmanager is told, and when: level-triggered, with labels that never change."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from devices.instant import Instant, iso_of
from ingest.cli import app
from ingest.journal.alert_outgoing import live_after
from ingest.outlets.message import payload_of
from ingest.outlets.outlet import PAGE
from ingest.outlets.posting import Posting
from ingest.sink import SinkUnavailable
from rules.explanation import Text
from tests.alerts.gas import (
    ALERT,
    CRITICAL,
    GOOD,
    RULE,
    SECOND,
    STREET,
    WARNING,
    batch,
    gas,
    placed,
)
from tests.journal.readings import START
from tests.outlets.incident import CLEAR, MINUTE, in_maintenance, incident

RAISE = ((0, WARNING), (10, WARNING))
QUARTER = 15 * 60


class Told(NamedTuple):
    """A posting in short: severity, start and end in seconds since the first reading."""

    severity: str
    start: int
    end: int


class Memory:
    """A receiver that keeps every post, refuses some, or takes nothing."""

    def __init__(self) -> None:
        self.posts: list[Sequence[Posting]] = []
        self.refused: set[int] = set()
        self.away = False

    async def post(self, postings: Sequence[Posting]) -> str:
        if self.away:
            raise SinkUnavailable("no answer: not in time")
        self.posts.append(postings)
        return "status 400: bad" if len(self.posts) in self.refused else ""

    async def present(self, now: Instant) -> Instant:
        return now

    async def close(self) -> None:
        pass

    def told(self) -> list[Told]:
        """Return what was posted since the last call."""
        found = [
            Told(
                dict(each.labels)["severity"],
                (each.starts_at - START) // SECOND,
                (each.ends_at - START) // SECOND,
            )
            for post in self.posts
            for each in post
        ]
        self.posts.clear()
        return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


async def test_what_fires_is_told_at_once_and_again_at_each_interval_as_valid_for_four(
    path: Path,
) -> None:
    memory = Memory()
    async with incident(path) as here:
        outlet = here.outlet(memory)
        await here.tell(outlet, at=0)
        await here.measures(*RAISE)
        backlog = outlet.backlog
        await here.tell(outlet, at=11)
        at_once = memory.told()
        await here.tell(outlet, at=59)
        between = memory.told()
        await here.tell(outlet, at=60)
        again = memory.told()

    assert (backlog, outlet.done_to) == (1, None)
    assert at_once == [Told("warning", 0, 11 + 240)]
    assert between == []
    assert again == [Told("warning", 0, 60 + 240)]
    assert sum(here.sent) == 2


async def test_the_labels_are_the_identity_and_the_annotations_tell_the_rest(path: Path) -> None:
    memory = Memory()
    async with incident(path, placed("gm-1")) as here:
        await here.measures(*RAISE)
        await here.tell(here.outlet(memory), at=10)

    ((posting,),) = memory.posts
    assert dict(posting.labels) == {
        "alertname": RULE.name,
        "severity": "warning",
        "scope": "device",
        "subject": "gas_monitor/gm-1",
        "source": "gridwatch",
        "city": STREET[0],
        "district": STREET[1],
        "street": STREET[2],
    }
    assert posting.annotations["alert"] == ALERT
    assert posting.annotations["summary"] == f"{RULE.title}: gas_monitor/gm-1"
    assert RULE.title_zh in posting.annotations["summary_zh"]
    assert posting.annotations["runbook_url"] == (
        "rules/library/gas_level_ch4/README.md#at-three-in-the-morning"
    )
    assert "GB/T 50493-2019" in posting.annotations["description"]
    assert posting.annotations["start"] == "2025-10-09T08:53:20.000Z"


async def test_what_is_over_is_told_for_fifteen_minutes_with_its_real_end(path: Path) -> None:
    memory = Memory()
    async with incident(path) as here:
        await here.measures(*RAISE, *CLEAR)
        ((resolved,),) = here.room.journal.read(
            lambda reader: reader.execute("SELECT (last_at - ?) / 1000 FROM alert", (START,))
        )
        for at in (resolved, resolved + QUARTER, resolved + QUARTER + 60):
            await here.tell(here.outlet(memory), at=at)
        told = memory.told()

    assert told == 2 * [Told("warning", 0, resolved)]


async def test_an_alert_that_steps_up_ends_what_it_was(path: Path) -> None:
    memory = Memory()
    async with incident(path) as here:
        outlet = here.outlet(memory)
        await here.measures(*RAISE)
        await here.tell(outlet, at=10)
        memory.told()
        await here.measures((20, CRITICAL), (30, CRITICAL))
        await here.tell(outlet, at=30)
        at_once = memory.told()
        await here.tell(outlet, at=90)
        again = memory.told()

    ((_, _, end), critical) = sorted(at_once, key=lambda told: told.end)
    assert 10 < end <= 30
    assert critical == Told("critical", 0, 30 + 240)
    assert sorted(again) == [Told("critical", 0, 90 + 240), Told("warning", 0, end)]


async def test_what_comes_back_is_not_ended_by_what_it_was_before(path: Path) -> None:
    memory = Memory()
    async with incident(path) as here:
        first, later = here.outlet(memory), here.outlet(memory, interval_s=600)
        await here.tell(later, at=0)
        await here.measures(*RAISE, *CLEAR, (400, WARNING), (410, WARNING))
        await here.tell(first, at=411)
        everything = memory.told()
        await here.tell(later, at=411)
        changes = memory.told()

    assert everything == [Told("warning", 400, 411 + 240)]
    assert changes == [Told("warning", 400, 411 + 2_400)]


async def test_a_suppressed_alert_is_not_told_and_ends_if_it_was(path: Path) -> None:
    memory = Memory()
    async with incident(path, placed("gm-1")) as here:
        await here.measures(*RAISE)
        await here.tell(here.outlet(memory), at=10)
        before = memory.told()
    async with incident(path, in_maintenance(START + 60 * MINUTE, "gm-1", "gm-2")) as here:
        await here.measures((20, WARNING))
        await here.measures(*RAISE, device="gm-2")
        await here.tell(here.outlet(memory), at=20)
        after = memory.told()

    assert before == [Told("warning", 0, 250)]
    assert after == [Told("warning", 0, 20)]


async def test_an_alert_whose_data_are_lost_fires_on_and_says_so(path: Path) -> None:
    memory = Memory()
    async with incident(path) as here:
        await here.measures(*RAISE)
        await here.room.at(24 * 3_600)
        await here.tell(here.outlet(memory), at=24 * 3_600)

    ((posting,),) = memory.posts
    assert posting.ends_at > here.room.clock.instant
    assert posting.annotations["state"] == "stale"
    assert "data_lost_since" in posting.annotations


async def test_an_alert_that_only_its_latch_keeps_up_says_so_everywhere(path: Path) -> None:
    memory = Memory()
    async with incident(path) as here:
        await here.measures((0, CRITICAL), (10, CRITICAL), *CLEAR)
        await here.tell(here.outlet(memory), at=400)
        (alert,) = here.room.journal.read(live_after, "", 2)

    ((posting,),) = memory.posts
    clear_at = iso_of(START + 320 * SECOND)
    assert posting.annotations["clear_since"] == clear_at
    assert posting.annotations["description"].startswith("Over, to be reset. Before:")
    assert posting.ends_at > START + 400 * SECOND
    assert json.loads(payload_of(alert, Text("", "")))["clear_at"] == clear_at
    listed = CliRunner().invoke(app, ["alerts", "list", "--journal", str(path), "-f", "json"])
    assert json.loads(listed.stdout)["clear_at"] == clear_at


async def test_after_a_restart_everything_is_told_from_the_journal(path: Path) -> None:
    memory = Memory()
    async with incident(path) as here:
        await here.measures(*RAISE)
    async with incident(path) as here:
        outlet = here.outlet(memory)
        await here.tell(outlet, at=500)

    assert memory.told() == [Told("warning", 0, 500 + 240)]
    assert here.sent == [1]


async def test_posts_are_bounded_and_one_that_is_refused_holds_up_no_other(path: Path) -> None:
    memory = Memory()
    memory.refused = {1}
    devices = [f"gm-{number}" for number in range(2 * PAGE + 10)]
    async with incident(path) as here:
        readings = [gas(second, WARNING, each) for second in (0, 10) for each in devices]
        await here.room.judging.commit(batch(*readings))
        outlet = here.outlet(memory)
        with pytest.raises(SinkUnavailable, match="status 400"):
            await here.tell(outlet, at=10)
        sizes = [len(post) for post in memory.posts]
        memory.refused.clear()
        memory.told()
        await here.tell(outlet, at=11)

    assert sizes == [PAGE, PAGE, 10]
    assert len(memory.told()) == len(devices)


async def test_an_alertmanager_that_was_away_hears_what_is_true_then(path: Path) -> None:
    memory = Memory()
    memory.away = True
    async with incident(path) as here:
        outlet = here.outlet(memory)
        await here.measures(*RAISE)
        with pytest.raises(SinkUnavailable):
            await here.tell(outlet, at=10)
        await here.measures(*CLEAR, (400, GOOD))
        await here.measures(*RAISE, device="gm-2")
        memory.away = False
        await here.tell(outlet, at=400)
        told = memory.told()

    assert sorted(each.end > 400 for each in told) == [False, True]


async def test_a_clock_that_is_set_back_does_not_silence_it(path: Path) -> None:
    memory = Memory()
    async with incident(path) as here:
        await here.measures(*RAISE)
        outlet = here.outlet(memory)
        await here.tell(outlet, at=10_000)
        memory.told()
        await here.tell(outlet, at=20)

    assert memory.told() == [Told("warning", 0, 20 + 240)]
