"""The rule `gas_stuck`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.frozen import Frozen, Sensor, Witness
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


def _below(sensor: Range) -> Condition:
    limit = -_BELOW * sensor.full
    level = Level(Severity.WARNING, limit, limit / 2, _BELOW_SOURCE)
    return Named(sensor.quantity, Threshold(sensor.field, (level,), falling=True, samples=2))


def _condition(numbers: Numbers) -> Condition:
    full, zero = numbers[FULL.name], numbers[ZERO.name]
    at_full = Frozen(
        tuple(Sensor(each.gas, each.field, low=each.full, unit=each.unit) for each in RANGES),
        timedelta(minutes=full.value),
        Severity.WARNING,
        full.source,
    )
    at_zero = Frozen(
        tuple(Sensor(each.gas, each.field, low=0.0, high=0.0, unit=each.unit) for each in RANGES),
        timedelta(days=zero.value),
        Severity.NOTICE,
        zero.source,
        _MOVED,
    )
    return trusted(Combination("any", (at_full, at_zero, *map(_below, RANGES))))


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
