"""The rule `abnormal_use`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.baseline import Band, Baseline
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.water_day import WATER_DAY

_DEVIATIONS = 4.0

FACTOR = Limit(
    name="factor",
    default=3.0,
    unit="1",
    low=1.5,
    high=10.0,
    tighter=Tighter.LOWER,
    source="practice: 3 times the median of the same weekday",
)
FLOOR_M3 = Limit(
    name="floor_m3",
    default=0.3,
    unit="m3",
    low=0.1,
    high=2.0,
    tighter=Tighter.LOWER,
    source="practice: never a day below 0.3 m3",
)


def _condition(numbers: Numbers) -> Condition:
    factor, floor = numbers[FACTOR.name], numbers[FLOOR_M3.name]
    litres = floor.value * 1_000
    band = Band(factor.value, _DEVIATIONS, litres, factor.source, floor.source)
    return Baseline(band, Severity.NOTICE)


RULE = AlertRule(
    name="abnormal_use",
    title="Much more water than on other such days",
    title_zh="用水量异常",
    scope="device",
    fields={"water_meter": frozenset({WATER_DAY})},
    condition=_condition,
    limits=(FACTOR, FLOOR_M3),
    stale_after=timedelta(hours=54),
    of_homes=True,
    explanation=Template(
        zh="一日用水 {day_l} L，之前 {days} 个相同星期几的日用水中位数为 {median_l} L，"
        "限值 {limit_l} L（依据：{limit_from}），自 {start_at} 起。",
        en="{day_l} L in a day; the median of {days} such weekdays before is {median_l} L and the"
        " limit {limit_l} L ({limit_from}), since {start_at}.",
    ),
)
