"""The rule `burst`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.surge import Impossible, Surge, Unusual
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.meter_size import permanent_flow_lh
from rules.rule import AlertRule, Numbers
from rules.water_use import WATER_USE

_SOURCE = "practice: 0.8 Q3 in two slots, or Q4 in one; GB/T 778.1: Q3, and Q4 = 1.25 Q3"

FLOW_LH = Limit(
    name="flow_lh",
    default=180.0,
    unit="L/h",
    low=60.0,
    high=1_000.0,
    tighter=Tighter.LOWER,
    source="a bath each hour, and 1.5 times the most the home has drawn so (general knowledge)",
)
_FACTOR = 1.5


def _condition(numbers: Numbers) -> Condition:
    flow = numbers[FLOW_LH.name]
    q3_lh = permanent_flow_lh(numbers.traits.size)
    return Surge(
        Unusual(flow.value, _FACTOR, flow.source),
        Impossible(0.8 * q3_lh, 1.25 * q3_lh, _SOURCE),
    )


RULE = AlertRule(
    name="burst",
    title="Burst",
    title_zh="爆管疑似",
    scope="device",
    fields={"water_meter": frozenset({WATER_USE})},
    condition=_condition,
    limits=(FLOW_LH,),
    keep=timedelta(hours=2),
    stale_after=timedelta(hours=54),
    of_homes=True,
    relives=True,
    explanation=Template(
        zh="流量 {flow_lh} L/h，限值 {limit_lh} L/h（依据：{limit_from}），自 {start_at} 起。",
        en="{flow_lh} L/h; the limit is {limit_lh} L/h ({limit_from}), since {start_at}.",
    ),
)
