"""The rule `gas_level_co`."""

from rules.library.gas_levels import gas_level_rule, gas_limit

RULE = gas_level_rule(
    "gas_level_co",
    ("一氧化碳浓度", "Carbon monoxide level"),
    "co_mgm3",
    (gas_limit("level_1", 20.0, 10.0, "mg/m3"), gas_limit("level_2", 40.0, 20.0, "mg/m3")),
    band=2.0,
)
