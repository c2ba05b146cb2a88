"""The rule `counter_step`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.step import Stepped
from rules.explanation import Template
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.water_use import WATER_USE

_SOURCE = "practice: old above 0.9 of the modulus and new below 0.1; above twice Q3 is no flow"


def _condition(numbers: Numbers) -> Condition:  # noqa: ARG001 nothing can be set
    return Stepped(Severity.NOTICE, _SOURCE)


RULE = AlertRule(
    name="counter_step",
    title="Step of the counter",
    title_zh="水表读数跳变",
    scope="device",
    fields={"water_meter": frozenset({WATER_USE})},
    condition=_condition,
    keep=timedelta(hours=24),
    stale_after=timedelta(hours=54),
    explanation=Template(
        zh="读数由 {before_l} L 变为 {after_l} L（{step}；依据：{limit_from}），自 {start_at} 起。",
        en="The counter went from {before_l} L to {after_l} L ({step}; {limit_from}), since"
        " {start_at}.",
    ),
)
