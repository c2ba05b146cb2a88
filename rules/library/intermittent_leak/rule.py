"""The rule `intermittent_leak`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.unbroken import Tier, Unbroken
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.water_use import WATER_USE

_BLOCK = timedelta(hours=1)

LITRES = Limit(
    name="block_l",
    default=3.0,
    unit="L",
    low=1.0,
    high=30.0,
    tighter=Tighter.LOWER,
    source="half a cistern of 6 L each hour; its size is general knowledge",
)


def _condition(numbers: Numbers) -> Condition:
    litres = numbers[LITRES.name]
    flow_lh = litres.value / (_BLOCK / timedelta(hours=1))
    return Unbroken(
        (
            Tier(Severity.NOTICE, timedelta(hours=24), flow_lh, litres.source),
            Tier(Severity.WARNING, timedelta(hours=48), flow_lh, litres.source),
        ),
        block=_BLOCK,
        parts=True,
    )


RULE = AlertRule(
    name="intermittent_leak",
    title="Water comes back at intervals",
    title_zh="间歇性漏水（马桶）",
    scope="device",
    fields={"water_meter": frozenset({WATER_USE})},
    condition=_condition,
    limits=(LITRES,),
    keep=timedelta(hours=72),
    stale_after=timedelta(hours=54),
    of_homes=True,
    explanation=Template(
        zh="{hours} 小时内凡有数据的每个小时都有用水（有数据 {known_h} 小时），最小 {size_lh} L/h；"
        "判据 {limit_h} 小时大于 {limit_lh} L/h（依据：{limit_from}），自 {start_at} 起。",
        en="Water in every known hour of {hours} h, of which {known_h} h are known, {size_lh} L/h"
        " at the least; the limit is more than {limit_lh} L/h for {limit_h} h ({limit_from}),"
        " since {start_at}.",
    ),
)
