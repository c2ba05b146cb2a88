"""Laws of what door and water together say of a dwelling."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from devices.instant import Instant
from devices.reading import Reading, Value
from rules.bound import Rulebook
from rules.care import CLASSES
from rules.case import cases_of
from rules.casefile import SavedStates, run_case
from rules.catalogue import catalogue
from rules.condition import State
from rules.effect import AlertChange
from rules.engine import Engine
from rules.finding import Finding
from rules.habit import Hours, day_of, usual_upper
from rules.household import BothSilent
from rules.lifecycle import Life, Phase, Transition
from rules.limits import InForce
from rules.register import DeviceFacts, PremisesFacts, Span, TableRegister
from rules.severity import Severity
from rules.subject import Subject

HOUR = 3_600_000
HOME, OTHER, NOBODY = "d-0000000000000001", "d-0000000000000002", "d-0000000000000003"
MIDNIGHT = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
CONDITION = BothSilent(InForce(24.0, "made up"), 3.0)


def door(at: Instant, *, opened: bool = False) -> Reading:
    values: dict[str, Value] = {"event": "opened", "opened_by": "key"} if opened else {}
    return Reading("door-1", "door", at, at, values or {"door_open": False})


def water(at: Instant, litres: float, **more: Value) -> Reading:
    values: dict[str, Value] = {"increment_m3": litres / 1_000, "slot_minutes": 60, **more}
    return Reading("meter-1", "water_meter", at, at, values)


def watched(
    readings: list[Reading], condition: BothSilent = CONDITION
) -> tuple[State, list[Finding]]:
    state, found = condition.start(), []
    for reading in readings:
        state, finding = condition.observe(state, reading)
        if finding is not None and finding.known and finding.severity is not None:
            found.append(finding)
    return state, found


def hours(number: int, *, first: int = 0, litres: float = 0.0) -> list[Reading]:
    """Both sources heard each hour, without life."""
    instants = [MIDNIGHT + (first + hour) * HOUR for hour in range(number)]
    return [reading for at in instants for reading in (door(at), water(at, litres))]


def rhythm(days: int) -> list[Reading]:
    """Every day water at 8 and 18 h, the door at 9 h."""
    found = []
    for hour in range(24 * days):
        at, of_day = MIDNIGHT + hour * HOUR, hour % 24
        found += [
            door(at, opened=of_day == 9),
            water(at, 6.0 if of_day in {8, 18} else 0.0),
        ]
    return found


def test_nothing_is_told_before_the_hours_of_the_class_are_over() -> None:
    _, found = watched(hours(72))
    assert found[0].at == MIDNIGHT + 24 * HOUR
    assert found[0].since == MIDNIGHT
    assert {finding.severity for finding in found} == {Severity.WARNING, Severity.CRITICAL}


def test_the_score_is_the_quiet_time_over_the_limit_and_decides_the_severity() -> None:
    _, found = watched(hours(72))
    for finding in found:
        score = finding.evidence["score"]
        assert isinstance(score, float)
        assert (finding.severity is Severity.CRITICAL) == (score >= 1.5)


@pytest.mark.parametrize("silent", ["door", "water_meter"])
def test_a_source_that_is_not_heard_never_counts_as_silent(silent: str) -> None:
    lived = rhythm(8)
    heard_on = [each for each in hours(24 * 14, first=24 * 8) if each.kind != silent]
    _, found = watched([*lived, *heard_on])
    assert found == []


def test_a_day_of_water_that_comes_as_one_batch_is_judged_as_if_it_had_come_by_itself() -> None:
    readings = [*rhythm(3), *hours(60, first=72)]
    batched = sorted(
        readings, key=lambda each: (day_of(each.measured_at), each.kind == "water_meter")
    )
    (_, live), (_, in_batches) = watched(readings), watched(batched)
    assert live[0].since == in_batches[0].since
    assert {each.severity for each in live} == {each.severity for each in in_batches}


def test_one_source_alone_gives_a_notice_at_most_and_not_before_twice_the_time() -> None:
    for kind in ("door", "water_meter"):
        alone = [each for each in hours(24 * 10) if each.kind == kind]
        _, found = watched(alone)
        assert {finding.severity for finding in found} == {Severity.NOTICE}
        assert found[0].at == MIDNIGHT + 48 * HOUR


def test_a_drip_is_no_life_but_a_flush_is() -> None:
    dripping = hours(72, litres=4.0)
    _, found = watched(dripping)
    assert found
    flushed = water(MIDNIGHT + 72 * HOUR, 10.0)
    state, _ = watched(dripping)
    state, _ = CONDITION.observe(state, flushed)
    _, finding = CONDITION.observe(state, door(flushed.measured_at))
    assert finding is None


def test_a_habit_of_long_quiet_lengthens_the_time_to_twice_that_of_the_class_at_most() -> None:
    assert CONDITION.allowed_h([8] * 10) == 24
    assert CONDITION.allowed_h([20, 22, 21] * 5) == 31.5
    assert CONDITION.allowed_h([60] * 10) == 48


def test_a_short_time_for_a_class_waits_for_the_habit_to_be_known() -> None:
    ill = replace(CONDITION, hours=InForce(12.0, "made up"))
    assert ill.allowed_h([6] * 6) == 24
    assert ill.allowed_h([6] * 7) == 12


def test_the_habit_of_a_dwelling_is_its_longest_quiet_time_of_a_day() -> None:
    state, _ = watched(rhythm(10))
    assert set(state.days) == {13}
    assert usual_upper(state.days) == 19.5


def test_the_state_of_a_dwelling_is_small_and_comes_back_from_the_journal() -> None:
    readings = rhythm(40)
    state, _ = watched(readings)
    saved = to_json(state)
    assert len(saved) < 500
    more = hours(40, first=24 * 40)
    again, found = from_json(saved), []
    for reading in more:
        again, finding = CONDITION.observe(again, reading)
        state, straight = CONDITION.observe(state, reading)
        assert finding == straight
        found.append(finding)
    assert any(found)


def test_the_same_reading_twice_changes_nothing() -> None:
    once = [*rhythm(3), *hours(60, first=72)]
    twice = [each for reading in once for each in (reading, reading)]
    (_, one), (_, two) = watched(once), watched(twice)
    assert {(each.since, each.severity) for each in one} == {
        (each.since, each.severity) for each in two
    }


@given(st.lists(st.integers(0, 95), max_size=30), st.integers(0, 3))
def test_the_longest_quiet_time_is_that_of_a_plain_count(lived: list[int], day: int) -> None:
    bits = Hours()
    for hour in lived:
        bits = bits.with_life(MIDNIGHT + hour * HOUR, MIDNIGHT + hour * HOUR)
    longest = run = 0
    for hour in range(24 * day + 24):
        run = 0 if hour in lived else run + 1
        longest = max(longest, run) if hour >= 24 * day else longest
    kept_from = max(lived, default=0) - 95
    if kept_from <= 0:
        assert bits.longest_quiet(day_of(MIDNIGHT) + day, MIDNIGHT) == longest


@pytest.mark.parametrize("rule", ["household_silent", "care_inactive"])
@pytest.mark.parametrize("care", CLASSES)
def test_every_class_of_care_is_looked_after(rule: str, care: str) -> None:
    text = f"""
        [[case]]
        name = "{care}"
        every = "12h"
        premises = {{ care = "{care}" }}
        event = "opened"
        door_open = "_ falsex20"
        expect = []
        [case.devices.meter]
        kind = "water_meter"
        device = "meter-1"
        cumulative_m3 = "10x21"
    """
    (case,) = cases_of(text, "made up")
    assert run_case(catalogue()[rule], case).changes


def engine_of_a_building() -> Engine:
    """Two dwellings in care behind one door, and one that nobody looks after."""
    homes = {name: PremisesFacts(care="elderly_alone") for name in (HOME, OTHER)}
    register = TableRegister(
        {"water_meter/meter-1": DeviceFacts(premises=HOME)},
        {**homes, NOBODY: PremisesFacts()},
        {"door/door-1": (HOME, OTHER)},
    )
    rules = tuple(catalogue()[name] for name in ("care_inactive", "household_silent"))
    return Engine(Rulebook(rules), register, SavedStates())


def entered(hour: int, **more: Value) -> Reading:
    at = MIDNIGHT + hour * HOUR + 1
    values: dict[str, Value] = {"event": "opened", "opened_by": "face", **more}
    return Reading("door-1", "door", at, at, values)


def raised(engine: Engine) -> set[tuple[str, str]]:
    effects = engine.take().effects
    return {
        (change.subject.id, change.rule)
        for change in effects
        if isinstance(change, AlertChange) and change.transition is Transition.RAISED
    }


def test_a_shared_door_tells_of_each_dwelling_in_care_behind_it() -> None:
    engine = engine_of_a_building()
    for hour in range(80):
        engine.observe(door(MIDNIGHT + hour * HOUR))
        engine.observe(entered(hour, dwelling=NOBODY))
        if hour % 10 == 0:
            engine.observe(entered(hour, dwelling=OTHER))
        engine.observe(water(MIDNIGHT + hour * HOUR, 0.0))
    assert raised(engine) == {(HOME, "care_inactive"), (HOME, "household_silent")}


def test_an_opening_of_a_shared_door_by_nobody_known_is_no_sign_of_life() -> None:
    engine = engine_of_a_building()
    for hour in range(80):
        engine.observe(door(MIDNIGHT + hour * HOUR))
        engine.observe(entered(hour))
    assert (HOME, "care_inactive") in raised(engine)


def test_the_counters_of_cold_and_hot_water_are_each_their_own() -> None:
    """Of a dwelling with two meters that stand still, nothing looks like use or like a step."""
    readings = [
        each
        for hour in range(72)
        for at in (MIDNIGHT + hour * HOUR,)
        for each in (door(at), counted(at, "cold", 120.0), counted(at + 1, "hot", 40.0))
    ]
    _, found = watched(readings)
    assert found[0].severity is Severity.WARNING
    assert found[0].since <= MIDNIGHT + HOUR


def test_a_building_entrance_that_is_heard_does_not_stand_for_a_dead_flat_door() -> None:
    flat, meter = (DeviceFacts(premises=HOME) for _ in range(2))
    register = TableRegister(
        {"door/flat": flat, "water_meter/meter-1": meter},
        {HOME: PremisesFacts(care="elderly_alone")},
        {"door/door-1": (HOME,)},
    )
    rules = tuple(catalogue()[name] for name in ("care_inactive", "household_silent"))
    engine = Engine(Rulebook(rules), register, SavedStates())
    for hour in range(24 * 9):
        at = MIDNIGHT + hour * HOUR
        if hour < 24:
            engine.observe(door(at)._replace(device="flat"))
        engine.observe(door(at + 1))
        engine.observe(water(at, 0.0 if hour >= 24 else 5.0))
    assert raised(engine) == set()


def test_the_end_of_an_absence_is_known_when_the_next_one_is_registered() -> None:
    rulebook = Rulebook((catalogue()["household_silent"],))
    devices = dict.fromkeys(("door/door-1", "water_meter/meter-1"), DeviceFacts(premises=HOME))
    over, coming = (
        Span(MIDNIGHT + since * HOUR, MIDNIGHT + until * HOUR)
        for since, until in ((10, 20), (300, 400))
    )
    home = PremisesFacts(care="elderly_alone", away=coming, been_away=over)
    engine = Engine(rulebook, TableRegister(devices, {HOME: home}), SavedStates())
    for reading in hours(44):
        engine.observe(reading)
    assert raised(engine) == set()
    for reading in hours(1, first=44):
        engine.observe(reading)
    assert raised(engine) == {(HOME, "household_silent")}


class Forgetful(BothSilent):
    """Fails when an absence ends."""

    def returned(self, state: State, at: Instant) -> State:
        raise LookupError(state, at)


def test_a_condition_that_fails_at_the_end_of_an_absence_keeps_its_alert_and_stops_no_other() -> (
    None
):
    failing = replace(
        catalogue()["household_silent"], condition=lambda _: Forgetful(CONDITION.hours, 3.0)
    )
    devices = dict.fromkeys(("door/door-1", "water_meter/meter-1"), DeviceFacts(premises=HOME))
    away = Span(MIDNIGHT, MIDNIGHT + 80 * HOUR)
    register = TableRegister(devices, {HOME: PremisesFacts(care="elderly_alone", away=away)})
    engine = Engine(Rulebook((failing, catalogue()["care_inactive"])), register, SavedStates())
    for reading in hours(81):
        engine.observe(reading)
    assert {failure.error for failure in engine.take().failures} == {"LookupError"}
    visible = {rule: life.visible for rule, life in engine.lives(Subject("premises", HOME)).items()}
    assert visible == {"household_silent": Phase.FIRING, "care_inactive": Phase.INACTIVE}


@pytest.mark.parametrize(("event", "missed"), [("offline", True), ("closed", False)])
def test_an_outage_that_a_shared_door_announces_is_one_of_each_dwelling_behind_it(
    *, event: str, missed: bool
) -> None:
    engine = engine_of_a_building()
    for hour in (*range(61), *range(63, 80)):
        at = MIDNIGHT + hour * HOUR
        said = door(at)._replace(values={"event": event}) if hour == 60 else door(at)
        engine.observe(said)
    assert ((HOME, "care_inactive") in raised(engine)) is not missed


@pytest.mark.parametrize(
    ("removed", "alerts"), [(True, {(HOME, "household_silent")}), (False, set())]
)
def test_a_meter_that_is_removed_is_waited_for_no_longer_and_the_count_begins_anew(
    *, removed: bool, alerts: set[tuple[str, str]]
) -> None:
    rulebook = Rulebook((catalogue()["household_silent"],))
    names = ("door/door-1", "water_meter/cold", "water_meter/hot")
    devices = dict.fromkeys(names, DeviceFacts(premises=HOME))
    in_care = {HOME: PremisesFacts(care="elderly_alone")}
    engine = Engine(rulebook, TableRegister(devices, in_care), SavedStates())
    told = []
    for hour in range(100):
        at = MIDNIGHT + hour * HOUR
        if hour == 50 and removed:
            gone = {**devices, "water_meter/cold": DeviceFacts(is_removed=True)}
            engine.replace(rulebook, TableRegister(gone, in_care))
        engine.observe(door(at))
        engine.observe(counted(at, "hot", 40.0))
        if hour < 5:
            engine.observe(counted(at, "cold", 120.0 + hour))
        told.append(raised(engine))
    assert set().union(*told[:74]) == set()
    assert set().union(*told) == alerts


def test_a_state_saved_with_one_door_and_one_meter_for_all_goes_on() -> None:
    """An update of the service neither ends an alert nor begins the count anew."""
    state, _ = watched([*rhythm(10), *hours(30, first=240)])
    signs, door_1, meter = state, state.doors["door-1"], state.meters["meter-1"]
    once: tuple[object, ...] = (
        signs.from_at, signs.day, signs.door_at, door_1.heard_at, signs.water_at, meter.heard_at,
        {}, meter.coarse, meter.shut, signs.found, signs.hours, meter.drip, signs.days,
    )  # fmt: skip
    after = from_json(to_json(once))
    for reading in hours(30, first=270):
        after, finding = CONDITION.observe(after, reading)
        state, straight = CONDITION.observe(state, reading)
        assert finding == straight
    assert after == state
    assert state.found


def counted(at: Instant, meter: str, cumulative_m3: float) -> Reading:
    return Reading(meter, "water_meter", at, at, {"cumulative_m3": cumulative_m3})


def test_who_is_no_longer_in_care_is_no_longer_missed() -> None:
    """The alert ends at the next reading after the change of the registry, and stays ended."""
    rulebook = Rulebook((catalogue()["care_inactive"], catalogue()["household_silent"]))
    devices = dict.fromkeys(("door/door-1", "water_meter/meter-1"), DeviceFacts(premises=HOME))
    in_care = TableRegister(devices, {HOME: PremisesFacts(care="elderly_alone")})
    engine = Engine(rulebook, in_care, SavedStates())
    for reading in hours(96):
        engine.observe(reading)
    assert {life.visible for life in lives_of(engine)} == {Phase.FIRING}
    engine.replace(rulebook, TableRegister(devices, {HOME: PremisesFacts()}))
    for reading in hours(2, first=96):
        engine.observe(reading)
    assert {life.visible for life in lives_of(engine)} == {Phase.INACTIVE}


def lives_of(engine: Engine) -> list[Life]:
    return list(engine.lives(Subject("premises", HOME)).values())
