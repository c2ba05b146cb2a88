"""The rule `gas_level_h2s`."""

from rules.library.gas_levels import gas_level_rule, gas_limit

RULE = gas_level_rule(
    "gas_level_h2s",
    ("硫化氢浓度", "Hydrogen sulphide level"),
    "h2s_mgm3",
    (gas_limit("level_1", 10.0, 5.0, "mg/m3"), gas_limit("level_2", 20.0, 10.0, "mg/m3")),
    band=1.0,
)
