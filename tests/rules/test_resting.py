"""Laws of states that rest: encoded once, and the same when they are asked for."""

import orjson

from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.engine import Engine
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
