"""Units: conversions between what devices send and what is stored."""

from enum import StrEnum

MOLAR_VOLUME_20C = 24.06
"""Litres a mole of gas takes at 20 degC and 101.325 kPa; what GB/T 50493 readings refer to."""

MOLAR_MASS = {"h2s": 34.08, "co": 28.01}
"""Grams a mole. With the volume above 1 ppm is 1.416 mg/m3 of H2S (1.417 in tables that round the
mass to 34.1) and 1.164 mg/m3 of CO."""


class Concentration(StrEnum):
    """How a meter states the share of a toxic gas."""

    PPM = "ppm"
    MG_PER_M3 = "mg/m3"


def mg_per_m3(gas: str, value: float, unit: Concentration) -> float:
    """Return a concentration of `h2s` or `co` in mg/m3 at 20 degC; KeyError for another gas.

    Valid for any value: a sensor whose zero drifts reads below it. Rounded to 0.001 mg/m3, below
    what any field sensor resolves.
    """
    if unit is Concentration.MG_PER_M3:
        return value
    return round(value * MOLAR_MASS[gas] / MOLAR_VOLUME_20C, 3)
