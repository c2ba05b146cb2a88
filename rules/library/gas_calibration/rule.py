"""The rule `gas_calibration`."""

from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.marks import Marks
from rules.conditions.threshold import Level, Threshold
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity


def _limit(name: str, default: float, low: float, high: float) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit="d",
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source="every 6 months, general knowledge, not from a standard",
    )


DUE = _limit("due_days", 182.0, 30.0, 366.0)
OVERDUE = _limit("overdue_days", 365.0, 182.0, 730.0)


def _condition(numbers: Numbers) -> Condition:
    levels = tuple(
        Level(severity, limit.value, limit.value, limit.source)
        for severity, limit in (
            (Severity.NOTICE, numbers[DUE.name]),
            (Severity.WARNING, numbers[OVERDUE.name]),
        )
    )
    said = Marks("sensor_status", {"calibration_due": Severity.NOTICE}, "the monitor's own word")
    return Combination("any", (Threshold("calibration_age_days", levels), said))


RULE = AlertRule(
    name="gas_calibration",
    title="Gas monitor to be calibrated",
    title_zh="气体监测仪校准到期",
    scope="device",
    fields={"gas_monitor": frozenset({"calibration_age_days", "sensor_status"})},
    condition=_condition,
    limits=(DUE, OVERDUE),
    explanation=Template(
        zh="距上次校准 {value} 天，限值 {limit} 天（依据：{limit_from}）。",
        en="{value} days since the last calibration; the limit is {limit} ({limit_from}).",
        otherwise=Template(
            zh="监测仪提示需要校准（依据：{limit_from}）。",
            en="The monitor says it is to be calibrated ({limit_from}).",
        ),
    ),
)
