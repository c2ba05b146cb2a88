"""What the rules decide is durable with what they decided it by, once and for good."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from devices.instant import Instant
from devices.reading import Reading
from ingest.journal.alert_outgoing import live_after
from ingest.journal.alert_table import ask_reset
from ingest.journal.alerts import reset_answer
from ingest.journal.batch import Batch
from ingest.journal.database import JournalUnavailable, open_reader, open_writer
from ingest.journal.refused_reading import dead_letter_of
from ingest.journal.unjudged import to_be_judged
from ingest.journal.writer import Writer
from ingest.retry import retry_all
from ingest.settings import JournalSettings, Settings
from rules.condition import State, Verdict
from rules.conditions.marks import Marks
from tests.alerts.gas import (
    ALERT,
    CRITICAL,
    GOOD,
    MONITOR,
    RULE,
    SECOND,
    WARNING,
    batch,
    changes_in,
    gas,
    room,
)
from tests.journal.readings import START, letters_in, opened, rows_of

RAISED_AT_ONCE = [(MONITOR, "raised", 10)]
RAISED_BY_TIME = [(MONITOR, "raised", 30)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


async def test_an_alert_is_durable_with_its_readings_and_explained(path: Path) -> None:
    async with room(path) as here:
        await here.judging.commit(batch(gas(0, WARNING), gas(10, WARNING)))
        live = here.journal.live_alerts()
        told = here.metric("gridwatch_alert_changes_total", rule=RULE.name, transition="raised")

        raised = here.metric(
            "gridwatch_alerts_raised_total", rule=RULE.name, severity="warning", area="unknown"
        )

    (row,) = rows_of(path, "SELECT id, state, worst, start_at, text_zh, text_en FROM alert")
    assert row[:4] == (ALERT, "firing", 2, START)
    assert "GB/T 50493-2019" in row[4]
    assert "Methane level: 26 %LEL when told" in row[5]
    assert changes_in(path) == RAISED_AT_ONCE
    assert live == {(RULE.name, 2, "firing", ""): 1}
    assert (told, raised) == (1, 1)


async def test_of_a_batch_that_fails_nothing_is_left_and_again_it_tells_the_same_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(path) as here:
        whole = batch(gas(0, WARNING), gas(10, WARNING))

        async def unavailable(*_: object) -> None:
            raise JournalUnavailable("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(Writer, "in_thread", unavailable)
            with pytest.raises(JournalUnavailable):
                await here.judging.commit(whole)
        counts = "SELECT (SELECT count(*) FROM subject_state), (SELECT count(*) FROM alert)"
        assert rows_of(path, counts) == [(0, 0)]
        await here.judging.commit(whole)
        await here.judging.commit(whole)

    assert changes_in(path) == RAISED_AT_ONCE


async def test_a_hold_goes_on_over_a_restart_and_the_alert_is_told_once(path: Path) -> None:
    async with room(path) as here:
        await here.judging.commit(batch(gas(0, WARNING)))
        await here.at(20)
        assert changes_in(path) == []

    async with room(path) as here:
        await here.at(29)
        assert changes_in(path) == []
        await here.at(31)
    async with room(path) as here:
        await here.judging.commit(batch(gas(0, WARNING)))
        await here.at(60)

    assert changes_in(path) == RAISED_BY_TIME


async def test_readings_out_of_order_within_a_batch_are_judged_in_order(path: Path) -> None:
    async with room(path) as here:
        await here.judging.commit(batch(gas(10, WARNING), gas(20, GOOD), gas(0, WARNING)))

    assert changes_in(path)[0] == (MONITOR, "raised", 10)


async def test_a_reading_older_than_what_is_stored_is_late_and_raises_nothing(path: Path) -> None:
    async with room(path) as here:
        await here.judging.commit(batch(gas(60, GOOD)))
        await here.judging.commit(batch(gas(10, WARNING), gas(0, WARNING), gas(70, GOOD)))

    assert changes_in(path) == []


async def test_many_timers_ring_in_several_transactions(path: Path) -> None:
    devices = [f"gm-{number}" for number in range(1_200)]
    async with room(path) as here:
        await here.judging.commit(batch(*(gas(0, WARNING, device) for device in devices)))
        here.clock.instant = START + 40_000
        assert await here.judging.look(hears=True)
        assert 0 < len(changes_in(path)) < len(devices)
        await here.at(40)

    assert sorted(changes_in(path)) == sorted((device, "raised", 30) for device in devices)


class _Broken(Marks):
    """A condition with a defect."""

    def observe(self, state: State, reading: Reading) -> Verdict:  # noqa: ARG002 whatever it is
        raise ZeroDivisionError


async def test_a_rule_that_fails_is_counted_and_said_once_and_stops_nothing(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(RULE, name="broken", condition=lambda _: _Broken("sensor_status", {}, ""))
    with caplog.at_level(logging.ERROR):
        async with room(path, (RULE, broken)) as here:
            for second in (0, 10):
                await here.judging.commit(batch(gas(second, WARNING)))
            failures = here.metric("gridwatch_rule_failures_total", rule="broken")

    assert changes_in(path) == RAISED_AT_ONCE
    assert failures == 2
    assert [record.message.split(":")[0] for record in caplog.records] == ["rule broken"]


async def test_a_state_that_no_release_wrote_stops_nothing(path: Path) -> None:
    async with room(path) as here:
        await here.judging.commit(batch(gas(0, WARNING)))
    database = open_writer(path)
    database.execute("UPDATE subject_state SET state = '[99, {}, {}]'")
    database.close()

    async with room(path) as here:
        committed = await here.judging.commit(batch(gas(10, WARNING)))
        await here.at(60)
        failures = here.metric("gridwatch_rule_failures_total", rule="engine")

    assert committed.stored.total() == 1
    assert failures
    assert changes_in(path) == []


async def test_an_alert_that_only_its_latch_keeps_up_says_since_when_until_it_is_back_or_reset(
    path: Path,
) -> None:
    async with room(path) as here:
        journal = here.journal

        async def after(*levels: tuple[int, float]) -> tuple[Instant | None, str, str]:
            await here.judging.commit(batch(*(gas(second, level) for second, level in levels)))
            await here.at(levels[-1][0])
            (alert,) = journal.read(live_after, "", 2)
            return alert.clear_at, alert.state, alert.text_en[:26]

        fires = (None, "firing")
        assert (await after((0, CRITICAL), (10, CRITICAL), (20, GOOD)))[:2] == fires
        over = await after(*((second, GOOD) for second in range(80, 400, 60)))
        assert over == (START + 320 * SECOND, "firing", "Over, to be reset. Before:")
        assert (await after((400, WARNING)))[:2] == fires
        assert (await after(*((second, GOOD) for second in range(410, 800, 60))))[0]
        with open_writer(path) as other:
            ask_reset(other, ALERT, START)
        other.close()
        await here.at(830)
        assert journal.read(live_after, "", 2) == []
    told = [transition for _, transition, _ in changes_in(path)]
    assert told == ["raised", "cleared", "recurred", "cleared", "reset", "resolved"]


@pytest.mark.parametrize(
    ("levels", "answer", "last"),
    [
        ((CRITICAL, CRITICAL, GOOD), "reset", "reset"),
        ((CRITICAL, CRITICAL, CRITICAL), "danger", "raised"),
        ((WARNING, WARNING, GOOD), "no latch", "raised"),
    ],
)
async def test_a_latch_is_reset_for_a_person_unless_the_danger_lasts(
    path: Path, levels: tuple[float, ...], answer: str, last: str
) -> None:
    async with room(path) as here:
        readings = [gas(10 * number, level) for number, level in enumerate(levels)]
        await here.judging.commit(batch(*readings))
        with open_writer(path) as other:
            ask_reset(other, ALERT, START)
        other.close()
        await here.at(40)

    reader = open_reader(path)
    assert reset_answer(reader, ALERT) == answer
    reader.close()
    assert changes_in(path)[-1][1] == last


async def test_resolved_alerts_leave_with_their_transitions_and_others_stay(path: Path) -> None:
    async with room(path) as here:
        for device in ("gm-1", "gm-2"):
            readings = [gas(second, WARNING, device) for second in (0, 10)]
            await here.judging.commit(batch(*readings))
        clear = [gas(second, GOOD, "gm-2") for second in range(20, 400, 60)]
        await here.judging.commit(batch(*clear))
        late = START + 10_000_000
        waited_for = [await here.journal.prune_alerts(late, seq) for seq in (0, 2)]
        removed = [await here.journal.prune_alerts(late, seq) for seq in (3, None)]

    assert waited_for == [0, 0]
    assert removed == [1, 0]
    assert changes_in(path) == RAISED_AT_ONCE


async def test_a_commit_and_the_time_that_passes_take_turns(path: Path) -> None:
    async with room(path) as here:
        await here.judging.commit(batch(gas(0, WARNING)))
        here.clock.instant = START + 40_000
        await asyncio.gather(
            here.judging.look(hears=True),
            here.judging.commit(batch(gas(35, WARNING))),
            here.judging.look(hears=True),
        )

    assert changes_in(path) == RAISED_BY_TIME


async def test_a_clock_set_back_by_whole_hours_hides_no_gas_although_its_instants_are_taken(
    path: Path,
) -> None:
    hour = 3_600
    async with room(path) as here:
        for second in range(0, 2 * hour, 60):
            await here.judging.commit(batch(gas(second, GOOD)))
        for second in range(2 * hour, 2 * hour + 180, 60):
            reading = gas(second, CRITICAL)
            back = reading._replace(measured_at=reading.measured_at - hour * 1_000)
            committed = await here.judging.commit(batch(back))
            assert len(committed.conflicts) == 1, "kept among the dead letters"
            again = await here.judging.commit(batch(back))
            assert again.stored.total() == 0

    ((device, transition, _),) = changes_in(path)
    assert (device, transition) == (MONITOR, "raised")


async def test_a_dead_letter_tried_again_is_judged_once_by_the_service(path: Path) -> None:
    async with room(path) as here:
        await here.judging.commit(batch(gas(0, GOOD)))
        letters = [
            dead_letter_of(gas(second, WARNING), "store", "conflict", "") for second in (10, 20)
        ]
        await here.journal.commit(Batch(dead_letters=letters))
        settings = Settings(journal=JournalSettings(path=path))
        outcomes = await retry_all(path, letters_in(path)[::-1], settings)
        assert all(outcome.taken for outcome in outcomes)
        assert changes_in(path) == []
        await here.at(21)
        assert changes_in(path) == [(MONITOR, "raised", 20)]
        await here.at(22)

    async with room(path) as here:
        await here.at(23)
        assert rows_of(path, "SELECT count(*) FROM unjudged") == [(0,)]
    assert changes_in(path) == [(MONITOR, "raised", 20)]


async def test_a_dead_letter_of_the_past_changes_no_rule_of_the_present(path: Path) -> None:
    async with room(path) as here:
        await here.judging.commit(batch(gas(0, GOOD), gas(600, GOOD)))
        letters = [
            dead_letter_of(gas(second, CRITICAL), "store", "conflict", "") for second in (10, 20)
        ]
        await here.journal.commit(Batch(dead_letters=letters))
        await retry_all(path, letters_in(path)[::-1], Settings(journal=JournalSettings(path=path)))
        await here.at(601)
        assert rows_of(path, "SELECT count(*) FROM unjudged") == [(0,)]
    assert changes_in(path) == []


async def test_what_waits_to_be_judged_goes_with_its_reading(path: Path) -> None:
    async with opened(path) as journal:
        await journal.commit(batch(gas(0, GOOD)), to_be_judged)
        assert [reading for _, reading in journal.unjudged(9)] == [gas(0, GOOD)]
        await journal.prune_readings(START + 1, None)
        assert journal.unjudged(9) == []
    assert rows_of(path, "SELECT count(*) FROM unjudged") == [(0,)]
