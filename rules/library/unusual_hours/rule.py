"""The rule `unusual_hours`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.baseline import Band
from rules.conditions.hour_baseline import HourBaseline
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.water_use import WATER_USE

_DEVIATIONS = 4.0

FACTOR = Limit(
    name="factor",
    default=3.0,
    unit="1",
    low=1.5,
    high=10.0,
    tighter=Tighter.LOWER,
    source="3 times the median of the same hour of the week, as of days (practice)",
)
FLOOR_LH = Limit(
    name="floor_lh",
    default=100.0,
    unit="L/h",
    low=30.0,
    high=300.0,
    tighter=Tighter.LOWER,
    source="practice: never a day below 0.3 m3, which are three hours of 100 L",
)


def _condition(numbers: Numbers) -> Condition:
    factor, floor = numbers[FACTOR.name], numbers[FLOOR_LH.name]
    band = Band(factor.value, _DEVIATIONS, floor.value, factor.source, floor.source)
    return HourBaseline(band, Severity.NOTICE)


RULE = AlertRule(
    name="unusual_hours",
    title="Much water at hours at which this home draws little",
    title_zh="异常时段用水",
    scope="device",
    fields={"water_meter": frozenset({WATER_USE})},
    condition=_condition,
    limits=(FACTOR, FLOOR_LH),
    keep=timedelta(hours=2),
    stale_after=timedelta(hours=54),
    of_homes=True,
    explanation=Template(
        zh="{hour_at} 起一小时用水 {hour_l} L，前 {weeks} 周同一时段的中位数为 {median_l} L，"
        "稳健标准差 {deviation_l} L（不足 {little_l} L 的小时计为 0），"
        "限值 {limit_l} L（依据：{limit_from}），"
        "自 {start_at} 起多个小时超限。",
        en="{hour_l} L in the hour from {hour_at}; of the same hour of {weeks} weeks before the"
        " median is {median_l} L and the robust standard deviation {deviation_l} L (an hour below"
        " {little_l} L counts as 0); the limit is {limit_l} L ({limit_from}); several hours above"
        " theirs since {start_at}.",
    ),
)
