"""Derived values: what a device's readings show together, worked out once for all rules.

Context: several rules of one meter each worked out its use of water, and that was most of their
cost.
Decision: a derivation takes each new reading of a device once, keeps its state under the device's
memory, and its value goes to the rules as one more field of the reading, by its name.
Given up: rules that work out the same thing in ways of their own.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, Protocol

from devices.instant import Instant
from devices.reading import Reading, Values
from rules.condition import State
from rules.meter_size import LARGEST_FLOW_LH, largest_flow_lh
from rules.register import Traits
from rules.water_day import WATER_DAY, WATER_NIGHT, day_of, day_until, night_guard, night_of
from rules.water_use import WATER_USE, Bounds, counter_guard, slot_use, use_of


class Guard(Protocol):
    """What looks over readings that wait."""

    def admits(self, at: Instant, values: Values) -> bool:
        """Return whether this reading may wait as well; each in order, newer than all before."""


class Derivation(NamedTuple):
    """A value that the readings of a kind show together; pure, as a condition is.

    `of` is asked with the state before, None at first, and each reading that is newer than all
    before of its device, never a late one. It returns the state after, and the value, None for
    none. Rules read it by listing its name among their fields. `reads` are what it is worked out
    from: fields of readings without any of which there is no value, and derived values, which stand
    before it in `DERIVATIONS`.

    `until`: the instant before which readings after one have no value of it, 0 for not known. Or
    `guard`: what looks readings over, one after the other, so that its values stay within bounds;
    None while it can't. Both hold while the fields in `steady` stay as they are. See `rules.lull`.
    `alone`: what a late reading shows by itself, None for nothing. See `rules.late`.
    `fit` makes it that of devices of some traits.
    """

    name: str
    kind: str
    of: Callable[[State, Reading], tuple[State, object]]
    reads: frozenset[str]
    until: Callable[[State, Instant], Instant] | None = None
    guard: Callable[[State, Reading, Bounds], Guard | None] | None = None
    steady: frozenset[str] = frozenset()
    alone: Callable[[Reading], object] | None = None
    fit: Callable[["Derivation", Traits], "Derivation"] | None = None

    def fitted(self, traits: Traits) -> "Derivation":
        """Return what is derived of devices of these traits; for most it is the same."""
        return self if self.fit is None else self.fit(self, traits)


def _use_by_size(use: Derivation, traits: Traits) -> Derivation:
    """Return the use of meters of a size: its flow decides what is a step of the counter."""
    most_lh = largest_flow_lh(traits.size, is_bulk=traits.is_bulk)
    if most_lh == LARGEST_FLOW_LH:
        return use
    return use._replace(
        of=partial(use_of, most_lh=most_lh),
        guard=partial(counter_guard, most_lh=most_lh),
        alone=partial(slot_use, most_lh=most_lh),
    )


_USE = frozenset({WATER_USE})
DERIVATIONS = (
    Derivation(
        WATER_USE,
        "water_meter",
        use_of,
        frozenset({"cumulative_m3", "increment_m3"}),
        guard=counter_guard,
        steady=frozenset({"serial"}),
        alone=slot_use,
        fit=_use_by_size,
    ),
    Derivation(
        WATER_DAY,
        "water_meter",
        day_of,
        _USE,
        until=day_until,
        steady=frozenset({"valve", "resolution_l"}),
    ),
    Derivation(WATER_NIGHT, "water_meter", night_of, _USE, guard=night_guard),
)


RARE = frozenset({WATER_DAY, WATER_NIGHT})
"""The values that few readings show. See `Memory.wake`: rules of devices that read nothing else and
that time does not change rest between them."""


def derived_fields(kind: str) -> frozenset[str]:
    """Return the names of what is derived of a kind's readings."""
    return frozenset(each.name for each in DERIVATIONS if each.kind == kind)


def shown_by(kind: str, names: Iterable[str]) -> frozenset[str]:
    """Return the names of what readings of a kind with these fields show, derived values too."""
    shown = frozenset(names)
    for each in DERIVATIONS:
        if each.kind == kind and not each.reads.isdisjoint(shown):
            shown |= {each.name}
    return shown
