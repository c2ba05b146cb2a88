"""The rule `gas_flooded`."""

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
        {"flooded": Severity.WARNING},
        "the monitor's own word",
    )


RULE = AlertRule(
    name="gas_flooded",
    title="Gas monitor under water",
    title_zh="气体监测仪进水",
    scope="device",
    fields={"gas_monitor": frozenset({"sensor_status"})},
    condition=_condition,
    hold=HOLD,
    keep=KEEP,
    stale_after=timedelta(minutes=10),
    explanation=Template(
        zh="监测仪自 {start_at} 起浸水，其气体读数不可信（依据：{limit_from}）。",
        en="The monitor is under water since {start_at}; what it says of gas is worth nothing "
        "({limit_from}).",
    ),
)
