"""A service whose clock is set: rules go by the time that has passed."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from devices.instant import Instant
from devices.reading import Reading
from ingest.clock import MachineClock
from ingest.steady import SteadyTime
from rules.catalogue import catalogue
from tests.alerts.gas import (
    GOOD,
    SECOND,
    WARNING,
    Room,
    StandingClock,
    batch,
    changes_in,
    gas,
    room,
)
from tests.journal.readings import START, rows_of

MINUTE = 60
HOUR_MS = 3_600 * SECOND
SILENT = catalogue()["gas_silent"]
REFUSED = catalogue()["credential_refused"]
"""Five refusals within 10 minutes."""

either_way = pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS], ids=["ahead", "back"])


async def hears(here: Room, *readings: Reading) -> None:
    """Commit the readings as received at the time that the clock shows."""
    await here.judging.commit(batch(*(_received(each, here.clock.now()) for each in readings)))


def _received(reading: Reading, at: Instant) -> Reading:
    return reading._replace(received_at=at)


@either_way
async def test_a_hold_lasts_as_long_as_it_lasts_but_for_a_tenth(tmp_path: Path, by_ms: int) -> None:
    path = tmp_path / "journal.db"
    async with room(path) as here:
        await hears(here, gas(0, WARNING))
        here.clock.step(by_ms)
        await here.at(26)
        assert changes_in(path) == []
        await here.at(34)

        assert changes_in(path) == [("gm-1", "raised", 30)]
        assert rows_of(path, "SELECT told_at FROM alert_change") == [(here.clock.now(),)]


@either_way
async def test_no_device_is_blamed_for_it(tmp_path: Path, by_ms: int) -> None:
    path = tmp_path / "journal.db"
    async with room(path, (SILENT,)) as here:
        for second in range(0, 40 * MINUTE, 30):
            if second == 20 * MINUTE:
                here.clock.step(by_ms)
            await here.at(second)
            await hears(here, gas(second, GOOD))

    assert changes_in(path) == []


@either_way
async def test_what_happens_on_both_sides_of_it_is_counted_together(
    tmp_path: Path, by_ms: int
) -> None:
    path = tmp_path / "journal.db"
    async with room(path, (REFUSED,)) as here:
        for second in range(5):
            if second == 3:
                here.clock.step(by_ms)
            await here.at(second)
            await hears(here, _denied(second))

    assert changes_in(path) == [("door-1", "raised", 4)]


@pytest.mark.parametrize("hours", [(1,), (-1,), (1, -1), (1, 1), (-1, -1, 1, -1, -1)])
async def test_what_was_received_before_it_and_judged_after_it_is_as_old_as_it_is(
    tmp_path: Path, hours: Sequence[int]
) -> None:
    path = tmp_path / "journal.db"
    async with room(path) as here:
        await hears(here, gas(0, GOOD))
        received = _received(gas(1, WARNING), here.clock.now())
        for each in hours:
            here.clock.step(each * HOUR_MS)
            await here.judging.look(hears=True)
        await here.judging.commit(batch(received))
        await here.at(26)
        assert changes_in(path) == []
        await here.at(36)

    assert changes_in(path) == [("gm-1", "raised", 31)]


@either_way
def test_it_is_no_matter_that_it_comes_between_two_looks_at_the_clock(by_ms: int) -> None:
    clock = ClockBeingSet(by_ms)
    steady = SteadyTime(clock)
    clock.looks_left = 1

    assert abs(steady.now() - START) < SECOND


class ClockBeingSet(StandingClock):
    """A clock that is set right after a look at what time it is."""

    def __init__(self, by_ms: int) -> None:
        super().__init__()
        self.looks_left = 0
        self._by_ms = by_ms

    def now(self) -> Instant:
        shown = super().now()
        if self.looks_left:
            self.looks_left -= 1
            self.step(self._by_ms)
        return shown


@either_way
def test_it_is_made_up_for_in_ten_times_as_long_and_time_never_goes_back(by_ms: int) -> None:
    clock = StandingClock()
    steady = SteadyTime(clock)
    clock.step(by_ms)
    shown = [steady.now()]
    for _ in range(600):
        clock.instant += MINUTE * SECOND
        shown.append(steady.now())

    assert abs(shown[0] - START) < SECOND
    assert {later - before for before, later in pairwise(shown)} <= {54_000, 66_000}
    assert shown[-1] == clock.now()


def test_a_machine_that_learns_the_date_is_followed_at_once() -> None:
    clock = StandingClock()
    steady = SteadyTime(clock)
    clock.step(30 * 24 * HOUR_MS)

    assert steady.now() == clock.now()


def test_the_machine_clock_has_not_been_set_while_nobody_sets_it() -> None:
    clock = MachineClock()

    assert abs(clock.step_ms() - clock.step_ms()) <= 5


def _denied(second: int) -> Reading:
    values = {"event": "denied", "denied_because": "unknown"}
    return gas(second, GOOD)._replace(device="door-1", kind="door", values=values)
