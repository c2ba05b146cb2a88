"""The rules of the library as dashboards show them: which board, which list, which page."""

from collections.abc import Mapping

from dashboards.board import CITY, DOORS, GAS, WATER
from rules.catalogue import alert_rules, homes
from rules.limits import Limit
from rules.rule import AlertRule

LEAKS = ("burst", "continuous_leak", "intermittent_leak", "night_flow", "zone_balance")
SILENT_METERS = ("meter_silent",)
WELFARE = ("care_inactive", "household_silent")
LEASES = ("authorisation_failed", "lease_ended", "lease_ending")
FAULTS_OF_MONITORS = (
    "gas_calibration", "gas_flooded", "gas_frozen_sensor", "gas_implausible", "gas_jump",
    "gas_sensor_fault", "gas_silent", "gas_stuck",
)  # fmt: skip
SILENCE = ("blind_area", "door_offline", "gas_silent", "meter_silent")
"""Rules that say that something is not known."""
_BY_KINDS = {
    frozenset({"water_meter"}): WATER,
    frozenset({"gas_monitor"}): GAS,
    frozenset({"door"}): DOORS,
}


def boards() -> Mapping[str, str]:
    """Return the dashboard of each rule; that of the city for what concerns every kind."""
    return {name: _board(rule) for name, rule in sorted(alert_rules().items())}


def others(board: str, *listed: str) -> tuple[str, ...]:
    """Return the rules of a dashboard that no other list of it shows."""
    return tuple(name for name, at in boards().items() if at == board and name not in listed)


def titles() -> Mapping[str, str]:
    """Return what each rule is called in both languages."""
    rules = sorted(alert_rules().items())
    return {name: f"{rule.title_zh} {rule.title}" for name, rule in rules}


def pages() -> Mapping[str, str]:
    """Return the folder with the page of each rule, for those whose folder has another name."""
    return {rule: folder for rule, folder in sorted(homes().items()) if rule != folder}


def limit(rule: str, name: str) -> Limit:
    """Return a limit of the library as it is where nobody has set it; KeyError."""
    limits = {each.name: each for each in alert_rules()[rule].limits}
    return limits[name]


def _board(rule: AlertRule) -> str:
    if rule.scope == "premises":
        return DOORS
    return _BY_KINDS.get(frozenset(rule.fields), CITY)
