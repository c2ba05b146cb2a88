"""The rule `door_offline`."""

from datetime import timedelta
from typing import get_args

from devices.kinds.door.fields import EventName
from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.episode import Episode, Grade
from rules.explanation import Template
from rules.library.silences import (
    NEVER_HEARD_EN,
    NEVER_HEARD_ZH,
    QUIETED_BY,
    UNHEARD_EN,
    UNHEARD_ZH,
    patience,
    silent,
)
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_SAID = frozenset({"offline"})


NOTE = patience("note_h", 26.0, (0.5, 72.0))
WARN = patience("warn_h", 72.0, (2.0, 336.0))
HOLD = timedelta(minutes=5)


def _condition(numbers: Numbers) -> Condition:
    levels = (Severity.NOTICE, numbers[NOTE.name]), (Severity.WARNING, numbers[WARN.name])
    said = Episode(
        begins={"event": _SAID},
        ends={
            "event": frozenset(get_args(EventName)) - _SAID,
            "door_open": frozenset({True, False}),
        },
        grades=(Grade(Severity.NOTICE, timedelta(minutes=5), "the controller's own word"),),
    )
    return Combination("any", (silent(levels, NOTE.unit, HOLD), said))


RULE = AlertRule(
    name="door_offline",
    title="Door controller offline",
    title_zh="门禁离线",
    scope="device",
    fields={"door": frozenset()},
    condition=_condition,
    limits=(NOTE, WARN),
    hold=HOLD,
    awaits=True,
    quieted_by=QUIETED_BY,
    explanation=Template(
        zh=UNHEARD_ZH,
        en=UNHEARD_EN,
        otherwise=Template(
            zh=NEVER_HEARD_ZH,
            en=NEVER_HEARD_EN,
            otherwise=Template(
                zh="门禁自 {start_at} 起离线，已超过 {limit_min} 分钟（依据：{limit_from}）。",
                en="The controller is offline since {start_at}, for more than {limit_min} min "
                "({limit_from}).",
            ),
        ),
    ),
)
