"""The rule `door_offline`."""

from datetime import timedelta
from typing import get_args

from devices.kinds.door.fields import EventName
from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.episode import Episode, Grade
from rules.conditions.silent import Patience, Silent
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import BLIND_AREA, MAINTENANCE, REMOVED, AlertRule, Numbers
from rules.severity import Severity

_SETTING = "general knowledge, not from a standard"
_SAID = frozenset({"offline"})


def _limit(name: str, default: float, low: float, high: float) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit="h",
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source=_SETTING,
    )


NOTE = _limit("note_h", 26.0, 0.5, 72.0)
WARN = _limit("warn_h", 72.0, 2.0, 336.0)
HOLD = timedelta(minutes=5)
"""The area hears of a silence so long before it is told, to see whether others fall silent too."""


def _condition(numbers: Numbers) -> Condition:
    note, warn = numbers[NOTE.name], numbers[WARN.name]
    silent = Silent(
        (
            Patience(Severity.NOTICE, timedelta(hours=note.value), note.source),
            Patience(Severity.WARNING, timedelta(hours=warn.value), warn.source),
        ),
        HOLD,
    )
    said = Episode(
        begins={"event": _SAID},
        ends={
            "event": frozenset(get_args(EventName)) - _SAID,
            "door_open": frozenset({True, False}),
        },
        grades=(Grade(Severity.NOTICE, timedelta(minutes=5), "the controller's own word"),),
    )
    return Combination("any", (silent, said))


RULE = AlertRule(
    name="door_offline",
    title="Door controller offline",
    title_zh="门禁离线",
    scope="device",
    fields={"door": frozenset()},
    condition=_condition,
    limits=(NOTE, WARN),
    hold=HOLD,
    quieted_by=frozenset({MAINTENANCE, REMOVED, BLIND_AREA}),
    explanation=Template(
        zh="自 {heard_at} 起未收到数据，已超过 {limit_h} 小时（依据：{limit_from}）。",
        en="Nothing heard since {heard_at}, for longer than {limit_h} h ({limit_from}).",
        otherwise=Template(
            zh="门禁自 {start_at} 起离线，已超过 {limit_min} 分钟（依据：{limit_from}）。",
            en="The controller is offline since {start_at}, for more than {limit_min} min "
            "({limit_from}).",
        ),
    ),
)
