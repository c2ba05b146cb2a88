"""Leaks that are put into the readings of a real meter."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple, TypeAlias

from devices.instant import Instant

HOUR = 3_600_000
DAY = 24 * HOUR
LASTS = 14 * DAY

Counted: TypeAlias = tuple[Instant, int]
"""When, and the counter in litres."""
Extra: TypeAlias = Callable[[Instant], float]
"""Litres that a leak has let through by then."""


class Leak(NamedTuple):
    """A kind of leak; `begun` makes one that begins at an instant."""

    name: str
    begun: Callable[[Instant, Random], Extra]


def constant(litres_per_hour: float) -> Leak:
    """Return a leak of one size."""
    return Leak(f"constant {litres_per_hour:g} L/h", lambda at, _: _flowing(at, litres_per_hour))


def leaks() -> tuple[Leak, ...]:
    """Return every kind of leak."""
    return (
        *(constant(size) for size in (1, 2, 5, 10, 20)),
        Leak("toilet 6 L / 20-60 min", _toilet),
        Leak("burst 200-600 L/h", lambda at, random: _flowing(at, random.uniform(200, 600))),
        Leak("ramp 0-20 L/h", _ramp),
    )


def leaking(readings: Sequence[Counted], extra: Extra) -> list[Counted]:
    """Return the readings as the meter would have counted, in whole litres."""
    return [(at, litres + int(extra(at))) for at, litres in readings]


def _flowing(start_at: Instant, litres_per_hour: float) -> Extra:
    return lambda at: litres_per_hour * max(0, at - start_at) / HOUR


def _ramp(start_at: Instant, _: Random) -> Extra:
    return lambda at: 10 * max(0, at - start_at) ** 2 / (LASTS * HOUR)


def _toilet(start_at: Instant, random: Random) -> Extra:
    refills, at = [], start_at
    while at < start_at + LASTS + DAY:
        at += round(random.uniform(20, 60) * 60_000)
        refills.append(at)
    return lambda until: 6.0 * sum(refill <= until for refill in refills)
