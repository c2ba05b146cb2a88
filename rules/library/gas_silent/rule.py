"""The rule `gas_silent`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.silent import Patience, Silent
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import BLIND_AREA, MAINTENANCE, REMOVED, AlertRule, Numbers
from rules.severity import Severity

_SETTING = "general knowledge, not from a standard"


def _limit(name: str, default: float, low: float, high: float) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit="min",
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source=_SETTING,
    )


WARN = _limit("warn_min", 10.0, 2.0, 60.0)
URGE = _limit("urge_min", 120.0, 60.0, 1_440.0)
HOLD = timedelta(minutes=1)
"""The area hears of a silence so long before it is told, to see whether others fall silent too."""


def _condition(numbers: Numbers) -> Condition:
    warn, urge = numbers[WARN.name], numbers[URGE.name]
    return Silent(
        (
            Patience(Severity.WARNING, timedelta(minutes=warn.value), warn.source),
            Patience(Severity.CRITICAL, timedelta(minutes=urge.value), urge.source),
        ),
        HOLD,
    )


RULE = AlertRule(
    name="gas_silent",
    title="Gas monitor silent",
    title_zh="气体监测仪失联",
    scope="device",
    fields={"gas_monitor": frozenset()},
    condition=_condition,
    limits=(WARN, URGE),
    hold=HOLD,
    quieted_by=frozenset({MAINTENANCE, REMOVED, BLIND_AREA}),
    explanation=Template(
        zh="自 {heard_at} 起未收到数据，已超过 {limit_h} 小时（依据：{limit_from}）。",
        en="Nothing heard since {heard_at}, for longer than {limit_h} h ({limit_from}).",
    ),
)
