"""Laws of states that rest: encoded once, and the same when they are asked for."""

import orjson

from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.engine import Engine
from rules.lull import MOST_WAITING, pass_by
from rules.register import TableRegister
from rules.store import NoStore
from tests.bench.rules import telemetry

_RESTING = ("abnormal_use", "high_week", "low_day", "night_flow")


def test_what_rests_is_saved_as_what_is_awake() -> None:
    engine = Engine(Rulebook(tuple(catalogue().values())), TableRegister(), NoStore())
    for hour in range(100):
        reading = telemetry(0, hour)
        engine.observe(reading)
        ((_, saved),) = engine.take().states.items()
        memory = next(iter(engine._memories.values()))  # noqa: SLF001 the law is of what it holds
        assert not memory.awake
        memory.wake()
        assert memory.saved() == saved
    states = orjson.loads(saved.state)[2]
    assert set(_RESTING) <= set(states)
    assert set(memory.profile.resting) == set(_RESTING)
    assert all(isinstance(memory.states[name], orjson.Fragment) for name in _RESTING)


def test_what_rests_is_asked_of_the_night_in_readings_that_waited() -> None:
    rulebook = Rulebook(tuple(catalogue().values()))
    patient = Engine(rulebook, TableRegister(), NoStore(), waiting=MOST_WAITING)
    eager = Engine(rulebook, TableRegister(), NoStore())
    for hour in range(100):
        for engine in (patient, eager):
            drawn = hour // 24 * 0.12 + min(max(0, hour % 24 - 6), 12) / 100
            counted = {"cumulative_m3": round(100 + drawn, 3)}
            engine.observe(telemetry(0, hour)._replace(values=counted))
            outcome = engine.take()
        memory = next(iter(patient._memories.values()))  # noqa: SLF001 as above
        if hour > 60 and len(memory.waiting) == MOST_WAITING - 2:
            break
    assert memory.lull
    assert not memory.awake
    assert pass_by(memory, memory.waiting, memory.lull.calm)
    ((_, saved),) = outcome.states.items()
    assert orjson.loads(memory.saved().state) == orjson.loads(saved.state)
