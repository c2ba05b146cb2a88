"""The rule `gas_rate_of_rise`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.named import Named
from rules.conditions.rate import Rate
from rules.conditions.threshold import Level
from rules.explanation import Template
from rules.library.gas_levels import QUIETED_BY, STALE_AFTER, trusted
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_PER = timedelta(minutes=5)
_SHORTEST = timedelta(minutes=2)
_LONGEST = timedelta(minutes=15)
_SETTING = "general knowledge, not from a standard"


def _limit(name: str, default: float, unit: str, low: float, high: float) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit=unit,
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source=_SETTING,
    )


METHANE = _limit("ch4_rise", 10.0, "%LEL", 4.0, 25.0)
H2S = _limit("h2s_rise", 5.0, "mg/m3", 2.0, 10.0)
CO = _limit("co_rise", 10.0, "mg/m3", 4.0, 20.0)
_OF = (
    (METHANE, "CH4 (%LEL)", "ch4_lel_pct"),
    (H2S, "H2S (mg/m3)", "h2s_mgm3"),
    (CO, "CO (mg/m3)", "co_mgm3"),
)


def _condition(numbers: Numbers) -> Condition:
    def rate(limit: Limit, name: str, field: str) -> Condition:
        value, source = numbers[limit.name]
        level = Level(Severity.WARNING, value, value / 2, source)
        return Named(name, Rate(field, (level,), _PER, _SHORTEST, _LONGEST))

    return trusted(Combination("any", tuple(rate(*each) for each in _OF)))


RULE = AlertRule(
    name="gas_rate_of_rise",
    title="Gas rises fast",
    title_zh="气体浓度快速上升",
    scope="device",
    fields={"gas_monitor": frozenset({*(field for _, _, field in _OF), "sensor_status"})},
    condition=_condition,
    limits=(METHANE, H2S, CO),
    keep=timedelta(minutes=5),
    stale_after=STALE_AFTER,
    quieted_by=QUIETED_BY,
    explanation=Template(
        zh="{of} 每 5 分钟上升 {rate}，告知时为 {value}；限值 {limit}（依据：{limit_from}）。",
        en="{of} rises by {rate} in 5 min, at {value} when told; limit {limit} ({limit_from}).",
    ),
)
