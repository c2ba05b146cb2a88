"""The rule `gas_silent`."""

from datetime import timedelta

from rules.condition import Condition
from rules.library.silences import QUIETED_BY, UNHEARD, patience, silent
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

WARN = patience("warn_min", 10.0, (2.0, 60.0))
URGE = patience("urge_min", 120.0, (60.0, 1_440.0))
HOLD = timedelta(minutes=1)


def _condition(numbers: Numbers) -> Condition:
    levels = (Severity.WARNING, numbers[WARN.name]), (Severity.CRITICAL, numbers[URGE.name])
    return silent(levels, WARN.unit, HOLD)


RULE = AlertRule(
    name="gas_silent",
    title="Gas monitor silent",
    title_zh="气体监测仪失联",
    scope="device",
    fields={"gas_monitor": frozenset()},
    condition=_condition,
    limits=(WARN, URGE),
    hold=HOLD,
    awaits=True,
    quieted_by=QUIETED_BY,
    explanation=UNHEARD,
)
