"""The rule `gas_over_range`."""

from rules.condition import Condition
from rules.conditions.marks import Marks
from rules.explanation import Template
from rules.library.gas_levels import HOLD, KEEP, OVER_RANGE, QUIETED_BY, STALE_AFTER, trusted
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_FIELD = "sensor_status"
_SOURCE = "the monitor's own word, a loop current of 22 mA"


def _condition(_: Numbers) -> Condition:
    return trusted(Marks(_FIELD, {OVER_RANGE: Severity.CRITICAL}, _SOURCE))


RULE = AlertRule(
    name="gas_over_range",
    title="Gas above what the sensor can show",
    title_zh="气体浓度超出量程",
    scope="device",
    fields={"gas_monitor": frozenset({_FIELD})},
    condition=_condition,
    hold=HOLD,
    keep=KEEP,
    stale_after=STALE_AFTER,
    latch_from=Severity.CRITICAL,
    quieted_by=QUIETED_BY,
    explanation=Template(
        zh="监测仪自 {start_at} 起报告传感器超量程：气体可能多于其所能显示，真实浓度未知"
        "（依据：{limit_from}）。",
        en="The monitor says since {start_at} that a sensor is over its range: there may be more "
        "gas than it can show, and how much is not known ({limit_from}).",
    ),
)
