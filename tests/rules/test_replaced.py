"""Other rules, limits or facts are in force at once; a subject takes them over when looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.engine import Engine
from rules.lifecycle import Transition
from rules.limits import LimitBook, Setting
from rules.register import DeviceFacts, TableRegister, Traits
from rules.subject import Subject, device_subject
from tests.rules.made_up import RULE
from tests.rules.test_engine import MADE_UP, MINUTE, START, gas, transitions

DEVICE = device_subject("gas_monitor", "g-1")
HERE = DeviceFacts(areas=("500000",))
PLACED = TableRegister({DEVICE.id: HERE})
REMOVED = TableRegister({DEVICE.id: HERE._replace(is_removed=True)})
STRICT = Rulebook((RULE,), LimitBook({"500000": {"made_up.limit": Setting(20.0)}}))
RAISED_AT = START + 11 * MINUTE


def nothing(_: Engine) -> None:
    """The subject is at work."""


def take(engine: Engine) -> None:
    """The subject rests among others, or beside them until what was taken is durable."""
    engine.take()


every_place = pytest.mark.parametrize(
    ("cached", "put"),
    [(9, nothing), (9, take), (0, take)],
    ids=["at work", "cached", "taken and put aside"],
)


def engine_with(level: float, cached: int, put: Callable[[Engine], None]) -> Engine:
    engine = Engine(MADE_UP, PLACED, SavedStates(), cached=cached)
    engine.observe(gas(0, level))
    put(engine)
    return engine


@every_place
@pytest.mark.parametrize("times", [1, 2])
def test_the_next_reading_is_judged_by_what_is_in_force(
    cached: int, put: Callable[[Engine], None], times: int
) -> None:
    engine = engine_with(40, cached, put)
    for _ in range(times):
        engine.replace(Rulebook(), PLACED)
        engine.replace(STRICT, PLACED)
    engine.observe(gas(1, 40))
    engine.tick(RAISED_AT)
    assert transitions(engine.take()) == [(Transition.RAISED, RAISED_AT)]


@every_place
def test_a_timer_rings_for_what_is_in_force(cached: int, put: Callable[[Engine], None]) -> None:
    engine = engine_with(60, cached, put)
    engine.replace(Rulebook(), PLACED)
    engine.tick(START + 20 * MINUTE)
    assert engine.take().effects == ()


@every_place
def test_what_is_looked_at_is_looked_at_by_the_facts_in_force(
    cached: int, put: Callable[[Engine], None]
) -> None:
    engine = engine_with(60, cached, put)
    engine.tick(START + 10 * MINUTE)
    assert transitions(engine.take())[-1][0] is Transition.RAISED
    engine.replace(MADE_UP, REMOVED)
    engine.consider(DEVICE, RAISED_AT)
    assert transitions(engine.take()) == [(Transition.RESOLVED, RAISED_AT)]


@dataclass(frozen=True)
class CountingRegister(TableRegister):
    """Counts how often it is asked for the traits of a subject."""

    asked: list[Subject] = field(default_factory=list)

    def traits_of(self, subject: Subject) -> Traits:
        self.asked.append(subject)
        return super().traits_of(subject)


def test_to_replace_rules_looks_at_no_subject_that_rests() -> None:
    engine = Engine(MADE_UP, PLACED, SavedStates())
    for number in range(200):
        engine.observe(gas(0, 40, device=f"g-{number}"))
    engine.take()
    engine.observe(gas(1, 40, device="g-7"))
    register = CountingRegister()

    engine.replace(MADE_UP, register)

    assert register.asked == [device_subject("gas_monitor", "g-7")]
