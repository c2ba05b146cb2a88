"""A tank: how gas builds up in it, and how a fan clears it.

Each gas goes to its rest by an exponential: what is given off against what is carried away. The
rates and levels are general knowledge, not from a standard; a fan that halves the gas in 5 minutes
is what the ventilation rule expects (not halved in 10 minutes: ineffective).
"""

from math import exp
from typing import NamedTuple

NATURAL_PER_HOUR = 1.0
"""Share of the gas that leaves in an hour through vents, the fan standing."""
FAN_PER_HOUR = 8.3
"""What the running fan adds to it: half of the gas in 5 minutes."""

_O2_AMBIENT_VOL_PCT = 20.9
_LEL_VOL_PCT = 5.0
"""Lower explosive limit of methane, GB/T 50493."""
_METHANE_IN_BIOGAS = 0.6
"""The rest is carbon dioxide, which displaces oxygen as well."""


class Source(NamedTuple):
    """What a tank gives off, as the levels where the gases come to rest while the fan stands."""

    ch4_lel_pct: float
    h2s_ppm: float
    co_ppm: float


class Tank(NamedTuple):
    """The gas in a tank."""

    ch4_lel_pct: float
    h2s_ppm: float
    co_ppm: float

    @property
    def o2_vol_pct(self) -> float:
        """The oxygen that the biogas leaves room for."""
        biogas_vol_pct = self.ch4_lel_pct / 100 * _LEL_VOL_PCT / _METHANE_IN_BIOGAS
        return _O2_AMBIENT_VOL_PCT * (1 - biogas_vol_pct / 100)


def after(tank: Tank, hours: float, source: Source, *, fan_runs: bool) -> Tank:
    """Return the tank so many hours later. Exact for any span over which source and fan hold."""
    rate = NATURAL_PER_HOUR + (FAN_PER_HOUR if fan_runs else 0.0)
    kept = exp(-rate * hours)
    diluted = NATURAL_PER_HOUR / rate
    return Tank(
        *(
            rest * diluted + (now - rest * diluted) * kept
            for now, rest in zip(tank, source, strict=True)
        )
    )
