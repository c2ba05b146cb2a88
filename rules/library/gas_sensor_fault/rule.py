"""The rule `gas_sensor_fault`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.marks import Marks
from rules.explanation import Template
from rules.library.gas_levels import HOLD, KEEP
from rules.rule import AlertRule, Numbers
from rules.severity import Severity


def _condition(_: Numbers) -> Condition:
    return Marks(
        "sensor_status",
        {"fault": Severity.WARNING},
        "the monitor's own word, a loop current below 1 mA",
    )


RULE = AlertRule(
    name="gas_sensor_fault",
    title="Gas sensor faulty",
    title_zh="气体传感器故障",
    scope="device",
    fields={"gas_monitor": frozenset({"sensor_status"})},
    condition=_condition,
    hold=HOLD,
    keep=KEEP,
    stale_after=timedelta(minutes=10),
    explanation=Template(
        zh="监测仪自 {start_at} 起报告传感器故障，其读数不可信（依据：{limit_from}）。",
        en="The monitor says since {start_at} that a sensor is faulty; its readings are worth "
        "nothing ({limit_from}).",
    ),
)
