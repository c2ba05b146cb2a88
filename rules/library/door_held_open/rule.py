"""The rule `door_held_open`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.episode import Episode, Grade
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

WARN = Limit(
    name="warn_min",
    default=10.0,
    unit="min",
    low=1.0,
    high=120.0,
    tighter=Tighter.LOWER,
    source="general knowledge, not from a standard",
)
_NOTED = "ONVIF DoorOpenTooLong; the controller's own time, 30 to 60 s by general knowledge"


def _condition(numbers: Numbers) -> Condition:
    warn = numbers[WARN.name]
    return Episode(
        begins={"event": frozenset({"held_open"})},
        ends={"event": frozenset({"closed", "fire_release"}), "door_open": frozenset({False})},
        grades=(
            Grade(Severity.NOTICE, timedelta(0), _NOTED),
            Grade(Severity.WARNING, timedelta(minutes=warn.value), warn.source),
        ),
    )


RULE = AlertRule(
    name="door_held_open",
    title="Door held open",
    title_zh="门长时间未关",
    scope="device",
    fields={"door": frozenset({"event", "door_open"})},
    condition=_condition,
    limits=(WARN,),
    stale_after=timedelta(minutes=30),
    explanation=Template(
        zh="门自 {start_at} 起未关，持续 {limit_min} 分钟以上（依据：{limit_from}）。",
        en="Door open since {start_at}, for {limit_min} min or more ({limit_from}).",
        otherwise=Template(
            zh="门自 {start_at} 起未关（依据：{limit_from}）。",
            en="Door held open since {start_at} ({limit_from}).",
        ),
    ),
)
