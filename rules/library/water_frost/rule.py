"""The rule `water_frost`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.threshold import Level, Threshold
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_SETTING = "general knowledge, not from a standard"
WARM_C = Limit(
    name="warn_c",
    default=3.0,
    unit="degC",
    low=1.0,
    high=8.0,
    tighter=Tighter.HIGHER,
    source=_SETTING,
)
FREEZING_C = Limit(
    name="freezing_c",
    default=0.0,
    unit="degC",
    low=0.0,
    high=4.0,
    tighter=Tighter.HIGHER,
    source=f"water freezes at 0 degC; {_SETTING}",
)
_BAND_C = 0.5


def _condition(numbers: Numbers) -> Condition:
    warn, freezing = numbers["warn_c"], numbers["freezing_c"]
    return Threshold(
        "water_temperature_c",
        (
            Level(Severity.WARNING, warn.value, warn.value + _BAND_C, warn.source),
            Level(Severity.CRITICAL, freezing.value, freezing.value + _BAND_C, freezing.source),
        ),
        falling=True,
    )


RULE = AlertRule(
    name="water_frost",
    title="Water near freezing",
    title_zh="水表低温冻结预警",
    scope="device",
    fields={"water_meter": frozenset({"water_temperature_c"})},
    condition=_condition,
    limits=(WARM_C, FREEZING_C),
    keep=timedelta(hours=6),
    stale_after=timedelta(hours=54),
    explanation=Template(
        zh="水温告知时为 {value} °C，已降至限值 {limit} °C"
        "（依据：{limit_from}），自 {start_at} 起。",
        en="Water: {value} degC when told, the limit of {limit} degC was reached ({limit_from}). "
        "It began at {start_at}.",
    ),
)
