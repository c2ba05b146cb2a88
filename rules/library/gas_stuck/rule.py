"""The rule `gas_stuck`."""

from collections.abc import Iterator
from datetime import timedelta

from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.frozen import Frozen, Witness
from rules.conditions.named import Named
from rules.conditions.threshold import Level, Threshold
from rules.explanation import Template
from rules.library.gas_levels import trusted
from rules.library.gas_ranges import RANGES, WITH_TEMPERATURE, Range
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_BELOW = 0.05
_BELOW_SOURCE = "practice: below -5 % of the range"
_SETTING = "general knowledge, not from a standard"
_MOVED = Witness("temperature_c", 5.0)

FULL = Limit(
    name="full_min",
    default=60.0,
    unit="min",
    low=10.0,
    high=1_440.0,
    tighter=Tighter.LOWER,
    source=_SETTING,
)
ZERO = Limit(
    name="zero_days",
    default=7.0,
    unit="d",
    low=1.0,
    high=60.0,
    tighter=Tighter.LOWER,
    source=_SETTING,
)


def _of_sensor(sensor: Range, numbers: Numbers) -> Iterator[Condition]:
    full, zero = numbers[FULL.name], numbers[ZERO.name]
    at_full = timedelta(minutes=full.value)
    yield Frozen(sensor.field, at_full, Severity.WARNING, full.source, low=sensor.full)
    at_zero = timedelta(days=zero.value)
    yield Frozen(
        sensor.field, at_zero, Severity.NOTICE, zero.source, low=0.0, high=0.0, witness=_MOVED
    )
    below = Level(Severity.WARNING, -_BELOW * sensor.full, -_BELOW * sensor.full / 2, _BELOW_SOURCE)
    yield Threshold(sensor.field, (below,), falling=True, samples=2)


def _condition(numbers: Numbers) -> Condition:
    conditions = tuple(
        Named(sensor.gas, condition)
        for sensor in RANGES
        for condition in _of_sensor(sensor, numbers)
    )
    return trusted(Combination("any", conditions))


RULE = AlertRule(
    name="gas_stuck",
    title="Gas sensor stuck",
    title_zh="气体传感器卡死",
    scope="device",
    fields=WITH_TEMPERATURE,
    condition=_condition,
    limits=(FULL, ZERO),
    hold=timedelta(seconds=30),
    stale_after=timedelta(hours=2),
    explanation=Template(
        zh="{of} 读数停在 {value} 已 {frozen_h} 小时，限值 {limit} 小时（依据：{limit_from}）。",
        en="{of} stands at {value} for {frozen_h} h; the limit is {limit} h ({limit_from}).",
        otherwise=Template(
            zh="{of} 读数 {value}，低于零点允许值 {limit}（依据：{limit_from}）。",
            en="{of} reads {value}, below the {limit} allowed under zero ({limit_from}).",
        ),
    ),
)
