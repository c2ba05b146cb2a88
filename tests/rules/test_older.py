"""What a release before has saved of a meter is judged on, and nothing of it stays for ever."""

import orjson

from devices.reading import Reading
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.effect import AlertChange
from rules.engine import Engine
from rules.lifecycle import Life, Phase
from rules.memory import SavedState
from rules.older import BEFORE
from rules.register import TableRegister
from rules.severity import Severity
from rules.subject import Subject

HOUR = 3_600_000
METER = Subject("device", "water_meter/m")
HEARD_AT = 1_775_980_800_000
"""2026-04-12 16:00 +08:00."""
DAY = 20_555
SINCE = HEARD_AT - 1_000 * HOUR
HABIT = [1_446_300, 21_600]
RUN = [SINCE, [151_200, 50_400], 30.0]
LEAK = Life(
    Phase.FIRING,
    start=SINCE,
    found_at=SINCE,
    known_at=HEARD_AT,
    severity=Severity.WARNING,
    latest=Severity.WARNING,
)
STATES = {
    "burst": [30.0, HEARD_AT, 68.0, SINCE, SINCE, 0, 0.0],
    "continuous_leak": [0, [RUN] * 4, [216_000, 68_400], [1_861_200, 617_400], [HABIT] * 4],
    "intermittent_leak": [0, 0, 0, [1_861_200, 617_400], [HABIT, HABIT]],
}
DERIVED = {
    "water_use": [HEARD_AT, 55_111.0],
    "water_day": [DAY, 606.0, 57_600_000, HEARD_AT, 0],
    "water_night": None,
}
CLOCKS = {METER.id: [HEARD_AT, HEARD_AT]}


def test_a_meter_of_the_release_before_is_judged_on_and_its_leak_ends() -> None:
    whole = (BEFORE, CLOCKS, STATES, {"continuous_leak": LEAK}, DERIVED)
    saved = SavedState(orjson.dumps(whole, default=tuple), None)
    engine = Engine(
        Rulebook(tuple(catalogue().values())), TableRegister(), SavedStates({METER: saved})
    )
    for hour in range(1, 40):
        at = HEARD_AT + hour * HOUR
        engine.observe(Reading("m", "water_meter", at, at, {"cumulative_m3": 55.111}))
    outcome = engine.take()
    assert outcome.failures == ()
    changes = [each for each in outcome.effects if isinstance(each, AlertChange)]
    assert [(each.rule, each.transition) for each in changes] == [("continuous_leak", "resolved")]
