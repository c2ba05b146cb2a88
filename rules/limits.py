"""Limits: the numbers of the rules, layered city, district, street, premises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Tighter(StrEnum):
    """In which direction a limit becomes stricter.

    In neither, if it says what a place is like, such as its doors: then any level may set it.
    """

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


class LimitError(ValueError):
    """A setting of a limit that is refused; the text says where and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One number of a rule: its default, its unit, how far it may be set, and its source."""

    name: str
    default: float
    unit: str
    low: float
    high: float
    tighter: Tighter
    source: str


class Setting(NamedTuple):
    """What one level sets: the value for all below it, and how far they may tighten it.

    `strictest` None leaves the bound of the level above.
    """

    value: float
    strictest: float | None = None


class InForce(NamedTuple):
    """A limit as it holds somewhere, and where it comes from."""

    value: float
    source: str


@dataclass(frozen=True, slots=True)
class LimitBook:
    """What the levels have set: by place (an area code or premises), by `<rule>.<limit>`."""

    settings: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)

    def sets(self, places: Sequence[str]) -> tuple[str, ...]:
        """Return which of the places set anything, none if none does, after the topmost."""
        found = tuple(place for place in places if place in self.settings)
        return found if not found or found[0] == places[0] else (places[0], *found)

    def in_force(self, rule: str, limit: Limit, places: Sequence[str]) -> InForce:
        """Return the limit that holds below the places, given from the city down.

        The first of them, the city, may move it anywhere within its bounds. Those below only make
        it stricter than what the city has: the default where it says nothing. Raises LimitError.
        """
        value, source = limit.default, limit.source
        loosest, strictest = limit.low, limit.high
        if limit.tighter is Tighter.LOWER:
            loosest, strictest = strictest, loosest
        for place in places:
            setting = self.settings.get(place, {}).get(f"{rule}.{limit.name}")
            if setting is not None:
                where = f"{place}: {rule}.{limit.name}"
                _require_between(where, setting.value, loosest, strictest, limit.unit)
                value, source = setting.value, f"set by {place}"
                if setting.strictest is not None:
                    _require_between(where, setting.strictest, value, strictest, limit.unit)
                    strictest = setting.strictest
            if limit.tighter is not Tighter.NEITHER:
                loosest = value
        return InForce(value, source)


def _require_between(where: str, value: float, one: float, other: float, unit: str) -> None:
    low, high = min(one, other), max(one, other)
    if not low <= value <= high:
        raise LimitError(f"{where}: expected {low:g} to {high:g} {unit}, found {value:g}")
