"""The rule `high_day`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.day_total import HighDay
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.meter_size import largest_flow_lh
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.water_day import WATER_DAY

DAY_M3 = Limit(
    name="day_m3",
    default=2.0,
    unit="m3",
    low=0.5,
    high=20.0,
    tighter=Tighter.LOWER,
    source="practice of Shanghai Jing'an and Anji: more than 2 m3 a day",
)


def _condition(numbers: Numbers) -> Condition:
    day = numbers[DAY_M3.name]
    most_lh = largest_flow_lh(numbers.traits.size)
    return HighDay(day.value * 1_000, Severity.NOTICE, day.source, most_lh)


RULE = AlertRule(
    name="high_day",
    title="Very much water in a day",
    title_zh="日用水量过高",
    scope="device",
    fields={"water_meter": frozenset({WATER_DAY, "increment_m3"})},
    condition=_condition,
    limits=(DAY_M3,),
    stale_after=timedelta(hours=54),
    amends=True,
    of_homes=True,
    explanation=Template(
        zh="一日用水 {day_l} L，限值 {limit_l} L（依据：{limit_from}），自 {start_at} 起。",
        en="{day_l} L in a day; the limit is {limit_l} L ({limit_from}), since {start_at}.",
    ),
)
