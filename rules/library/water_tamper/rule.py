"""The rule `water_tamper`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.marks import Marks
from rules.explanation import Template
from rules.rule import AlertRule, Numbers
from rules.severity import Severity


def _condition(_: Numbers) -> Condition:
    words = {"magnetic_tamper": Severity.WARNING, "cover_open": Severity.WARNING}
    return Marks("flags", words, "status bits of the meter (CJ/T 188)")


RULE = AlertRule(
    name="water_tamper",
    title="Water meter tampered with",
    title_zh="水表拆盖或磁干扰",
    scope="device",
    fields={"water_meter": frozenset({"flags"})},
    condition=_condition,
    keep=timedelta(hours=36),
    stale_after=timedelta(hours=54),
    explanation=Template(
        zh="水表上报 {marks}（依据：{limit_from}），自 {start_at} 起。",
        en="The meter reports {marks} ({limit_from}), since {start_at}.",
    ),
)
