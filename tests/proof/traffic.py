"""The traffic: a seeded plan for each client, with what real networks do to uploads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TypeAlias

from devices.instant import Instant, milliseconds_of
from tests.proof.ledger import LAST, TOOL, Plans
from tests.proof.message import Message, contradiction, sent_again
from tests.proof.planted import planted
from tests.proof.uploads import Make, daily, door, gas, water

_STEP = timedelta(minutes=1)
_DAY = timedelta(days=1)
_KINDS: Sequence[tuple[str, Make]] = (("water", water), ("door", door), ("gas", gas))
_REPEATED = 0.08
_LATE = 0.1
_FARTHEST = 40
"""Places by which an upload comes later than it was measured, or a repeat after the first."""
_TELEMETRY_A_CONTRADICTION = 100
_TIMES_PLANTED = 2

_Placed: TypeAlias = tuple[float, Message]
"""A message and its place in the order of a client's plan."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is published; a client is a device, a third of them of each kind."""

    clients: int
    uploads: int
    """Numbered uploads a client."""
    days: int
    """Daily uploads a water meter."""
    by_tool: int
    bad: int
    """Copies of the bad payloads."""
    name: str = ""
    """What the names of its devices begin with."""


def traffic(size: Size, now: Instant, random: Random) -> Plans:
    """Return what every client publishes, measured in the past week and the days before."""
    first_at = now - milliseconds_of(_DAY * 6)
    plans = {
        TOOL: _series(TOOL, water, size.by_tool, first_at, random),
        LAST: _series(LAST, water, 1, first_at, random),
    }
    bad = list(planted(size.bad, now, size.name))
    for number in range(size.clients):
        name, make = _KINDS[number % len(_KINDS)]
        client = f"{size.name}{name}-{number}"
        placed = list(_uploads(client, make, size.uploads, first_at, random))
        if make is water:
            placed += _days(f"{client}-daily", size, first_at, random)
        placed += _spread(bad[number :: size.clients], size.uploads, random)
        plans[client] = [message for _, message in sorted(placed, key=lambda each: each[0])]
    return plans


def _series(
    device: str, make: Make, uploads: int, first_at: Instant, random: Random
) -> list[Message]:
    """Return numbered uploads, somewhere within successive minutes."""
    step = milliseconds_of(_STEP)
    return [
        make(device, number, first_at + number * step + random.randrange(step), random)
        for number in range(1, uploads + 1)
    ]


def _uploads(
    device: str, make: Make, uploads: int, first_at: Instant, random: Random
) -> Iterator[_Placed]:
    for number, message in enumerate(_series(device, make, uploads, first_at, random)):
        place = number + (random.uniform(1, _FARTHEST) if random.random() < _LATE else 0)
        yield place, message
        if random.random() < _REPEATED:
            yield place + random.uniform(0, _FARTHEST), sent_again(message, random)
        if make is water and number % _TELEMETRY_A_CONTRADICTION == 0:
            other = contradiction(message, "cumulative_m3")
            for _ in range(_TIMES_PLANTED):
                yield place + random.uniform(0, _FARTHEST), other


def _days(device: str, size: Size, before: Instant, random: Random) -> Iterator[_Placed]:
    """Days in any order, each sent once or twice."""
    for number in range(size.days):
        message = daily(device, number, before - number * milliseconds_of(_DAY), random)
        place = random.uniform(0, size.uploads)
        yield place, message
        if random.random() < 0.5:
            yield place + random.uniform(0, _FARTHEST), sent_again(message, random)


def _spread(messages: Sequence[Message], places: int, random: Random) -> Iterator[_Placed]:
    """Put each message somewhere, and once more somewhere else."""
    for message in messages:
        for _ in range(_TIMES_PLANTED):
            yield random.uniform(0, places), message
