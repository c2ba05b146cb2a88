"""What the rules of gas sensors share: their usual ranges."""

from typing import NamedTuple


class Range(NamedTuple):
    """A sensor: its gas, the field of its reading, full scale, and what it reads in clean air."""

    gas: str
    field: str
    full: float
    rest: float
    unit: str

    @property
    def quantity(self) -> str:
        """The gas with the unit of its numbers, as people are told."""
        return f"{self.gas} ({self.unit})"


RANGES = (
    Range("CH4", "ch4_lel_pct", 100.0, 0.0, "%LEL"),
    Range("H2S", "h2s_mgm3", 141.7, 0.0, "mg/m3"),
    Range("CO", "co_mgm3", 582.0, 0.0, "mg/m3"),
    Range("O2", "o2_vol_pct", 25.0, 20.9, "%vol"),
)
"""Full scale by general knowledge, not from a standard: 100 ppm of H2S and 500 ppm of CO, at 1.417
and 1.164 mg/m3 a ppm."""

FIELDS = {"gas_monitor": frozenset({"sensor_status", *(each.field for each in RANGES)})}
WITH_TEMPERATURE = {"gas_monitor": FIELDS["gas_monitor"] | {"temperature_c"}}
