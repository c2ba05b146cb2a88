"""The rule `meter_silent`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.learnt import Habit, LearntSilence
from rules.conditions.silent import Patience, Silent
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import BLIND_AREA, MAINTENANCE, REMOVED, AlertRule, Numbers
from rules.severity import Severity


def _limit(name: str, default: float, low: float, high: float, source: str) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit="h",
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source=source,
    )


NOTE = _limit("note_h", 54.0, 8.0, 168.0, "practice: two periods of a day and 6 h")
WARN = _limit("warn_h", 168.0, 24.0, 720.0, "general knowledge, not from a standard")
HOLD = timedelta(hours=1)
"""The area hears of a silence so long before it is told, to see whether others fall silent too."""

_OWN = Habit(
    intervals=2.0,
    spare=timedelta(hours=6),
    least=timedelta(hours=12),
    source="practice: two of the meter's own periods and 6 h, at least 12 h",
)


def _condition(numbers: Numbers) -> Condition:
    note, warn = numbers[NOTE.name], numbers[WARN.name]
    silent = Silent(
        (
            Patience(Severity.NOTICE, timedelta(hours=note.value), note.source),
            Patience(Severity.WARNING, timedelta(hours=warn.value), warn.source),
        ),
        HOLD,
    )
    return LearntSilence(silent, _OWN)


RULE = AlertRule(
    name="meter_silent",
    title="Water meter silent",
    title_zh="水表失联",
    scope="device",
    fields={"water_meter": frozenset()},
    condition=_condition,
    limits=(NOTE, WARN),
    hold=HOLD,
    quieted_by=frozenset({MAINTENANCE, REMOVED, BLIND_AREA}),
    explanation=Template(
        zh="自 {heard_at} 起未收到数据，已超过 {limit_h} 小时（依据：{limit_from}）。",
        en="Nothing heard since {heard_at}, for longer than {limit_h} h ({limit_from}).",
    ),
)
