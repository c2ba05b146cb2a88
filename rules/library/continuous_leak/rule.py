"""The rule `continuous_leak`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.unbroken import Tier, Unbroken
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.water_use import WATER_USE

_DRIP_LH = 0.0
_DAY_H = timedelta(hours=24)
_DAYS_2 = timedelta(hours=36)
_DAYS_3 = timedelta(hours=72)
_PRACTICE = "practice of water utilities"
_TIERS = "general knowledge: tiers of 24, 48 and 72 h"

WARN_LH = Limit(
    name="warn_lh",
    default=3.0,
    unit="L/h",
    low=0.0,
    high=30.0,
    tighter=Tighter.LOWER,
    source=f"{_TIERS}, of which the second begins at 36 h; the flow",
)
LARGE_LH = Limit(
    name="large_lh",
    default=8.0,
    unit="L/h",
    low=1.0,
    high=60.0,
    tighter=Tighter.LOWER,
    source=f"{_PRACTICE}, one day; the flow is general knowledge",
)
GRAVE_LH = Limit(
    name="grave_lh",
    default=3.0,
    unit="L/h",
    low=3.0,
    high=200.0,
    tighter=Tighter.LOWER,
    source=f"{_TIERS}, of which the third escalates; the flow",
)


def _condition(numbers: Numbers) -> Condition:
    warn, large, grave = (numbers[limit.name] for limit in (WARN_LH, LARGE_LH, GRAVE_LH))
    return Unbroken(
        (
            Tier(Severity.NOTICE, _DAY_H, _DRIP_LH, _PRACTICE),
            Tier(Severity.WARNING, _DAYS_2, warn.value, warn.source),
            Tier(Severity.WARNING, _DAY_H, large.value, large.source),
            Tier(Severity.CRITICAL, _DAYS_3, grave.value, grave.source),
        )
    )


RULE = AlertRule(
    name="continuous_leak",
    title="Water runs without a pause",
    title_zh="持续用水疑似漏水",
    scope="device",
    fields={"water_meter": frozenset({WATER_USE})},
    condition=_condition,
    limits=(WARN_LH, LARGE_LH, GRAVE_LH),
    keep=timedelta(hours=24),
    stale_after=timedelta(hours=54),
    of_homes=True,
    relives=True,
    explanation=Template(
        zh="{hours} 小时内凡有数据的时段都有用水（有数据 {known_h} 小时），最小流量 {size_lh} L/h；"
        "判据 {limit_h} 小时大于 {limit_lh} L/h（依据：{limit_from}），自 {start_at} 起。",
        en="Water in every known slot of {hours} h, of which {known_h} h are known, {size_lh} L/h"
        " at the least; the limit is more than {limit_lh} L/h for {limit_h} h ({limit_from}),"
        " since {start_at}.",
    ),
)
