"""Gaps and wrong counters that are put into the readings of a real meter.

Left out is what nobody can tell from water when it is judged, at the time or ever: a counter that
rises by what a tap could let through, and stays there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from devices.instant import Instant
from tests.quality.injection import DAY, HOUR, Counted

JUMP_L = 248_541
"""The one jump that the recording has."""
_BEIJING, _NIGHT_UNTIL = 8 * HOUR, 7 * HOUR
LASTS_DAYS = 5
"""How long the longest of them lasts."""
_GAPS_H = (1, 3, 8, 24, 72, 24 * LASTS_DAYS)
_FROZEN_H = (3, 8, 24, 48, 72)
STANDS = frozenset({"frozen for 48 h", "frozen for 72 h", "frozen, and on from there"})
"""Of a counter that stands for two days, or never counts what ran, the rules for that may speak."""

_Wrong: TypeAlias = Callable[[int, int], int]
"""What a counter says, of what it should say and of what it should have said at first."""
_FOR_A_WHILE: Mapping[str, _Wrong] = {
    "jump": lambda litres, _: litres + JUMP_L,
    "rise of 300 L": lambda litres, _: litres + 300,
    "rise of 2,000 L": lambda litres, _: litres + 2_000,
    "rise of 4,000 L": lambda litres, _: litres + 4_000,
    "half": lambda litres, _: litres // 2,
    "zero": lambda _, __: 0,
}
_FROM_THEN_ON: Mapping[str, _Wrong] = {
    "jump that stays": lambda litres, _: litres + JUMP_L,
    "back by 300 L": lambda litres, _: litres - 300,
    "new meter": lambda litres, first: litres - first,
    "new meter at 400 L": lambda litres, first: litres - first + 400,
}


def disturbances(readings: Sequence[Counted]) -> dict[str, list[Counted]]:
    """Return the readings with each gap and wrong counter, a day after the first, as they arrive.

    No water runs that did not run, so nobody is to be alarmed.
    """
    start_at = readings[0][0] + DAY
    before = [reading for reading in readings if reading[0] < start_at]
    after = [*readings[len(before) :]]
    return {
        **{f"gap of {hours} h": [*before, *_from(after, start_at, hours)] for hours in _GAPS_H},
        **{f"frozen for {hours} h": _frozen(before, after, hours) for hours in _FROZEN_H},
        **{
            f"{name}, {times} times": [*before, *_wrong(after[:times], wrong), *after[times:]]
            for name, wrong in _FOR_A_WHILE.items()
            for times in (1, 2, 4)
        },
        **{name: [*before, *_wrong(after, wrong)] for name, wrong in _FROM_THEN_ON.items()},
        "frozen, and on from there": _lost(before, after),
        "each twice": [*before, *(one for one in after for _ in range(2))],
        "a day late": [*before, *_late(after, start_at + DAY)],
        "a day in disorder": [*before, *_in_disorder(after, start_at + DAY)],
        "a week in disorder": [*before, *_in_disorder(after, start_at + 7 * DAY)],
        "every second one lost": [*before, *after[1::2]],
        "every third one lost": [*before, *(one for place, one in enumerate(after) if place % 3)],
        "no word at night": [*before, *(one for one in after if not _at_night(one[0]))],
        "shaking by 3 L": [*before, *_shaking(after)],
    }


def _from(after: Sequence[Counted], start_at: Instant, hours: int) -> list[Counted]:
    return [one for one in after if one[0] >= start_at + hours * HOUR]


def _wrong(readings: Sequence[Counted], wrong: _Wrong) -> list[Counted]:
    return [(at, wrong(litres, readings[0][1])) for at, litres in readings]


def _frozen(before: Sequence[Counted], after: Sequence[Counted], hours: int) -> list[Counted]:
    stood, until = before[-1][1], before[0][0] + DAY + hours * HOUR
    return [*before, *((at, stood if at < until else litres) for at, litres in after)]


def _lost(before: Sequence[Counted], after: Sequence[Counted]) -> list[Counted]:
    """Stand for a day, and go on without what ran meanwhile."""
    stood, until = before[-1][1], before[0][0] + 2 * DAY
    lost = max((litres - stood for at, litres in after if at < until), default=0)
    return [*before, *((at, stood if at < until else litres - lost) for at, litres in after)]


def _late(after: Sequence[Counted], until: Instant) -> list[Counted]:
    """Let what was measured before an instant arrive behind the first one measured after it."""
    held = [one for one in after if one[0] < until]
    rest = after[len(held) :]
    return [*rest[:1], *held, *rest[1:]]


def _in_disorder(after: Sequence[Counted], until: Instant) -> list[Counted]:
    """Let every third reading before an instant be overtaken by the next."""
    number = sum(at < until for at, _ in after) // 3 * 3
    order = [place + (1, -1, 0)[place % 3] for place in range(number)]
    return [*(after[place] for place in order), *after[number:]]


def _at_night(at: Instant) -> bool:
    return (at + _BEIJING) % DAY < _NIGHT_UNTIL


def _shaking(after: Sequence[Counted]) -> list[Counted]:
    """Let every fifth reading say 3 L less; one real meter did so at every fiftieth."""
    return [(at, litres - 3 * (place % 5 == 0)) for place, (at, litres) in enumerate(after)]
