"""The rule `ventilation`: the sequence, at the first level of the gas rules, for every monitor."""

from collections.abc import Mapping
from operator import attrgetter

from rules.library.gas_level_ch4.rule import RULE as CH4
from rules.library.gas_level_co.rule import RULE as CO
from rules.library.gas_level_h2s.rule import RULE as H2S
from rules.library.oxygen.rule import LOW, VERY_LOW
from rules.library.oxygen.rule import RULE as OXYGEN
from rules.library.ventilation.alerts import ALERTS
from rules.library.ventilation.done import what_was_done
from rules.library.ventilation.sequence import Ventilation
from rules.library.ventilation.tank import Level
from rules.limits import InForce
from rules.sequence import SequenceRule

_VALUE = attrgetter("value")


def _ventilation(limits: Mapping[str, InForce]) -> Ventilation:
    ch4, h2s, co = (
        min((limits[f"{rule.name}.{each.name}"] for each in rule.limits), key=_VALUE)
        for rule in (CH4, H2S, CO)
    )
    oxygen = max((limits[f"{OXYGEN.name}.{each.name}"] for each in (LOW, VERY_LOW)), key=_VALUE)
    return Ventilation(
        (
            Level("ch4_lel_pct", ch4.value, ch4.value - 5.0, ch4.source),
            Level("h2s_mgm3", h2s.value, h2s.value - 1.0, h2s.source),
            Level("co_mgm3", co.value, co.value - 2.0, co.source, starts=False),
            Level("o2_vol_pct", oxygen.value, oxygen.value + 0.3, oxygen.source, falling=True),
        )
    )


RULE = SequenceRule(
    name="ventilation",
    kind="gas_monitor",
    modes=frozenset({"run", "off"}),
    limits=(
        *((rule.name, limit) for rule in (CH4, H2S, CO) for limit in rule.limits),
        *((OXYGEN.name, limit) for limit in (LOW, VERY_LOW)),
    ),
    sequence=_ventilation,
    alerts=ALERTS,
    done=what_was_done,
)
