"""The rule `door_forced`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.episode import Episode, Grade
from rules.explanation import Template
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_SOURCE = "ONVIF DoorForcedOpen; the severity is general knowledge, not from a standard"


def _condition(_: Numbers) -> Condition:
    return Episode(
        begins={"event": frozenset({"forced"})},
        ends={"event": frozenset({"closed", "fire_release"}), "door_open": frozenset({False})},
        grades=(
            Grade(Severity.WARNING, timedelta(0), _SOURCE),
            Grade(Severity.CRITICAL, timedelta(minutes=10), _SOURCE),
        ),
    )


RULE = AlertRule(
    name="door_forced",
    title="Door forced",
    title_zh="门被强行打开",
    scope="device",
    fields={"door": frozenset({"event", "door_open"})},
    condition=_condition,
    keep=timedelta(minutes=5),
    stale_after=timedelta(minutes=30),
    explanation=Template(
        zh="门于 {start_at} 被强行打开，持续 {limit_min} 分钟以上（依据：{limit_from}）。",
        en="Door forced at {start_at}, and open for {limit_min} min or more ({limit_from}).",
        otherwise=Template(
            zh="门于 {start_at} 被强行打开（依据：{limit_from}）。",
            en="Door forced at {start_at} ({limit_from}).",
        ),
    ),
)
