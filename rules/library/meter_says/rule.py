"""The rule `meter_says`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.marks import Marks
from rules.explanation import Template
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_SOURCE = "the meter's own word; the severity is general knowledge, not from a standard"
_OF_ANY = {
    "burst": Severity.WARNING,
    "over_range": Severity.NOTICE,
    "reverse": Severity.NOTICE,
}
_OF_HOMES = {**_OF_ANY, "leak": Severity.NOTICE}


def _condition(numbers: Numbers) -> Condition:
    words = _OF_ANY if numbers.traits.is_bulk else _OF_HOMES
    return Marks("flags", words, _SOURCE)


RULE = AlertRule(
    name="meter_says",
    title="The water meter itself raises an alarm",
    title_zh="水表自报异常",
    scope="device",
    fields={"water_meter": frozenset({"flags"})},
    condition=_condition,
    keep=timedelta(hours=36),
    stale_after=timedelta(hours=54),
    explanation=Template(
        zh="水表自报：{marks}（依据：{limit_from}），自 {start_at} 起。",
        en="The meter itself says: {marks} ({limit_from}), since {start_at}.",
    ),
)
