"""Laws of clocks that were set back: the present stays the present, the past stays the past."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.effect import AlertChange
from rules.engine import Engine
from rules.register import TableRegister
from tests.rules.made_up import RULE

SECOND = 1_000
MINUTE = milliseconds_of(timedelta(minutes=1))
HOUR = 60 * MINUTE
START = 1_772_380_800_000
LEVELS = Rulebook((catalogue()["gas_level_ch4"],))
GOOD, CRITICAL = 2.0, 60.0


def gas(measured_at: int, ch4: float, received_at: int | None = None) -> Reading:
    """A reading of these instants, counted from the start."""
    values: dict[str, Value] = {"ch4_lel_pct": ch4, "sensor_status": "ok"}
    arrives = measured_at if received_at is None else received_at
    return Reading("g-1", "gas_monitor", START + measured_at, START + arrives, values)


class Site:
    """An engine told as the journal tells it: what is late, and which instants are taken."""

    def __init__(self, rulebook: Rulebook = LEVELS) -> None:
        self._rulebook = rulebook
        self._newest: Instant = 0
        self._taken: set[Instant] = set()
        self.store = SavedStates()
        self.restart()

    def restart(self) -> None:
        self.engine = Engine(self._rulebook, TableRegister(), self.store)

    def hear(self, *readings: Reading) -> list[tuple[str, Instant, Instant]]:
        for reading in readings:
            if reading.measured_at in self._taken:
                self.engine.observe_doubted(reading)
            else:
                self.engine.observe(reading, late=reading.measured_at < self._newest)
            self._taken.add(reading.measured_at)
            self._newest = max(self._newest, reading.measured_at)
        outcome = self.engine.take()
        self.store.states.update(outcome.states)
        return [
            (change.transition.value, change.at - START, change.told_at - START)
            for change in outcome.effects
            if isinstance(change, AlertChange)
        ]


@pytest.mark.parametrize("step", [2 * MINUTE, HOUR, 8 * HOUR])
@pytest.mark.parametrize("period", [10 * SECOND, MINUTE])
@pytest.mark.parametrize("restarts", [False, True])
def test_gas_is_told_at_the_third_reading_after_the_clock_was_set_back(
    step: int, period: int, *, restarts: bool
) -> None:
    site = Site()
    site.hear(*(gas(number * period, GOOD) for number in range(20)))
    told = []
    for number in range(20, 23):
        if restarts:
            site.restart()
        told += site.hear(gas(number * period - step, CRITICAL, number * period))
    ((transition, at, told_at),) = told
    assert transition == "raised"
    assert told_at <= 22 * period
    assert 19 * period < at <= told_at, "in the time of the alert nothing goes back"


def test_the_time_of_a_device_that_was_an_hour_ahead_comes_back_to_its_clock() -> None:
    site = Site()
    site.hear(gas(HOUR, GOOD, 0))
    site.hear(*(gas(minute * MINUTE, GOOD, minute * MINUTE) for minute in range(1, 12 * 60)))
    site.hear(*(gas(minute * MINUTE, CRITICAL) for minute in (720, 721)))
    (life,) = (
        life for subject in site.store.states for life in site.engine.lives(subject).values()
    )
    assert life.start == START + 720 * MINUTE


def test_network_delays_hide_no_step() -> None:
    site = Site()
    delays = (0, 9, 2, 0, 7, 1, 12, 0, 3, 5)
    readings = [gas(n * MINUTE, GOOD, n * MINUTE + delays[n] * SECOND) for n in range(10)]
    site.hear(*readings)
    told = []
    for n in range(10):
        at = (20 + n) * MINUTE
        told += site.hear(gas(at - HOUR, CRITICAL, at + delays[n] * SECOND))
    assert [transition for transition, *_ in told] == ["raised"]


@pytest.mark.parametrize("gap", [0, 50, 900, 5 * SECOND, 20 * SECOND])
def test_a_store_that_is_emptied_after_a_gap_is_of_the_past(gap: int) -> None:
    site = Site()
    site.hear(gas(0, GOOD), gas(HOUR, GOOD))
    stored = [gas(n * MINUTE, CRITICAL, HOUR + 1 + n * gap) for n in range(1, 59)]
    assert site.hear(*stored) == []
    assert site.hear(*(gas(HOUR + n * MINUTE, GOOD) for n in range(30, 40))) == []


def test_late_readings_between_newer_ones_are_of_the_past() -> None:
    site = Site()
    told = []
    for n in range(60, 120):
        at = n * MINUTE
        told += site.hear(gas(at, GOOD), gas(at - HOUR, CRITICAL, at + 30 * SECOND))
    assert told == []


def test_days_that_come_late_in_batches_are_of_the_past() -> None:
    rule = replace(RULE, hold=timedelta(0))
    site = Site(Rulebook((rule,)))
    site.hear(gas(10 * 24 * HOUR, GOOD))
    for day in (3, 4, 5):
        slots = [day * 24 * HOUR + n * HOUR for n in range(24)]
        arrived = 10 * 24 * HOUR + day * 20 * MINUTE
        assert site.hear(*(gas(slot, CRITICAL, arrived) for slot in slots)) == []


def test_a_repeated_reading_after_the_step_changes_nothing() -> None:
    once, twice = Site(), Site()
    for n in range(10):
        once.hear(gas(n * MINUTE, GOOD))
        twice.hear(gas(n * MINUTE, GOOD))
    told = []
    for n in range(10, 16):
        after = gas(n * MINUTE - HOUR, CRITICAL if n < 14 else GOOD, n * MINUTE)
        told.append((once.hear(after), twice.hear(after, after)))
    assert all(first == second for first, second in told)
    assert any(first for first, _ in told)
