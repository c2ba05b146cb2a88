"""Readings in words."""

import pytest

from devices.reading import Reading, Values
from ingest.demo.wording import spoken


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (
            "water_meter",
            {"cumulative_m3": 1234.5, "rsrp_dbm": -101, "flags": "", "flow_m3h": 0.25},
            "cumulative 1,234.50 m³  flow 0.25 m³/h",
        ),
        (
            "gas_monitor",
            {"ch4_lel_pct": 2.5, "h2s_mgm3": 1.0, "h2s_unit": "ppm", "fan_running": True},
            "ch4 2.50 %LEL  h2s 1.00 mg/m³  fan running yes",
        ),
        (
            "door",
            {"event": "denied", "denied_because": "not_yet_valid", "number": 1818},
            "event denied  denied because not yet valid  number 1,818",
        ),
    ],
)
def test_values_are_told_with_their_units(kind: str, values: Values, words: str) -> None:
    assert spoken(Reading("d", kind, 0, 0, values)) == words
