"""Leaks and disturbances that are put into the readings of a real meter."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple, TypeAlias

from devices.instant import Instant

HOUR = 3_600_000
DAY = 24 * HOUR
LASTS = 14 * DAY
JUMP_L = 248_541
"""The one jump that the recording has."""

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


def disturbances(readings: Sequence[Counted]) -> dict[str, list[Counted]]:
    """Return the readings with a gap, and with each kind of wrong counter, a day after the first.

    No water runs that did not run, so nobody is to be alarmed.
    """
    start_at = readings[0][0] + DAY
    before = [reading for reading in readings if reading[0] < start_at]
    after = readings[len(before) :]
    first, rest = after[:1], after[1:]
    return {
        "gap of 8 h": [*before, *(one for one in after if one[0] >= start_at + 8 * HOUR)],
        "gap of 3 days": [*before, *(one for one in after if one[0] >= start_at + 3 * DAY)],
        "jump": [*before, *((at, litres + JUMP_L) for at, litres in first), *rest],
        "jump that stays": [*before, *((at, litres + JUMP_L) for at, litres in after)],
        "drop": [*before, *((at, litres // 2) for at, litres in first), *rest],
        "new meter": [*before, *((at, litres - after[0][1]) for at, litres in after)],
        "frozen for a day": [
            (at, before[-1][1] if start_at <= at < start_at + DAY else litres)
            for at, litres in readings
        ],
    }


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
