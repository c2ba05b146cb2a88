"""Residents: who passes a door, when and by what means.

Habits and their shares are general knowledge, not from a standard. They agree with the water of the
same home: who is on a trip neither takes water nor passes the door.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from devices.models.calendar import is_weekend
from devices.models.chance import generator
from devices.models.household import household_of, is_away

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S

NOBODY = 255
"""Stands for a person who doesn't live there."""

MEANS = ("face", "card", "id_card", "fingerprint", "pin", "qr", "bluetooth")
"""What a resident may present."""
_NIGHT_SHARE = 0.01
"""Of the nights in which a person is out; doors are never quite without openings at night."""
_MEANS_WEIGHTS = (55, 20, 2, 8, 8, 2, 5)


class Passage(NamedTuple):
    """Somebody at the door."""

    second: int
    """Of the local day."""
    person: int
    """Which person of the dwelling, from 0; or NOBODY."""
    means: str
    """What was presented, or what opened the door."""
    direction: str
    """`in` or `out`."""
    open_s: int
    """Seconds until the door is closed again."""
    denied_because: str | None = None
    """Why it stays shut, if it does."""


def passages(seed: int, dwelling: int, day: int, persons: int | None = None) -> list[Passage]:
    """Return who of a dwelling passes its door on a local day, in no order.

    `persons` overrides how many live there.
    """
    if is_away(seed, dwelling, day):
        return []
    chance = generator((seed, "door", dwelling, day))
    household = household_of(seed, dwelling)
    found: list[Passage] = []
    for person in range(max(household.occupants, persons or 0)):
        outings = _care_outings(chance) if household.care else _outings(chance, day)
        for leave, back in outings:
            found.append(_leaving(leave, person, chance))
            found.extend(_returning(back, person, chance))
    if chance.random() < (0.3 if household.care else 0.12):
        found.append(_visit(chance))
    return [passage for passage in found if passage.second < DAY_S]


def _outings(chance: Random, day: int) -> Iterator[tuple[int, int]]:
    """Yield when a person leaves and returns: work or school, and what evening and night bring."""
    if not is_weekend(day) and chance.random() < 0.75:
        leave = int(chance.gauss(7.8, 0.7) * HOUR_S)
        yield max(leave, 5 * HOUR_S), max(int(chance.gauss(18.2, 1.0) * HOUR_S), 9 * HOUR_S)
    elif chance.random() < 0.8:
        leave = int(chance.uniform(8.5, 15) * HOUR_S)
        yield leave, leave + int(chance.uniform(0.3, 3) * HOUR_S)
    if chance.random() < 0.25:
        leave = int(chance.uniform(19.5, 21) * HOUR_S)
        yield leave, leave + int(chance.uniform(0.3, 2.5) * HOUR_S)
    if chance.random() < _NIGHT_SHARE:
        leave = int(chance.uniform(0, 4) * HOUR_S)
        yield leave, leave + int(chance.uniform(0.2, 1.5) * HOUR_S)


def _care_outings(chance: Random) -> Iterator[tuple[int, int]]:
    """An elderly person alone: the market in the morning on most days."""
    if chance.random() < 0.85:
        leave = int(chance.uniform(6.5, 9.5) * HOUR_S)
        yield leave, leave + int(chance.uniform(0.4, 1.6) * HOUR_S)


def _leaving(second: int, person: int, chance: Random) -> Passage:
    return Passage(second, person, "exit_button", "out", _open_s(chance))


def _returning(second: int, person: int, chance: Random) -> Iterator[Passage]:
    if chance.random() < 0.012:
        yield Passage(second, person, "face", "in", 0, "unknown")
        second += 8
    means = chance.choices(MEANS, _MEANS_WEIGHTS)[0]
    yield Passage(second, person, means, "in", _open_s(chance))


def _visit(chance: Random) -> Passage:
    second = int(chance.uniform(9, 20) * HOUR_S)
    return Passage(second, NOBODY, "visitor", "in", _open_s(chance))


def _open_s(chance: Random) -> int:
    """Seconds; three in a thousand times the door is held open."""
    return chance.randint(90, 400) if chance.random() < 0.003 else chance.randint(4, 14)
