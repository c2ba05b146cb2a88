"""The rule `water_battery`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.marks import Marks
from rules.conditions.threshold import Level, Threshold
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_BAND_V = 0.05


def _limit(name: str, default: float) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit="V",
        low=3.0,
        high=3.5,
        tighter=Tighter.HIGHER,
        source="ER26500, 3.6 V; general knowledge, not from a standard",
    )


NOTE = _limit("note_v", 3.3)
WARN = _limit("warn_v", 3.2)


def _condition(numbers: Numbers) -> Condition:
    note, warn = numbers[NOTE.name], numbers[WARN.name]
    levels = (
        Level(Severity.NOTICE, note.value, note.value + _BAND_V, note.source),
        Level(Severity.WARNING, warn.value, warn.value + _BAND_V, warn.source),
    )
    flag = Marks("flags", {"low_battery": Severity.NOTICE}, "status bits of the meter (CJ/T 188)")
    return Combination("any", (Threshold("battery_v", levels, falling=True), flag))


RULE = AlertRule(
    name="water_battery",
    title="Water meter battery low",
    title_zh="水表电池电压低",
    scope="device",
    fields={"water_meter": frozenset({"battery_v", "flags"})},
    condition=_condition,
    limits=(NOTE, WARN),
    keep=timedelta(days=3),
    explanation=Template(
        zh="电池电压告知时为 {value} V，已降至限值 {limit} V"
        "（依据：{limit_from}），自 {start_at} 起。",
        en="Battery: {value} V when told, the limit of {limit} V was reached ({limit_from}). "
        "It began at {start_at}.",
        otherwise=Template(
            zh="水表上报电池电压低（依据：{limit_from}），自 {start_at} 起。",
            en="The meter reports a low battery ({limit_from}), since {start_at}.",
        ),
    ),
)
