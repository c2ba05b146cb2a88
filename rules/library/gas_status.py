"""What the rules share that pass on what a gas monitor says of its sensors."""

from rules.condition import Condition
from rules.conditions.marks import Marks
from rules.explanation import Template
from rules.library.gas_levels import HOLD, KEEP, STALE_AFTER
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_FIELD = "sensor_status"


def gas_status_rule(
    name: str, titles: tuple[str, str], status: str, source: str, explanation: Template
) -> AlertRule:
    """Return the rule of one status, a warning; `titles` in Chinese and English."""

    def condition(_: Numbers) -> Condition:
        return Marks(_FIELD, {status: Severity.WARNING}, source)

    title_zh, title = titles
    return AlertRule(
        name=name,
        title=title,
        title_zh=title_zh,
        scope="device",
        fields={"gas_monitor": frozenset({_FIELD})},
        condition=condition,
        hold=HOLD,
        keep=KEEP,
        stale_after=STALE_AFTER,
        explanation=explanation,
    )
