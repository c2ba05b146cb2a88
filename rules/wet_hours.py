"""Wet hours: how often a home has water in an hour, and how unlikely a run of them is by that.

Habits are counts of minutes, by day and by night, and of the last days by day and by night: of what
is known of a home, and for each flow of what is above it. Of what is known a fifth count says how
much lies in long slots.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import log
from typing import Any, NamedTuple, TypeAlias

from devices.instant import Instant, milliseconds_of
from rules.water_use import HOUR, Use

Minutes: TypeAlias = Sequence[int]
"""By day, by night, of late by day, of late by night; of what is known also in long slots."""
Run: TypeAlias = Any
"""0 for none; else since when, what was known then, the least flow in L/h, and how many of its
slots were long, by day and by night."""

_UNLIKELY = log(10_000)
"""Once in 10,000 runs by chance, were hours independent (a choice; a day has no such alarm)."""
_UNSEEN_NIGHT = 1.5
"""A run of which no hour of the night is known must be so many times unlikelier, in the logarithm:
it may have paused there, as nearly every home does (a choice)."""
_HOURS_UNSEEN_NIGHT = 12.0
"""Of such a run no more hours count: the next day has the same hours as this (a choice)."""
_PART = 8
"""Of so many hours of a run one must be known, which is three of a day (a choice)."""
_MOST = (0.75, 0.5)
"""By day and by night, the share of hours with water taken for usual before it is learnt, and at
the most: with them, a day of 24 hours is just unlikely enough."""
_LEAST = 0.02
"""The share at the least: with it, three hours are just unlikely enough (a choice)."""
_GUESSED = (42 * 60, 14 * 60)
"""What was taken for usual counts as a third of a week, of it a quarter by night: then a week that
is known, even of a meter of which little is heard, says more than the guess (a choice)."""
_LEARNT = 30 * 24 * 60
"""With more than that all counts are halved: the habit is that of 15 to 30 days."""
_LATE = 3 * 24 * 60
"""With more than that those of late are halved, so that they are of a day and a half to three."""
_WEIGHT = 6 * 60
"""Beside what is known of late the habit of weeks counts as so much (a choice)."""
_LONG = 5 * HOUR // 4
"""A longer slot is long: it may hide a pause. An hourly meter is at times a little late."""
_UTC_OFFSET = milliseconds_of(timedelta(hours=8))
_NIGHT_UNTIL = 6 * HOUR
"""Local hour until which people sleep, from midnight (general knowledge)."""
_DAY = 24 * HOUR
_MINUTE = 60_000

FIRST_KNOWN: Minutes = (*_GUESSED, 0, 0, 0)
FIRST_WET: Minutes = (int(_GUESSED[0] * _MOST[0]), int(_GUESSED[1] * _MOST[1]), 0, 0)


class Habit(NamedTuple):
    """How much is known of a home, and how much of that is above a flow."""

    known: Minutes
    wet: Minutes


def with_slot(known: Minutes, use: Use) -> Minutes:
    """Return what is known after a slot; one of more than an hour counts as one."""
    day, night, late_day, late_night, long = known
    start_at, end_at, *_ = use
    span = end_at - start_at
    minutes = 60 if span > HOUR else (span + _MINUTE // 2) // _MINUTE
    if span > _LONG:
        long += minutes
    if (start_at + span // 2 + _UTC_OFFSET) % _DAY < _NIGHT_UNTIL:
        return day, night + minutes, late_day, late_night + minutes, long
    return day + minutes, night, late_day + minutes, late_night, long


def long_slots(use: Use) -> tuple[int, int]:
    """Return whether a slot is long, by day and by night, as 0 or 1."""
    span = use.end_at - use.start_at
    if span <= _LONG:
        return 0, 0
    by_night = (use.start_at + span // 2 + _UTC_OFFSET) % _DAY < _NIGHT_UNTIL
    return int(not by_night), int(by_night)


def outgrown(known: Minutes) -> bool:
    """Return whether counts are to be halved, see `halved`."""
    day, night, late_day, late_night, _ = known
    return day + night > _LEARNT or late_day + late_night > _LATE


def halved(known: Minutes, counts: Minutes) -> Minutes:
    """Return counts, of which those are halved that say more than they are to remember."""
    day, night, late_day, late_night, *long = counts
    if known[0] + known[1] > _LEARNT:
        day, night, *long = (count // 2 for count in (day, night, *long))
    if known[2] + known[3] > _LATE:
        late_day, late_night = late_day // 2, late_night // 2
    return day, night, late_day, late_night, *long


def learnt(wet: Minutes, run: Run, known: Minutes) -> Minutes:
    """Return what is above a flow with a run that is over: what became known since it began.

    It did not if something was found before it.
    """
    was: Minutes = run[1]
    if known[0] < was[0] or known[1] < was[1]:
        return wet
    gained = (now - before for now, before in zip(known, was, strict=True))
    return tuple(above + more for above, more in zip(wet, gained, strict=False))


def known_minutes(run: Run, known: Minutes) -> int:
    """Return how much of a run is known."""
    was: Minutes = run[1]
    return known[0] + known[1] - was[0] - was[1]


def is_no_chance(run: Run, known: Minutes, habit: Habit, at: Instant) -> bool:
    """Return whether a run is too unlikely for this home, and enough of it known to say so."""
    since: Instant = run[0]
    was: Minutes = run[1]
    if _PART * _MINUTE * known_minutes(run, known) < at - since:
        return False
    if known[1] == was[1]:
        hours = (known[0] - was[0]) / 60
        counts = min(1.0, _HOURS_UNSEEN_NIGHT / hours)
        return counts * _improbability(0, run, known, habit) >= _UNSEEN_NIGHT * _UNLIKELY
    return sum(_improbability(part, run, known, habit) for part in (0, 1)) >= _UNLIKELY


def _improbability(part: int, run: Run, known: Minutes, habit: Habit) -> float:
    """Return the negative logarithm of the chance of a run's hours of the day, or of the night.

    A long slot has water twice as easily, unless the habit was learnt from such slots.
    """
    share = _share(part, habit)
    long: int = run[3 + part]
    was: Minutes = run[1]
    if 2 * habit.known[4] > habit.known[0] + habit.known[1]:
        long = 0
    hours = (known[part] - was[part]) / 60 - long
    return -log(share) * hours - log(1 - (1 - share) ** 2) * long


def _share(part: int, habit: Habit) -> float:
    """Return the share of hours with water that is usual, of the day or of the night.

    It is that of weeks or of late, whichever is more: who comes home lives as of late.
    """
    known, wet = habit
    usual = wet[part] / known[part]
    late = (wet[part + 2] + usual * _WEIGHT) / (known[part + 2] + _WEIGHT)
    return max(_LEAST, min(_MOST[part], max(usual, late)))
