"""The rule `night_flow`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.night_flow import NightFlow, Sleep
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.meter_size import permanent_flow_lh
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.water_day import WATER_NIGHT

_FACTOR = 3.0

FLOW_LH = Limit(
    name="flow_lh",
    default=25.0,
    unit="L/h",
    low=5.0,
    high=100.0,
    tighter=Tighter.LOWER,
    source="GB/T 778.1: Q1 of a DN15 meter, R100; practice: 3 times the own median",
)


def _condition(numbers: Numbers) -> Condition:
    flow = numbers[FLOW_LH.name]
    larger = permanent_flow_lh(numbers.traits.size) / permanent_flow_lh(None)
    return NightFlow(Sleep(flow.value * larger, _FACTOR, flow.source), Severity.NOTICE)


RULE = AlertRule(
    name="night_flow",
    title="Water runs through the night",
    title_zh="夜间最小流量过高",
    scope="device",
    fields={"water_meter": frozenset({WATER_NIGHT})},
    condition=_condition,
    limits=(FLOW_LH,),
    stale_after=timedelta(hours=54),
    of_homes=True,
    explanation=Template(
        zh="夜间最小流量 {least_lh} L/h，平时中位数 {median_lh} L/h，限值 {limit_lh} L/h"
        "（依据：{limit_from}），自 {start_at} 起。",
        en="{least_lh} L/h at the least in the night, usually {median_lh} L/h; the limit is"
        " {limit_lh} L/h ({limit_from}), since {start_at}.",
    ),
)
