"""What the three rules of silent devices share: limits, levels, reasons to keep quiet, words."""

from collections.abc import Iterable
from datetime import timedelta

from rules.conditions.silent import Patience, Silent
from rules.explanation import Template
from rules.limits import InForce, Limit, Tighter
from rules.rule import BLIND_AREA, MAINTENANCE, REMOVED
from rules.severity import Severity

SETTING = "general knowledge, not from a standard"
QUIETED_BY = frozenset({MAINTENANCE, REMOVED, BLIND_AREA})
UNHEARD_ZH = "自 {heard_at} 起未收到数据，已超过 {limit_h} 小时（依据：{limit_from}）。"
UNHEARD_EN = "Nothing heard since {heard_at}, for longer than {limit_h} h ({limit_from})."
NEVER_HEARD_ZH = (
    "自 {expected_at}（安装或首次登记）起应有数据，至今未收到，已超过 {limit_h} 小时"
    "（依据：{limit_from}）。"
)
NEVER_HEARD_EN = (
    "Never heard: expected since {expected_at}, when it was installed or first registered, for "
    "longer than {limit_h} h ({limit_from})."
)
UNHEARD = Template(UNHEARD_ZH, UNHEARD_EN, otherwise=Template(NEVER_HEARD_ZH, NEVER_HEARD_EN))
_UNITS = {"h": timedelta(hours=1), "min": timedelta(minutes=1)}


def patience(
    name: str, default: float, bounds: tuple[float, float], source: str = SETTING
) -> Limit:
    """Return how long a device may be silent, in the unit that ends the name: `_h` or `_min`."""
    low, high = bounds
    return Limit(
        name=name,
        default=default,
        unit=name.rpartition("_")[2],
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source=source,
    )


def silent(levels: Iterable[tuple[Severity, InForce]], unit: str, hold: timedelta) -> Silent:
    """Return the silence of these levels in order of duration, each in `h` or `min`.

    The area hears of it the `hold` before it is told, to see whether others fall silent too.
    """
    return Silent(
        tuple(
            Patience(severity, each.value * _UNITS[unit], each.source) for severity, each in levels
        ),
        hold,
    )
