"""The rule `low_day`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.day_total import LowDay
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.water_day import WATER_DAY

_SHARE = 0.95

DAY_M3 = Limit(
    name="day_m3",
    default=0.01,
    unit="m3",
    low=0.001,
    high=0.05,
    tighter=Tighter.HIGHER,
    source="practice of Shanghai Jing'an, Anji and Taicang: less than 0.01 m3 in a day",
)

DAYS = Limit(
    name="days",
    default=3.0,
    unit="d",
    low=1.0,
    high=14.0,
    tighter=Tighter.LOWER,
    source="practice is one day; the others are general knowledge",
)


def _condition(numbers: Numbers) -> Condition:
    day = numbers[DAY_M3.name]
    return LowDay(day.value * 1_000, int(numbers[DAYS.name].value), _SHARE, day.source)


RULE = AlertRule(
    name="low_day",
    title="Hardly any water in a day",
    title_zh="日用水量过低",
    scope="device",
    fields={"water_meter": frozenset({WATER_DAY})},
    condition=_condition,
    limits=(DAY_M3, DAYS),
    stale_after=timedelta(hours=54),
    quieted_by=frozenset({"away", "maintenance"}),
    of_homes=True,
    explanation=Template(
        zh="已连续 {low_days} 天日用水量低于 {limit_l} L，最近一天 {day_l} L"
        "（依据：{limit_from}），自 {start_at} 起：无人用水，或水表停走。",
        en="Less than {limit_l} L a day for {low_days} days, {day_l} L on the last ({limit_from}),"
        " since {start_at}: nobody uses water, or the meter stands.",
    ),
)
