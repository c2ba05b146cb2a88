"""Laws of water by the calendar: the use of each local day, the least flow of each night."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from devices.reading import Reading, Value
from rules.water_day import DAY, WATER_NIGHT, Day, Night, day_of, night_guard, night_of
from rules.water_use import HOUR, WATER_USE, Counter, Use, use_of

MIDNIGHT = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
TODAY = 20_514
"""The number of that day."""

Counts = Iterable[tuple[float, float]]


def uses(counts: Counts) -> list[Reading]:
    """Return the readings of a counter, given as hours and litres, with the use each shows."""
    counter: Counter = None
    found = []
    for hours, litres in counts:
        at = MIDNIGHT + round(hours * HOUR)
        reading = Reading("m", "water_meter", at, at, {"cumulative_m3": litres / 1_000})
        counter, use = use_of(counter, reading)
        values = {**reading.values, WATER_USE: use}
        found.append(reading._replace(values=values))  # type: ignore[arg-type]
    return found


def days(counts: Counts) -> list[Day]:
    """Return the days that end, with ten hours in which nothing runs."""
    *_, (hours, litres) = counts = list(counts)
    return days_of(uses([*counts, *((hours + more, litres) for more in range(1, 11))]))


def days_of(readings: Iterable[Reading]) -> list[Day]:
    """Return the days that end; the state goes through JSON between the readings."""
    state = None
    found = []
    for reading in readings:
        state, day = day_of(from_json(to_json(state)), reading)
        found += [] if day is None else [day]
    return found


def nights(counts: Counts) -> list[Night]:
    """Return the nights that end."""
    state = None
    found = []
    for reading in uses(counts):
        state, night = night_of(from_json(to_json(state)), reading)
        found += [] if night is None else [night]
    return found


def hourly(first: float, last: float, litres: float = 10, start_l: float = 1_000) -> Counts:
    """Return a count each hour, so many litres more each time."""
    return [(first + hour, start_l + litres * hour) for hour in range(round(last - first) + 1)]


@pytest.mark.parametrize(
    ("counts", "litres", "hours"),
    [
        pytest.param(hourly(0, 24), 240, 24, id="ends with the reading of midnight"),
        pytest.param(hourly(0.25, 24.25), 237.5, 23.75, id="a slot over midnight is parted"),
        pytest.param([(0, 0), (3, 30), (20, 500), (24, 540)], 540, 24, id="a gap within the day"),
        pytest.param([(0, 0), (20, 200), (30, 800)], 200, 20, id="a gap over midnight is unknown"),
        pytest.param([(0, 50), (12, 90), (13, 9e6), (14, 95), (24, 99)], 49, 24, id="wrong count"),
        pytest.param([(0, 9e4), (12, 9.1e4), (13, 0), (24, 99)], 1_099, 23, id="another meter"),
    ],
)
def test_a_day_is_what_the_counter_says_of_it(counts: Counts, litres: float, hours: float) -> None:
    (day,) = days(counts)
    assert day == Day(TODAY, litres, round(hours * HOUR))
    assert day.start_at == MIDNIGHT
    assert day.end_at == MIDNIGHT + DAY


def test_each_day_is_told_once_and_none_that_was_not_heard() -> None:
    heard = [*hourly(0, 30), *hourly(80, 100, start_l=5_000)]
    assert [day.number - TODAY for day in days(heard)] == [0, 1, 3]
    assert [day.known for day in days(heard)] == [True, False, False]


@pytest.mark.parametrize("shift", [0, 0.25])
@pytest.mark.parametrize("thaws_h", [30, 31])
def test_what_a_frozen_counter_brings_after_is_of_no_day(shift: float, thaws_h: int) -> None:
    until = thaws_h + shift
    frozen = [*hourly(shift, 2 + shift), *((h + shift, 1_020) for h in range(3, thaws_h))]
    (before, mixed, after) = days([*frozen, *hourly(until, until + 48, start_l=1_250)])[:3]
    assert (before.known, before.litres) == (thaws_h > 30, 20)
    assert (mixed.known, mixed.known_ms < 0) == (False, True)
    assert after.known
    (_, holiday, *_) = days([*frozen, *hourly(until, until + 48, start_l=1_060)])
    assert holiday.known


def test_a_count_that_is_wrong_at_midnight_spoils_both_days() -> None:
    wrong = [*hourly(0, 22), *((hour, 3_200) for hour in range(23, 27))]
    told = days([*wrong, *hourly(27, 54, start_l=1_270)])
    assert [day.known for day in told] == [False, False]
    assert [day.known for day in days(hourly(0, 54))] == [True, True]


def test_what_the_meter_measured_itself_is_told_at_once() -> None:
    values: dict[str, Value] = {"increment_m3": 0.01, "slot_minutes": 60}
    state, found = None, []
    for hour in range(1, 26):
        at = MIDNIGHT + hour * HOUR
        use = Use(at - HOUR, at, 10.0)
        reading = Reading("m", "water_meter", at, at, {**values, WATER_USE: use})  # type: ignore[dict-item]
        state, day = day_of(state, reading)
        found += [(hour, day.litres)] if day else []
    assert found == [(24, 240.0)]


def test_what_a_frozen_counter_brings_over_midnight_is_of_neither_day() -> None:
    frozen = [(0.5, 1_000), *((hour + 0.5, 1_010) for hour in range(1, 24))]
    told = days([*frozen, *hourly(24.5, 73.5, start_l=1_300)])
    assert [day.known_ms < 0 for day in told] == [True, True, False]


def test_what_a_counter_rose_before_it_went_back_may_have_been_no_water() -> None:
    spike = [*hourly(0, 10), (11, 3_110), *hourly(12, 49, start_l=1_120)]
    assert [day.known_ms < 0 for day in days(spike)] == [True, False]


def test_a_reading_of_the_day_before_changes_nothing() -> None:
    state = (TODAY + 1, 5.0, HOUR, MIDNIGHT + DAY, 0, 0)
    assert day_of(state, uses([(1, 10), (2, 20)])[1]) == (state, None)


@pytest.mark.parametrize(
    ("said", "excused"),
    [
        pytest.param({}, [False, False, False], id="nothing"),
        pytest.param({3: {"valve": "shut"}}, [True, True, True], id="shut"),
        pytest.param(
            {3: {"valve": "shut"}, 30: {"valve": "open"}}, [True, True, False], id="opened again"
        ),
        pytest.param({0: {"resolution_l": 100}}, [True, True, True], id="coarse"),
        pytest.param(
            {0: {"resolution_l": 100}, 25: {"resolution_l": 1}}, [True, False, False], id="fine"
        ),
        pytest.param({3: {"valve": "open"}}, [False, False, False], id="open"),
    ],
)
def test_a_day_is_excused_for_a_shut_valve_or_a_coarse_meter(
    said: dict[int, dict[str, Value]], excused: list[bool]
) -> None:
    readings = uses(hourly(0, 78, litres=0))
    for hour, values in said.items():
        readings[hour] = readings[hour]._replace(values={**readings[hour].values, **values})
    assert [day.excused for day in days_of(readings)] == excused


@pytest.mark.parametrize(
    ("counts", "least_lh", "hours"),
    [
        pytest.param(hourly(0, 6), 10, 3, id="slots on the hour"),
        pytest.param(hourly(0.25, 6.25), 10, 2, id="only whole slots"),
        pytest.param([(1, 0), (2, 9), (3, 9), (4, 30), (5, 60)], 0, 3, id="the least counts"),
        pytest.param([(1, 0), (2.2, 9), (3.4, 33), (6, 80)], 20, 1.2, id="flow is by the hour"),
        pytest.param([(1, 0), (2, 9), (3, 39), (5.1, 80)], 30, 1, id="a gap is no flow"),
    ],
)
def test_a_night_is_the_least_flow_of_its_whole_slots(
    counts: Counts, least_lh: float, hours: float
) -> None:
    (night,) = nights(counts)
    assert night == Night(TODAY, least_lh, round(hours * HOUR))
    assert night.known == (hours >= 1.8)
    assert (night.start_at, night.end_at) == (MIDNIGHT + 2 * HOUR, MIDNIGHT + 5 * HOUR)


def test_a_night_that_was_not_heard_is_not_told() -> None:
    assert nights([(0, 0), (1, 10), (8, 90), (9, 100)]) == []
    assert [night.number - TODAY for night in nights([(2, 0), (3, 9), (30, 90)])] == [0]


SLOTS = st.tuples(st.integers(4, 120), st.sampled_from((0.0, 24.9, 25.1, 60.0)), st.integers(1, 40))
"""Slots of so many minutes with this flow in L/h, and how many."""


@given(st.floats(0, 24), st.lists(SLOTS, min_size=2, max_size=8), st.integers(0, 40))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_a_night_waits_with_a_quiet_slot_in_it_and_no_other_does(
    start_h: float, runs: list[tuple[int, float, int]], opened: int
) -> None:
    slots = [(minutes / 60, flow) for minutes, flow, times in runs for _ in range(times)]
    counts = [(start_h, 1_000.0)]
    for hours, flow in slots:
        counts.append((counts[-1][0] + hours, counts[-1][1] + hours * flow))
    readings = uses(counts)
    state, guard = None, None
    for place, reading in enumerate(readings):
        state, night = night_of(state, reading)
        loud = night is not None and night.least_lh > 25
        if guard is not None:
            assert guard.admits(reading.measured_at, reading.values) is not loud
        if place >= opened and (guard is None or loud):
            guard = night_guard(state, reading, {WATER_NIGHT: 25.0})
