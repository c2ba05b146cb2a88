"""Laws of the habit of a home, and of how unlikely a run of hours with water is by it."""

import pytest

from devices.instant import Instant
from rules.water_use import HOUR, Use
from rules.wet_hours import (
    FIRST_KNOWN,
    FIRST_WET,
    Habit,
    Minutes,
    Run,
    halved,
    is_no_chance,
    long_slots,
    outgrown,
    with_slot,
)

MIDNIGHT = 20_000 * 24 * HOUR - 8 * HOUR
"""Of a local day."""
AT_FIRST = Habit(FIRST_KNOWN, FIRST_WET)
RARELY = Habit((24_000, 8_000, 2_000, 600, 0), (4_800, 400, 400, 30))
"""Water in a fifth of the hours of the day, and in one of twenty by night."""


def _run(
    hours: range, habit: Habit = AT_FIRST, length: float = 1.0
) -> tuple[Run, Minutes, Habit, Instant]:
    """Return a run of slots that end at these hours, as `is_no_chance` takes it."""
    known, longs, at = habit.known, [0, 0], MIDNIGHT
    for hour in hours:
        at = MIDNIGHT + hour * HOUR
        use = Use(at - int(length * HOUR), at, 10.0)
        known = with_slot(known, use)
        longs = [sum(pair) for pair in zip(longs, long_slots(use), strict=True)]
    since = MIDNIGHT + hours[0] * HOUR - int(length * HOUR)
    return (since, habit.known, 10.0, *longs), known, habit, at


@pytest.mark.parametrize("first", range(1, 25))
def test_a_day_is_just_enough_of_a_home_nobody_knows(first: int) -> None:
    assert is_no_chance(*_run(range(first, first + 24)))
    assert not is_no_chance(*_run(range(first, first + 22)))


def test_whose_home_is_mostly_dry_is_believed_sooner() -> None:
    assert is_no_chance(*_run(range(7, 16), RARELY))
    assert not is_no_chance(*_run(range(7, 16)))


def test_who_came_home_is_judged_by_how_they_live_since() -> None:
    came_home = RARELY._replace(wet=(4_800, 400, 1_600, 300))
    assert not is_no_chance(*_run(range(7, 16), came_home))


def test_a_run_of_which_no_night_was_seen_is_doubted() -> None:
    habit = RARELY._replace(wet=(8_000, 400, 600, 30))
    assert is_no_chance(*_run(range(6, 16), habit))
    assert not is_no_chance(*_run(range(7, 17), habit))


def test_two_days_of_which_no_night_was_seen_are_no_more_than_one() -> None:
    habit = RARELY._replace(wet=(10_000, 400, 800, 30))
    run, known, _, at = _run(range(8, 24), habit)
    twice = (known[0] + known[0] - habit.known[0], *known[1:])
    assert not is_no_chance(run, known, habit, at)
    assert not is_no_chance(run, twice, habit, at + 24 * HOUR)


def test_slots_that_may_hide_a_pause_say_less_unless_the_meter_always_sends_such() -> None:
    always = RARELY._replace(known=(*RARELY.known[:4], 20_000))
    assert not is_no_chance(*_run(range(6, 15, 2), RARELY, 2.0))
    assert is_no_chance(*_run(range(6, 15, 2), always, 2.0))


def test_a_run_of_which_hardly_anything_is_known_is_none() -> None:
    run, known, habit, at = _run(range(1, 7), RARELY)
    assert is_no_chance(run, known, habit, at)
    assert not is_no_chance(run, known, habit, at + 48 * HOUR)


def test_halving_keeps_the_share_and_forgets_the_older() -> None:
    known, wet = (40_000, 10_000, 3_000, 2_000, 8_000), (20_000, 1_000, 300, 200)
    assert outgrown(known)
    assert halved(known, known) == (20_000, 5_000, 1_500, 1_000, 4_000)
    assert halved(known, wet) == (10_000, 500, 150, 100)
    assert not outgrown(halved(known, known))
