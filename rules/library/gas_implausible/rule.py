"""The rule `gas_implausible`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.together import Above, Together
from rules.explanation import Template
from rules.library.gas_levels import STALE_AFTER, trusted
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_SOURCE = "practice: O2 at 20.9 %vol while CH4 is at 50 %LEL"
_BAND_LEL = 5.0
_BAND_VOL = 0.1

METHANE = Limit(
    name="ch4_lel",
    default=50.0,
    unit="%LEL",
    low=25.0,
    high=100.0,
    tighter=Tighter.LOWER,
    source=_SOURCE,
)
OXYGEN = Limit(
    name="o2_vol",
    default=20.8,
    unit="%vol",
    low=20.5,
    high=21.5,
    tighter=Tighter.LOWER,
    source=_SOURCE,
)


def _condition(numbers: Numbers) -> Condition:
    methane, oxygen = numbers[METHANE.name], numbers[OXYGEN.name]
    values = (
        Above("CH4", "ch4_lel_pct", methane.value, methane.value - _BAND_LEL),
        Above("O2", "o2_vol_pct", oxygen.value, oxygen.value - _BAND_VOL),
    )
    return trusted(Together(values, Severity.WARNING, methane.source))


RULE = AlertRule(
    name="gas_implausible",
    title="Gas readings contradict each other",
    title_zh="气体读数相互矛盾",
    scope="device",
    fields={"gas_monitor": frozenset({"ch4_lel_pct", "o2_vol_pct", "sensor_status"})},
    condition=_condition,
    limits=(METHANE, OXYGEN),
    hold=timedelta(minutes=5),
    keep=timedelta(minutes=5),
    stale_after=STALE_AFTER,
    explanation=Template(
        zh="甲烷 {CH4} %LEL 时氧气仍为 {O2} %vol，二者不可能同时成立（依据：{limit_from}）。",
        en="Methane at {CH4} %LEL and oxygen still at {O2} %vol cannot both be true "
        "({limit_from}).",
    ),
)
