"""The rule `door_tamper`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.episode import Episode, Grade
from rules.explanation import Template
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_SOURCE = "BACnet DoorAlarmState 4, tamper; the severity is general knowledge, not from a standard"
_ORDINARY = frozenset({"opened", "closed", "online"})


def _condition(_: Numbers) -> Condition:
    return Episode(
        begins={"event": frozenset({"tamper"})},
        ends={"event": _ORDINARY, "door_open": frozenset({True, False})},
        grades=(Grade(Severity.WARNING, timedelta(0), _SOURCE),),
    )


RULE = AlertRule(
    name="door_tamper",
    title="Door controller tampered with",
    title_zh="门禁被拆动",
    scope="device",
    fields={"door": frozenset({"event", "door_open"})},
    condition=_condition,
    latch_from=Severity.WARNING,
    explanation=Template(
        zh="门禁于 {start_at} 报告被拆动（依据：{limit_from}）；须人工复位。",
        en="The controller reported tampering at {start_at} ({limit_from}); a person resets it.",
    ),
)
