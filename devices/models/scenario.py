"""Scenarios: what goes wrong, when, at which device. TOML text with one `[[event]]` each.

`at` is a duration after the start ("36h", "1d 12h") or a local time some days after the day of the
start ("2d 06:00"). `docs/scenario.toml` shows every kind of incident.
"""

import tomllib
from difflib import get_close_matches
from typing import NamedTuple

from pydantic import ValidationError as Invalid

from devices.models.incident import INCIDENTS, Incident


class ScenarioError(ValueError):
    """A scenario that can't be run; the text names the event, the key and what was expected."""


class Scenario(NamedTuple):
    """What goes wrong, in the order of the text."""

    incidents: tuple[Incident, ...] = ()


EMPTY = Scenario()


def parse_scenario(text: str) -> Scenario:
    """Return the scenario of a TOML text; ScenarioError names event, key and what was expected."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"not TOML: {error}") from None
    for key in tree:
        if key != "event":
            raise ScenarioError(f"{key}: unknown key, expected [[event]]")
    tables = tree.get("event", [])
    if not isinstance(tables, list):
        raise ScenarioError("event: expected [[event]] with two brackets")
    return Scenario(tuple(_incident(number, table) for number, table in enumerate(tables, 1)))


def nearest(word: str, words: list[str]) -> str:
    """Return a hint at the word that was probably meant, or at all of them."""
    close = get_close_matches(word, words, n=1, cutoff=0.4)
    return f"nearest is {close[0]}" if close else f"expected one of {', '.join(words)}"


def _incident(number: int, table: object) -> Incident:
    if not isinstance(table, dict) or "what" not in table:
        raise ScenarioError(f"event {number}: what: missing, one of {', '.join(INCIDENTS)}")
    what = str(table["what"])
    if what not in INCIDENTS:
        raise ScenarioError(f"event {number}: what: unknown, {nearest(what, list(INCIDENTS))}")
    try:
        return INCIDENTS[what].model_validate(table)
    except Invalid as error:
        complaint = error.errors(include_url=False)[0]
        key = str(complaint["loc"][0])
        keys = list(INCIDENTS[what].model_fields)
        hint = (
            f"unknown key, {nearest(key, keys)}"
            if complaint["type"] == "extra_forbidden"
            else complaint["msg"].removeprefix("Value error, ")
        )
        raise ScenarioError(f"event {number}: {key}: {hint}") from None
