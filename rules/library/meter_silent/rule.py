"""The rule `meter_silent`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.learnt import Habit, LearntSilence
from rules.library.silences import QUIETED_BY, UNHEARD, patience, silent
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

NOTE = patience("note_h", 54.0, (8.0, 168.0), "practice: two periods of a day and 6 h")
WARN = patience("warn_h", 168.0, (24.0, 720.0))
HOLD = timedelta(hours=1)

_OWN = Habit(
    intervals=2.0,
    spare=timedelta(hours=6),
    least=timedelta(hours=12),
    source="practice: two of the meter's own periods and 6 h, at least 12 h",
)


def _condition(numbers: Numbers) -> Condition:
    levels = (Severity.NOTICE, numbers[NOTE.name]), (Severity.WARNING, numbers[WARN.name])
    return LearntSilence(silent(levels, NOTE.unit, HOLD), _OWN)


RULE = AlertRule(
    name="meter_silent",
    title="Water meter silent",
    title_zh="水表失联",
    scope="device",
    fields={"water_meter": frozenset()},
    condition=_condition,
    limits=(NOTE, WARN),
    hold=HOLD,
    awaits=True,
    quieted_by=QUIETED_BY,
    explanation=UNHEARD,
)
