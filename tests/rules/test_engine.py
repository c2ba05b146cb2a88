"""Laws of the engine: time, restart, batches that fail, caches, timers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.conditions.threshold import Level
from rules.effect import AlertChange, Effect
from rules.engine import Engine
from rules.lifecycle import Phase, Transition
from rules.limits import LimitBook, LimitError, Setting
from rules.moment import Outage
from rules.register import DeviceFacts, PremisesFacts, TableRegister
from rules.severity import Severity
from rules.store import Outcome
from rules.subject import Subject, device_subject
from tests.rules.made_up import RULE, broken, daily

MINUTE = milliseconds_of(timedelta(minutes=1))
START = 1_772_380_800_000
ALL = Rulebook(tuple(catalogue().values()))
MADE_UP = Rulebook((RULE,))
NOWHERE = TableRegister()


def gas(minute: float, ch4: float, *, device: str = "g-1", clock_error: int = 0) -> Reading:
    at = START + round(minute * MINUTE)
    values: dict[str, Value] = {"ch4_lel_pct": ch4, "sensor_status": "ok"}
    return Reading(device, "gas_monitor", at + clock_error, at, values)


def told(effects: Iterable[Effect]) -> list[tuple[object, ...]]:
    """What the effects say, without when we came to know of it."""
    return [
        (effect.identity, effect.evidence) for effect in effects if isinstance(effect, AlertChange)
    ]


def transitions(outcome: Outcome) -> list[tuple[Transition, Instant]]:
    return [
        (effect.transition, effect.at)
        for effect in outcome.effects
        if isinstance(effect, AlertChange)
    ]


@pytest.mark.parametrize("clock_error", [0, 60 * MINUTE, -60 * MINUTE])
def test_the_hold_lasts_ten_minutes_whatever_the_device_believes_the_time_is(
    clock_error: int,
) -> None:
    engine = Engine(MADE_UP, NOWHERE, SavedStates())
    engine.observe(gas(0, 60, clock_error=clock_error))
    engine.tick(START + 10 * MINUTE - 1)
    assert engine.take().effects == ()
    engine.tick(START + 10 * MINUTE)
    raised_at = START + clock_error + 10 * MINUTE
    assert transitions(engine.take()) == [(Transition.RAISED, raised_at)]


def test_a_batch_of_a_past_day_is_told_with_the_time_when_it_happened() -> None:
    engine = Engine(MADE_UP, NOWHERE, SavedStates())
    arrived_at = START + 1_440 * MINUTE
    for minute in range(0, 60, 7):
        reading = gas(minute, 60 if minute < 30 else 1)
        engine.observe(reading._replace(received_at=arrived_at))
    assert transitions(engine.take()) == [
        (Transition.RAISED, START + 10 * MINUTE),
        (Transition.RESOLVED, START + 40 * MINUTE),
    ]


def test_a_repeated_reading_changes_nothing() -> None:
    engine = Engine(MADE_UP, NOWHERE, SavedStates())
    engine.observe(gas(0, 60))
    first = engine.take()
    engine.observe(gas(0, 60))
    again = engine.take()
    assert [saved.state for saved in again.states.values()] == [
        saved.state for saved in first.states.values()
    ]
    assert again.effects == ()


def test_a_late_reading_changes_no_rule_that_does_not_ask_for_it() -> None:
    engine = Engine(ALL, NOWHERE, SavedStates())
    engine.observe(gas(5, 1))
    before = engine.take().states
    for minute in range(5):
        engine.observe(gas(minute, 90), late=True)
    after = engine.take()
    assert [saved.state for saved in after.states.values()] == [
        saved.state for saved in before.values()
    ]
    assert after.effects == ()


READINGS = st.lists(
    st.tuples(
        st.sampled_from((0.2, 1.0, 4.0, 30.0, 200.0)),
        st.sampled_from(("g-1", "g-2")),
        st.sampled_from((1.0, 24.0, 27.0, 60.0)),
        st.sampled_from(("ok", "ok", "ok", "fault")),
    ),
    max_size=25,
)
Steps = Sequence[tuple[float, str, float, str]]


class Plant:
    """An engine with its journal: each step is one transaction."""

    def __init__(self, rulebook: Rulebook = ALL, *, cached: int = 100_000) -> None:
        self.rulebook = rulebook
        self.cached = cached
        self.store = SavedStates()
        self.effects: list[Effect] = []
        self.restart()

    def restart(self) -> None:
        self.engine = Engine(self.rulebook, NOWHERE, self.store, cached=self.cached)

    def commit(self) -> None:
        outcome = self.engine.take()
        assert outcome.failures == ()
        self.store.states.update(outcome.states)
        self.effects += outcome.effects

    def told(self) -> list[tuple[object, ...]]:
        return sorted(told(self.effects), key=lambda each: str(each[0]))

    def states(self) -> dict[object, bytes]:
        return {subject: saved.state for subject, saved in self.store.states.items()}


def arrivals(steps: Steps) -> list[Reading]:
    minute, found = 0.0, []
    for wait, device, ch4, status in steps:
        minute += wait
        reading = gas(minute, ch4, device=device, clock_error=3 * MINUTE)
        found.append(reading._replace(values={**reading.values, "sensor_status": status}))
    return found


def played(
    steps: Steps,
    restarts: frozenset[int] = frozenset(),
    *,
    cached: int = 100,
    ticks: bool = True,
) -> Plant:
    plant = Plant(cached=cached)
    for number, reading in enumerate(arrivals(steps)):
        if number in restarts:
            plant.restart()
        if ticks:
            plant.engine.tick(reading.received_at)
        plant.engine.observe(reading)
        plant.commit()
    return plant


@given(steps=READINGS, restarts=st.frozensets(st.integers(0, 24)), ticks=st.booleans())
@settings(deadline=None)
def test_a_restart_at_any_point_changes_nothing(
    steps: Steps, restarts: frozenset[int], *, ticks: bool
) -> None:
    one, other = played(steps, ticks=ticks), played(steps, restarts, ticks=ticks)
    assert other.told() == one.told()
    assert other.states() == one.states()


@given(READINGS)
@settings(deadline=None)
def test_a_cache_of_one_subject_changes_nothing(steps: Steps) -> None:
    one, other = played(steps), played(steps, cached=1)
    assert (other.told(), other.states()) == (one.told(), one.states())


@given(READINGS, st.lists(st.integers(0, 60 * 24), max_size=20))
@settings(deadline=None)
def test_ticks_in_any_number_change_nothing_but_when_we_know(
    steps: Steps, ticks: list[int]
) -> None:
    end_at = START + 10_000 * MINUTE
    one, other = Plant(), Plant()
    happenings: list[tuple[Instant, Reading | None]] = [
        (reading.received_at, reading) for reading in arrivals(steps)
    ]
    for plant, extra in ((one, []), (other, ticks)):
        times = [*happenings, *((START + tick * MINUTE + 1, None) for tick in extra)]
        for now, reading in sorted(times, key=lambda each: each[0]):
            if plant is other:
                plant.engine.tick(now)
            if reading is not None:
                plant.engine.observe(reading)
        plant.engine.tick(end_at)
        plant.commit()
    assert (other.told(), other.states()) == (one.told(), one.states())


@given(READINGS, st.frozensets(st.integers(0, 24)))
@settings(deadline=None)
def test_a_batch_that_was_rolled_back_can_be_observed_again(
    steps: Steps, failed: frozenset[int]
) -> None:
    one, other = played(steps), Plant()
    for number, reading in enumerate(arrivals(steps)):
        for attempt in ("fails", "works"):
            if attempt == "fails" and number not in failed:
                continue
            other.engine.tick(reading.received_at)
            other.engine.observe(reading)
            if attempt == "fails":
                other.engine.take()
                other.engine.discard()
        other.commit()
    assert (other.told(), other.states()) == (one.told(), one.states())


def test_a_tick_with_nothing_due_touches_no_subject() -> None:
    engine = Engine(ALL, NOWHERE, SavedStates())
    engine.observe(gas(0, 1))
    engine.take()
    engine.tick(START + 5 * MINUTE)
    assert engine.take() == Outcome({}, (), ())
    assert engine.next_deadline() == START + 9 * MINUTE


def test_a_condition_that_raises_is_reported_and_the_other_rules_go_on() -> None:
    engine = Engine(Rulebook((broken(), RULE)), NOWHERE, SavedStates())
    engine.observe(gas(0, 60))
    outcome = engine.take()
    assert [(failure.rule, failure.error) for failure in outcome.failures] == [
        ("broken", "ZeroDivisionError")
    ]
    assert set(engine.lives(device_subject("gas_monitor", "g-1"))) == {RULE.name}


def test_changed_limits_hold_from_the_next_reading_and_lose_no_timer() -> None:
    register = TableRegister({"gas_monitor/g-1": DeviceFacts(areas=("500000",))})
    engine = Engine(MADE_UP, register, SavedStates())
    engine.observe(gas(0, 60))
    engine.replace(
        Rulebook((RULE,), LimitBook({"500000": {"made_up.limit": Setting(20.0)}})), register
    )
    engine.tick(START + 10 * MINUTE)
    assert transitions(engine.take()) == [(Transition.RAISED, START + 10 * MINUTE)]
    engine.observe(gas(11, 40))
    engine.take()
    engine.observe(gas(12, 40))
    assert engine.take().effects == ()


def test_an_outage_of_our_own_is_no_silence_of_a_device() -> None:
    engine = Engine(ALL, NOWHERE, SavedStates())
    engine.observe(gas(0, 1))
    engine.deaf((Outage(START + 5 * MINUTE, START + 65 * MINUTE),))
    engine.tick(START + 70 * MINUTE - 1)
    assert engine.take().effects == ()
    engine.tick(START + 70 * MINUTE)
    assert transitions(engine.take()) == [(Transition.RAISED, START + 70 * MINUTE)]


LEVELS = Rulebook(
    tuple(
        rule
        for name, rule in catalogue().items()
        if name.startswith(("gas_level", "gas_silent", "oxygen"))
    )
)


@pytest.mark.parametrize(("rulebook", "most"), [(LEVELS, 200), (ALL, 500)])
def test_a_subject_that_is_well_takes_little_room(rulebook: Rulebook, most: int) -> None:
    """With levels and silence alone, and with what sensor faults have to remember as well."""
    engine = Engine(rulebook, NOWHERE, SavedStates())
    for minute in range(100):
        engine.observe(gas(minute, 1))
    (saved,) = engine.take().states.values()
    assert len(saved.state) < most


def water(hour: int, litres: int, minutes: int = 60) -> Reading:
    at = START + hour * 60 * MINUTE
    values: dict[str, Value] = {"increment_m3": litres / 1000, "slot_minutes": minutes}
    return Reading("w-1", "water_meter", at, at, values)


def test_late_data_may_raise_an_alert_and_bears_the_time_when_it_happened() -> None:
    engine = Engine(
        Rulebook((daily(Level(Severity.WARNING, 2.0, 1.8, "")),)), NOWHERE, SavedStates()
    )
    for hour in (1, 2, 3, 5):
        engine.observe(water(hour, 450))
    assert engine.take().effects == ()
    engine.observe(water(4, 450), late=True)
    assert transitions(engine.take()) == [(Transition.RAISED_LATE, START + 240 * MINUTE)]


def test_a_day_that_comes_days_later_is_told_with_its_own_time_and_is_not_lost_at_once() -> None:
    engine = Engine(Rulebook((catalogue()["high_day"],)), NOWHERE, SavedStates())
    for hour in (*range(1, 25), *range(49, 121)):
        engine.observe(water(hour, 10))
    assert engine.take().effects == ()
    for hour in range(25, 49):
        late = water(hour, 150)
        engine.observe(late._replace(received_at=START + 121 * 60 * MINUTE), late=True)
    engine.tick(START + 122 * 60 * MINUTE)
    assert transitions(engine.take()) == [(Transition.RAISED_LATE, START + 38 * 60 * MINUTE)]
    for hour in range(121, 146):
        engine.observe(water(hour, 10))
    assert transitions(engine.take()) == [(Transition.RESOLVED, START + 144 * 60 * MINUTE)]


def test_late_data_may_excuse_an_alert_which_then_resolves() -> None:
    rule = daily(Level(Severity.WARNING, 0.01, 0.02, ""), falling=True)
    engine = Engine(Rulebook((rule,)), NOWHERE, SavedStates())
    for hour in range(1, 25):
        if hour != 7:
            engine.observe(water(hour, 0))
    assert transitions(engine.take()) == [(Transition.RAISED, START + 24 * 60 * MINUTE)]
    engine.observe(water(7, 300), late=True)
    engine.tick(START + 25 * 60 * MINUTE)
    assert transitions(engine.take()) == [
        (Transition.WOULD_NOT_HAVE_FIRED, START + 7 * 60 * MINUTE),
        (Transition.RESOLVED, START + (24 * 60 + 5) * MINUTE),
    ]


def test_a_condition_that_raises_at_a_tick_is_not_asked_again_at_once() -> None:
    engine = Engine(Rulebook((broken(ticks=True),)), NOWHERE, SavedStates())
    engine.observe(gas(0, 60))
    engine.tick(START + MINUTE)
    assert len(engine.take().failures) == 1
    assert engine.next_deadline() == START + 2 * MINUTE


def test_a_rule_of_premises_hears_all_their_devices() -> None:
    register = TableRegister(
        {
            "gas_monitor/g-1": DeviceFacts(premises="home"),
            "gas_monitor/g-2": DeviceFacts(premises="home"),
        },
        {"home": PremisesFacts()},
    )
    engine = Engine(Rulebook((replace(RULE, scope="premises"),)), register, SavedStates())
    engine.observe(gas(0, 60, device="g-1"))
    engine.observe(gas(10, 60, device="g-2"))
    life = engine.lives(Subject("premises", "home"))[RULE.name]
    assert (life.phase, life.start) == (Phase.FIRING, START)


def test_rules_whose_limits_contradict_each_other_are_refused_and_the_old_ones_go_on() -> None:
    register = TableRegister({"gas_monitor/g-1": DeviceFacts(areas=("500000",))})
    engine = Engine(MADE_UP, register, SavedStates())
    engine.observe(gas(0, 60))
    wrong = LimitBook({"500000": {"made_up.limit": Setting(90.0)}})
    with pytest.raises(LimitError):
        engine.replace(Rulebook((RULE,), wrong), register)
    engine.tick(START + 10 * MINUTE)
    assert transitions(engine.take()) == [(Transition.RAISED, START + 10 * MINUTE)]
