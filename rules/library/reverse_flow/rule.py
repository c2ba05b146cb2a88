"""The rule `reverse_flow`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.rise import Rise
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

RISE = Limit(
    name="rise_m3",
    default=0.01,
    unit="m3",
    low=0.001,
    high=0.1,
    tighter=Tighter.LOWER,
    source="practice of water utilities",
)


def _condition(numbers: Numbers) -> Condition:
    rise = numbers[RISE.name]
    return Rise("reverse_m3", rise.value, timedelta(days=7), Severity.WARNING, rise.source)


RULE = AlertRule(
    name="reverse_flow",
    title="Water runs back",
    title_zh="水表倒流",
    scope="device",
    fields={"water_meter": frozenset({"reverse_m3"})},
    condition=_condition,
    limits=(RISE,),
    keep=timedelta(hours=36),
    stale_after=timedelta(hours=54),
    explanation=Template(
        zh="倒流累计增加 {rise} m³，超过限值 {limit} m³（依据：{limit_from}），自 {start_at} 起。",
        en="{rise} m3 ran back, above the limit of {limit} m3 ({limit_from}), since {start_at}.",
    ),
)
