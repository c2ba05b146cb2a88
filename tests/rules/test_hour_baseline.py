"""Laws of the baseline by the hour of the week."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from devices.instant import Instant
from devices.reading import Reading, Value
from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.conditions.baseline import Band
from rules.conditions.hour_baseline import HourBaseline
from rules.effect import AlertChange
from rules.engine import Engine
from rules.finding import Finding
from rules.hours import (
    ERROR,
    LITRES,
    LITTLE,
    LITTLE_L,
    SIGNS,
    UNKNOWN,
    added,
    packed,
    shortened,
    sign_of,
    spread,
)
from rules.lull import MOST_WAITING
from rules.meter_size import LARGEST_FLOW_LH
from rules.register import TableRegister
from rules.severity import Severity
from rules.store import NoStore
from rules.water_use import HOUR, WATER_USE, Counter, use_of

MINUTE = 60_000
START = 1_772_380_800_000
"""2026-03-02 00:00 +08:00, a Monday."""
WEEK = 168
FLOOR_L = 100.0
CONDITION = HourBaseline(Band(3.0, 4.0, FLOOR_L, "own", "floor"), Severity.NOTICE)
RULE = Rulebook((catalogue()["unusual_hours"],))

Counted = tuple[Instant, int]
AMOUNTS = st.floats(0, LARGEST_FLOW_LH)
MINUTES = st.integers(0, 59)
WITHIN = st.lists(st.integers(0, 99), min_size=WEEK, max_size=WEEK)
"""Litres of each hour of a week, none above the floor."""


def counted(litres: Iterable[int], minutes: int = 0) -> list[Counted]:
    """The counter at the end of each hour, so many minutes past; the first at its beginning."""
    first = START + minutes * MINUTE
    return [(first + n * HOUR, total) for n, total in enumerate(accumulate(litres, initial=50_000))]


def found(readings: Sequence[Counted]) -> list[Finding]:
    """What is found, reading by reading."""
    counter: Counter = None
    state = CONDITION.start()
    findings = []
    for at, litres in readings:
        reading = Reading("w-1", "water_meter", at, at, {"cumulative_m3": litres / 1_000})
        counter, use = use_of(counter, reading)
        if use is not None:
            derived = reading._replace(values={WATER_USE: use})  # type: ignore[dict-item]
            state, finding = CONDITION.observe(state, derived)
            findings += [finding] if finding else []
    again = CONDITION.observe(from_json(to_json(state)), derived)
    assert to_json(again) == to_json(CONDITION.observe(state, derived))
    return findings


@given(AMOUNTS, AMOUNTS)
def test_of_two_amounts_the_larger_is_never_remembered_as_the_smaller(
    one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert LITRES[sign_of(low)] <= LITRES[sign_of(high)]


@given(AMOUNTS)
def test_an_amount_is_remembered_as_near_as_said(litres: float) -> None:
    remembered = LITRES[sign_of(litres)]
    assert (remembered == 0) == (litres < LITTLE_L)
    assert litres < LITTLE_L or abs(remembered - litres) <= litres * ERROR * 1.000_001
    assert 0.063 < ERROR < 0.064


@pytest.mark.parametrize(
    ("week", "upper", "source"),
    [((0.0,) * 5, 100.0, "floor"), ((30.0,) * 5, 100.0, "floor"), ((50.0,) * 5, 150.0, "own")],
)
def test_a_limit_says_whether_it_is_the_floor(
    week: Sequence[float], upper: float, source: str
) -> None:
    usual = CONDITION.band.usual(week)
    assert (usual.upper, usual.source) == (upper, source)


@given(st.lists(st.floats(0, LITTLE_L), min_size=5, max_size=5))
def test_what_is_remembered_as_nothing_makes_no_band_above_the_floor(week: list[float]) -> None:
    assert CONDITION.band.usual(week).upper == FLOOR_L


@given(st.text([*SIGNS, *(LITTLE, UNKNOWN) * 30], max_size=200))
def test_a_text_has_its_hours_however_it_was_made(signs: str) -> None:
    text = ""
    for sign in signs:
        text = added(text, sign)
    assert spread(text) == spread(packed(signs)) == signs
    assert len(to_json(text)) == len(text) + 2 <= len(signs) + 2
    while text:
        text, signs = shortened(text), signs[1:]
        assert spread(text) == signs


@given(st.lists(st.integers(0, 4_000), min_size=WEEK, max_size=WEEK), MINUTES)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_a_home_that_repeats_its_week_is_never_told(week: list[int], minutes: int) -> None:
    assert found(counted(week * 6, minutes)) == []


def test_the_same_hours_on_another_day_of_the_week_are_told_with_their_band() -> None:
    monday = [10] * 7 + [120] * 4 + [10] * 157
    tuesday = [10] * 31 + [120] * 4 + [10] * 5
    assert found(counted(monday * 6)) == []
    told, over = found(counted([*monday * 5, *tuesday]))
    assert (told.severity, over.severity) == (Severity.NOTICE, None)
    assert (told.since, over.at) == (told.at - 3 * HOUR, told.at + HOUR)
    assert told.at == START + (5 * WEEK + 35) * HOUR
    assert told.evidence == {
        "hour_at": told.at - HOUR,
        "hour_l": 120.0,
        "weeks": 5,
        "median_l": 0.0,
        "deviation_l": 0.0,
        "little_l": 25.0,
        "limit_l": 100.0,
        "limit_from": "floor",
    }


@given(WITHIN, st.integers(4 * WEEK, 5 * WEEK), st.integers(1, 4_000), st.integers(1, 4), MINUTES)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_a_single_rise_of_any_size_begins_nothing_taken_back_or_not(
    week: list[int], place: int, rise: int, lasts: int, minutes: int
) -> None:
    readings = counted(week * 6, minutes)
    risen = [(at, litres + rise) for at, litres in readings[place:]]
    assert found([*readings[:place], *risen]) == []
    assert found([*readings[:place], *risen[:lasts], *readings[place + lasts :]]) == []


@given(
    st.lists(st.sampled_from((10, 60, 109)), min_size=WEEK, max_size=WEEK),
    st.frozensets(st.integers(4 * WEEK, 5 * WEEK), max_size=60),
    MINUTES,
)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_gap_never_makes_an_hour_high(week: list[int], lost: frozenset[int], at: int) -> None:
    """Slots that are 100 L above others are left out: to tell a jump takes the one before."""
    readings = counted([10] * (4 * WEEK) + week, at)
    heard = [reading for number, reading in enumerate(readings) if number not in lost]
    told = {finding.at for finding in found(readings) if finding.severity}
    before: Severity | None = None
    for finding in found(heard):
        assert before or finding.at in told
        before = finding.severity


def test_a_week_that_is_lost_makes_no_hour_look_large() -> None:
    mondays = (60, 10, 10, 45, 120, 200)
    litres = [hour for usual in mondays for hour in [10] * 7 + [usual] * 4 + [10] * 157]
    readings = counted(litres)
    assert found(readings) == []
    assert found([*readings[:6], *readings[12:]]) == []
    litres[: 5 * WEEK] = [10] * (5 * WEEK)
    assert found(counted(litres))


@given(
    st.lists(st.sampled_from((0, 10, 60, 99, 100, 101, 109, 150, 400)), min_size=24, max_size=90),
    st.sampled_from((20, 30, 60, 90, 100)),
    MINUTES,
)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_what_waits_is_told_at_the_same_reading(litres: list[int], every: int, past: int) -> None:
    readings = counted([10] * (4 * WEEK + 20), past)
    last_at, total = readings[-1]
    for number, more in enumerate(litres, 1):
        total += more
        readings.append((last_at + number * every * MINUTE, total))
    told = []
    for waiting in (0, MOST_WAITING):
        engine, effects = Engine(RULE, TableRegister(), NoStore(), waiting=waiting), []
        for at, count in readings:
            values: dict[str, Value] = {"cumulative_m3": count / 1_000}
            engine.observe(Reading("w-1", "water_meter", at, at, values))
            effects.append(engine.take().effects)
        told.append(effects)
    assert told[0] == told[1]


def test_some_of_what_waits_is_told() -> None:
    """So that the law before this one is not one of nothing."""
    engine = Engine(RULE, TableRegister(), NoStore(), waiting=MOST_WAITING)
    for at, count in counted([10] * 700 + [109] * 9 + [10] * 30):
        values: dict[str, Value] = {"cumulative_m3": count / 1_000}
        engine.observe(Reading("w-1", "water_meter", at, at, values))
    changes = [each for each in engine.take().effects if isinstance(each, AlertChange)]
    assert [str(each.transition) for each in changes] == ["raised", "resolved"]


def test_a_meter_with_seven_weeks_of_hours_and_all_rules_keeps_below_1500_bytes() -> None:
    random, number = Random(1), "wm-0000000000000001"
    drawn = (0, 0, 0, 0, 0, 0, 12, 38, 25, 0, 6, 14, 22, 9, 0, 0, 7, 18, 41, 30, 16, 28, 19, 0)
    litres = [random.randint(0, 2 * usual) for usual in drawn * 49]
    said: dict[str, Value] = {"battery_v": 3.61, "flow_m3h": 0.0, "rsrp_dbm": -95, "serial": "A1"}
    said |= {"flags": "", "valve": "open", "resolution_l": 1, "reverse_m3": 0.25}
    engine = Engine(Rulebook(tuple(catalogue().values())), TableRegister(), NoStore())
    for at, count in counted(litres, 17):
        values = {**said, "cumulative_m3": count / 1_000}
        engine.observe(Reading(number, "water_meter", at, at, values))
    (saved,) = engine.take().states.values()
    hours = from_json(saved.state)[2]["unusual_hours"]
    assert hours[-2] == len(spread(hours[-1])) == 5 * WEEK
    assert len(saved.state) < 1_500
