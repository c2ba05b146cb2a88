"""The rule `door_duress`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.said import Said
from rules.explanation import Template
from rules.rule import REMOVED, AlertRule, Numbers
from rules.severity import Severity

_FIELD = "denied_because"
_SOURCE = "the controller's own word; the severity is general knowledge, not from a standard"


def _condition(_: Numbers) -> Condition:
    return Said(_FIELD, frozenset({"duress"}), Severity.CRITICAL, timedelta(minutes=1), _SOURCE)


RULE = AlertRule(
    name="door_duress",
    title="Silent alarm at a door",
    title_zh="门禁静默报警",
    scope="device",
    fields={"door": frozenset({_FIELD})},
    condition=_condition,
    latch_from=Severity.CRITICAL,
    amends=True,
    quieted_by=frozenset({REMOVED}),
    explanation=Template(
        zh="门禁于 {start_at} 静默报警（依据：{limit_from}）；按静默报警预案处置，"
        "勿致电住户、勿在现场声张；须人工复位。",
        en="Silent alarm at the door at {start_at} ({limit_from}). Follow the plan for silent "
        "alarms: no call to the dwelling, nothing said aloud there. A person resets it.",
    ),
)
