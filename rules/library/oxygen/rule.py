"""The rule `oxygen`."""

from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.threshold import Level, Threshold
from rules.library.gas_levels import (
    HOLD,
    KEEP,
    QUIETED_BY,
    REMEDY,
    STALE_AFTER,
    trusted,
    with_remedy,
)
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_FIELD = "o2_vol_pct"
_BAND = 0.3


def _limit(name: str, default: float, strictest: float, source: str) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit="%vol",
        low=min(default, strictest),
        high=max(default, strictest),
        tighter=Tighter.HIGHER if strictest > default else Tighter.LOWER,
        source=source,
    )


LOW = _limit("low", 19.5, 20.5, "GBZ/T 205, GB 30871")
VERY_LOW = _limit("very_low", 18.0, 19.5, "general knowledge, not from a standard")
ENRICHED = _limit("enriched", 23.5, 21.5, "GBZ/T 205, GB 30871")


def _condition(numbers: Numbers) -> Condition:
    low, very_low, enriched = (numbers[limit.name] for limit in (LOW, VERY_LOW, ENRICHED))
    falling = (
        Level(Severity.WARNING, low.value, low.value + _BAND, low.source),
        Level(Severity.CRITICAL, very_low.value, very_low.value + _BAND, very_low.source),
    )
    rising = (Level(Severity.WARNING, enriched.value, enriched.value - _BAND, enriched.source),)
    return trusted(
        Combination(
            "any",
            (
                Threshold(_FIELD, falling, falling=True, samples=2),
                Threshold(_FIELD, rising, samples=2),
            ),
        )
    )


RULE = AlertRule(
    name="oxygen",
    title="Oxygen",
    title_zh="氧气浓度",
    scope="device",
    fields={"gas_monitor": frozenset({_FIELD, "sensor_status"})},
    condition=_condition,
    limits=(LOW, VERY_LOW, ENRICHED),
    hold=HOLD,
    keep=KEEP,
    stale_after=STALE_AFTER,
    latch_from=Severity.CRITICAL,
    quieted_by=QUIETED_BY,
    remedy=REMEDY,
    explanation=with_remedy(
        zh="氧气告知时为 {value} %vol，已达到限值 {limit} %vol"
        "（依据：{limit_from}），自 {start_at} 起，最差 {worst} %vol。",
        en="Oxygen: {value} %vol when told, the limit of {limit} %vol was reached ({limit_from}). "
        "It began at {start_at}, {worst} %vol at the worst.",
    ),
)
