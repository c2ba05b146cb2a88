"""When a burst began: with the slots that show it, and not with one before."""

from collections.abc import Sequence

import pytest

from devices.reading import Reading
from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.effect import AlertChange
from rules.engine import Engine
from rules.register import TableRegister
from rules.store import NoStore

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("flows_m3h", "start_h"),
    [((0.0, 0.1, 2.2, 2.2), 2), ((0.0, 0.1, 3.4, 0.1), 2), ((0.0, 0.1, 2.2, 3.4), 2)],
    ids=["in two slots", "in one slot", "in two slots, the second of which would do alone"],
)
def test_a_burst_began_with_the_first_slot_that_shows_it(
    flows_m3h: Sequence[float], start_h: int
) -> None:
    engine = Engine(Rulebook((catalogue()["burst"],)), TableRegister(), NoStore())
    for hour, flow_m3h in enumerate(flows_m3h, 1):
        at = hour * HOUR
        values = {"increment_m3": flow_m3h, "slot_minutes": 60}
        engine.observe(Reading("wm-1", "water_meter", at, at, values))

    (raised, *_) = engine.take().effects
    assert isinstance(raised, AlertChange)
    assert raised.start == start_h * HOUR
