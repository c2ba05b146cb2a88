"""Households: who lives in a home, and where its water goes.

Volumes are general knowledge of appliances, not from a standard. They are set so that a median home
uses what the 92 homes of the DAIAD trial A do: 226 L a day, 44 to 444 L from 5 to 95 %.
"""

from functools import cache
from typing import NamedTuple

from devices.models.calendar import is_weekend, warmth
from devices.models.chance import octets, quantiles, share


class Household(NamedTuple):
    """A household, fixed for the whole run."""

    occupants: int
    thrift: float
    """Its use of water as a multiple of the ordinary."""
    garden: bool
    care: bool
    """Whether it is an elderly person living alone, marked for care."""


class EndUse(NamedTuple):
    """One way of using water."""

    per_person: float
    """Times a day and person."""
    litres: tuple[int, int]
    """Least and most of one fill."""
    fills: int
    """How many slots in a row one use takes water in."""
    weekday: str
    """Weight of each hour from 0 to 23, a digit each."""
    weekend: str


TOILET = EndUse(4.6, (4, 7), 1, "211112578654456555678863", "321111235776555555667764")
TAP = EndUse(11.0, (1, 3), 1, "100001479644565444689742", "210000124788766545689742")
SHOWER = EndUse(0.62, (30, 66), 1, "100001575210011112358962", "210000135554322223358853")
WASHING_MACHINE = EndUse(0.24, (20, 32), 2, "000000134432221112356520", "000000013688754444332210")
GARDEN = EndUse(0.3, (40, 130), 2, "000000244100000001489510", "000000256310000012479410")

_MOST_FILLS = 2
_MOST_DRAWS = 512
"""Octets a day may take, two each use; a household of 5 that is at its most takes 400."""
_SIZES = (0.19, 0.26, 0.34, 0.18, 0.03)
"""Share of homes with 1 to 5 occupants; general knowledge."""
_OCCUPANTS = quantiles(_SIZES)
_TRIP_BLOCK_DAYS = 28


def household_of(seed: int, dwelling: int) -> Household:
    """Return who lives in a dwelling."""
    size, spread, garden, care, more = octets(5, (seed, "household", dwelling))
    occupants = 1 + _OCCUPANTS[size]
    thrift = 0.3 + 0.8 * spread / 256 + 0.6 * more / 256
    return Household(occupants, thrift, garden < 20, occupants == 1 and care < 110)


def is_away(seed: int, dwelling: int, day: int) -> bool:
    """Return whether the whole household is on a trip for the whole day.

    One in eight blocks of 28 days holds a trip of 2 to 9 days.
    """
    block, position = divmod(day + dwelling, _TRIP_BLOCK_DAYS)
    chance = share((seed, "trip", dwelling, block))
    if chance >= 0.125:
        return False
    first, length = int(chance * 8 * 19), 2 + int(chance * 80_000) % 8
    return first <= position < first + length


def litres_by_slot(seed: int, dwelling: int, day: int, slot_minutes: int) -> list[int]:
    """Return the litres that a home takes in each slot of a local day, oldest first."""
    slots = [0] * (1440 // slot_minutes + _MOST_FILLS - 1)
    if not is_away(seed, dwelling, day):
        household = household_of(seed, dwelling)
        draws = octets(_MOST_DRAWS, (seed, "water", dwelling, day))
        taken = 0
        for use, scale in _uses_of(household, day):
            mean = use.per_person * household.occupants * scale
            count = int(mean * (0.5 + draws[taken] / 256) + draws[taken + 1] / 256)
            until = taken + 2 + 2 * count
            where, how_much = _tables(use, slot_minutes, weekend=is_weekend(day))
            places = draws[taken + 2 : until : 2].translate(where)
            litres = draws[taken + 3 : until : 2].translate(how_much)
            for later in range(use.fills):
                for slot, volume in zip(places, litres, strict=True):
                    slots[slot + later] += volume
            taken = until
    past_midnight = slots.pop()
    slots[-1] += past_midnight
    return slots


def _uses_of(household: Household, day: int) -> list[tuple[EndUse, float]]:
    uses = [(use, household.thrift) for use in (TOILET, TAP, SHOWER, WASHING_MACHINE)]
    if household.garden and warmth(day) > 0.3:
        uses.append((GARDEN, 1.0))
    return uses


@cache
def _tables(use: EndUse, slot_minutes: int, *, weekend: bool) -> tuple[bytes, bytes]:
    """Return which slot, and how many litres, an octet stands for."""
    hours = use.weekend if weekend else use.weekday
    per_hour = 60 // slot_minutes
    slots = quantiles(tuple(float(hour) for hour in hours for _ in range(per_hour)))
    least, most = use.litres
    return slots, bytes(
        range(least, most + 1)[place * (most + 1 - least) // 256] for place in range(256)
    )
