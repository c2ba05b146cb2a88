"""The rule `high_week`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.accumulated import Accumulated, WaterDays
from rules.conditions.threshold import Level
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.water_day import WATER_DAY

_BAND = 0.9

WEEK_M3 = Limit(
    name="week_m3",
    default=7.0,
    unit="m3",
    low=2.0,
    high=100.0,
    tighter=Tighter.LOWER,
    source="general knowledge: twice what a home of four uses",
)


def _condition(numbers: Numbers) -> Condition:
    week = numbers[WEEK_M3.name]
    litres = week.value * 1_000
    level = Level(Severity.NOTICE, litres, _BAND * litres, week.source)
    return Accumulated(WaterDays(), timedelta(days=7), timedelta(days=1), (level,))


RULE = AlertRule(
    name="high_week",
    title="Much water in seven days",
    title_zh="七日用水量过高",
    scope="device",
    fields={"water_meter": frozenset({WATER_DAY})},
    condition=_condition,
    limits=(WEEK_M3,),
    stale_after=timedelta(hours=54),
    of_homes=True,
    explanation=Template(
        zh="七日用水 {total} L（其中 {coverage_pct}% 的时间有数据），限值 {limit} L"
        "（依据：{limit_from}），自 {start_at} 起。",
        en="{total} L in seven days, of which {coverage_pct} % are known; the limit is {limit} L "
        "({limit_from}), since {start_at}.",
    ),
)
