"""Gaps and wrong counters that are put into the readings of a real meter.

Left out is what nobody can tell from water, or from none, when it is judged: a counter that rises
by what a tap could let through, and one that stands for two whole days and more.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from devices.instant import Instant
from tests.quality.injection import DAY, HOUR, Counted

JUMP_L = 248_541
"""The one jump that the recording has."""
LASTS_DAYS = 5
"""How long the longest of them lasts."""
_GAPS_H = (1, 3, 8, 24, 72, 24 * LASTS_DAYS)
_FROZEN_H = (3, 8, 24)

_Wrong: TypeAlias = Callable[[int, int], int]
"""What a counter says, of what it should say and of what it should have said at first."""
_FOR_A_WHILE: Mapping[str, _Wrong] = {
    "jump": lambda litres, _: litres + JUMP_L,
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
