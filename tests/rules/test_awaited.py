"""Devices that are registered and not heard yet."""

from collections.abc import Sequence

import pytest

from devices.reading import Reading
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.effect import AlertChange
from rules.engine import Engine
from rules.register import DeviceFacts, TableRegister
from rules.subject import Subject

HOUR = 3_600_000
START = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
METER = Subject("device", "water_meter/m")
REGISTER = TableRegister({METER.id: DeviceFacts(size="DN15")}, awaited={METER.id: START})


@pytest.mark.parametrize("looks", [(), (30,), (54,), (30, 60)])
def test_its_silence_is_told_with_its_own_time_however_often_somebody_looks(
    looks: Sequence[int],
) -> None:
    engine = Engine(Rulebook(tuple(catalogue().values())), REGISTER, SavedStates())
    engine.consider(METER, START)
    for hour in looks:
        engine.tick(START + hour * HOUR)
    at = START + 61 * HOUR
    engine.observe(Reading("m", "water_meter", at, at, {"cumulative_m3": 1.0}))
    changes = [each for each in engine.take().effects if isinstance(each, AlertChange)]
    assert [(each.rule, each.transition, (each.at - START) // HOUR) for each in changes] == [
        ("meter_silent", "raised", 54),
        ("meter_silent", "resolved", 61),
    ]
