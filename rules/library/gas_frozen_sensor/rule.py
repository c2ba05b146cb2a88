"""The rule `gas_frozen_sensor`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.frozen import Frozen, Sensor, Witness
from rules.explanation import Template
from rules.library.gas_levels import trusted
from rules.library.gas_ranges import RANGES, WITH_TEMPERATURE
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

SAME = Limit(
    name="same_h",
    default=6.0,
    unit="h",
    low=2.0,
    high=48.0,
    tighter=Tighter.LOWER,
    source="practice: the same value for 6 h while the temperature moves",
)
MOVED = Limit(
    name="moved_c",
    default=1.0,
    unit="degC",
    low=0.5,
    high=5.0,
    tighter=Tighter.LOWER,
    source="general knowledge, not from a standard",
)


def _condition(numbers: Numbers) -> Condition:
    same, moved = numbers[SAME.name], numbers[MOVED.name]
    sensors = tuple(
        Sensor(each.gas, each.field, high=each.full, rest=each.rest, unit=each.unit)
        for each in RANGES
    )
    span, witness = timedelta(hours=same.value), Witness("temperature_c", moved.value)
    return trusted(Frozen(sensors, span, Severity.WARNING, same.source, witness))


RULE = AlertRule(
    name="gas_frozen_sensor",
    title="Gas sensor frozen",
    title_zh="气体传感器读数冻结",
    scope="device",
    fields=WITH_TEMPERATURE,
    condition=_condition,
    limits=(SAME, MOVED),
    stale_after=timedelta(hours=2),
    explanation=Template(
        zh="{of} 读数 {value} 已 {frozen_h} 小时完全不变，而温度在变化；"
        "限值 {limit} 小时（依据：{limit_from}）。",
        en="{of} reads exactly {value} for {frozen_h} h while the temperature moves; the limit is "
        "{limit} h ({limit_from}).",
    ),
)
