"""The rule `ventilation`: the sequence, at level 1 of the gas rules, for every gas monitor."""

from collections.abc import Mapping

from rules.library.gas_level_ch4.rule import RULE as CH4
from rules.library.gas_level_co.rule import RULE as CO
from rules.library.gas_level_h2s.rule import RULE as H2S
from rules.library.oxygen.rule import LOW
from rules.library.oxygen.rule import RULE as OXYGEN
from rules.library.ventilation.alerts import ALERTS
from rules.library.ventilation.done import what_was_done
from rules.library.ventilation.sequence import Ventilation
from rules.library.ventilation.tank import Level
from rules.limits import InForce
from rules.sequence import SequenceRule


def _ventilation(limits: Mapping[str, InForce]) -> Ventilation:
    ch4, h2s, co, oxygen = (limits[rule.name] for rule in (CH4, H2S, CO, OXYGEN))
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
        *((rule.name, rule.limits[0]) for rule in (CH4, H2S, CO)),
        (OXYGEN.name, LOW),
    ),
    sequence=_ventilation,
    alerts=ALERTS,
    done=what_was_done,
)
