"""The rule `gas_level_ch4`."""

from rules.library.gas_levels import gas_level_rule, gas_limit

RULE = gas_level_rule(
    "gas_level_ch4",
    ("甲烷浓度", "Methane level"),
    "ch4_lel_pct",
    (gas_limit("level_1", 25.0, 10.0, "%LEL"), gas_limit("level_2", 50.0, 20.0, "%LEL")),
    band=5.0,
)
