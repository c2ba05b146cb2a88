"""Overlap: which alerts of one side have none of the other about the same thing at the same time.

Context: other limits tell of the same incident earlier or later, in one alert or in three.
Decision: alerts about the same place that overlap are of one incident, whenever each began.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

from devices.instant import Instant

T = TypeVar("T")
_NO_END = 1 << 62


class Lasting(NamedTuple):
    """About what something is, and from when until when; `end` None while it lasts."""

    place: Hashable
    start: Instant
    end: Instant | None


def alone(ours: Iterable[T], theirs: Iterable[T], lasting: Callable[[T], Lasting]) -> list[T]:
    """Return those of ours that overlap none of theirs about the same place, in their order."""
    by_place: dict[Hashable, list[Lasting]] = {}
    for each in map(lasting, theirs):
        by_place.setdefault(each.place, []).append(each)
    return [each for each in ours if not _is_met(lasting(each), by_place)]


def _is_met(one: Lasting, by_place: dict[Hashable, list[Lasting]]) -> bool:
    return any(_overlap(one, other) for other in by_place.get(one.place, ()))


def _overlap(one: Lasting, other: Lasting) -> bool:
    one_end = _NO_END if one.end is None else one.end
    other_end = _NO_END if other.end is None else other.end
    return one.start <= other_end and other.start <= one_end
