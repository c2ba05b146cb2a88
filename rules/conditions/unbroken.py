"""Unbroken: water that never stops, graver the longer it runs and the more of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from math import log
from typing import Any, NamedTuple, TypeAlias

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear, unknown
from rules.habit import hour_of
from rules.severity import Severity
from rules.water_use import HOUR, Use, hundredths, thousandths, use_in

_UNLIKELY = log(10_000)
"""Once in 10,000 runs by chance, were hours independent (a choice; a day has no such alarm)."""
_MOST_HABIT = (0.75, 0.5)
"""By day and by night, the share of hours with water taken for usual before it is learnt, and at
the most: with them, a day of 24 hours is just unlikely enough."""
_LEAST_HABIT = 0.05
_GUESSED_H, _LEARNT_IN_H = 168.0, 720.0
"""What was taken for usual counts as a week of hours; the habit is that of 30 days."""
_SHARES = (0.75, 0.25)
"""Of the hours, those of the day and of the night."""
_NIGHT_UNTIL = 6
"""Local hour until which people sleep, from midnight (general knowledge)."""
_NEARLY = 0.96
"""Meters that report about once in so long are a little early half of the time."""

_Run: TypeAlias = list[float] | tuple[float, ...]
"""Since when, how unlikely, and the least flow."""
_Runs: TypeAlias = Sequence[_Run | int]
_Habits: TypeAlias = Sequence[Any]
"""By tier the habit of the day, that of the night, and of how many hours they are."""


class Tier(NamedTuple):
    """How grave a flow is that has been above `flow_lh` in every slot for so long."""

    severity: Severity
    duration: timedelta
    flow_lh: float
    source: str


@dataclass(frozen=True)
class Unbroken(Timeless):
    """Water in every slot, slots shorter than a `block` being taken together.

    With `parts`, only slots shorter than a block are judged.

    A run must last, and be unlikely by the home's own habit: the share of its hours, of the day and
    of the night, that have such a flow, learnt while nothing is found. A gap adds nothing to that:
    one whose mean flow is too small breaks a run, one longer than `longest_gap` ends it without a
    judgement, as does a step of the counter. State: the block that fills, as when it began, its end
    and litres; by tier the run, 0 for none; whether something was found; by tier the habit of the
    day, and that of the night; of how many hours they are.
    """

    tiers: tuple[Tier, ...]
    block: timedelta = timedelta(minutes=30)
    longest_gap: timedelta = timedelta(hours=72)
    parts: bool = False

    def start(self) -> State:
        """Return the state before the first reading."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Lengthen the runs, or break them."""
        use = use_in(reading)
        if use is None or use.litres is None:
            return state, None
        block, runs, found, *habits = state or self._first
        if block and block[1] != use.start_at:
            block, runs = 0, self._none
        if self.parts and not block and self._fills(use.end_at - use.start_at):
            idle = state and not found and not any(runs)
            after = state if idle else (0, self._none, 0, *habits)
            return after, clear(use.end_at) if found else None
        known = use.slot
        if block:
            use = Use(block[0], use.end_at, thousandths(block[2] + use.litres))
        if not self._fills(use.end_at - use.start_at):
            return ((use.start_at, use.end_at, use.litres), runs, found, *habits), None
        if not known:
            runs = self._bridged(runs, use)
            lost = found and not any(runs)
            return (0, runs, found, *habits), unknown(use.end_at) if lost else None
        runs, learnt = self._lengthened(runs, habits, use)
        finding = self._found(runs, use.end_at) if runs is not self._none else None
        if not found and finding is None:
            return (0, runs, 0, *learnt), None
        if finding is None:
            finding = unknown(use.end_at) if any(runs) else clear(use.end_at)
        return (0, runs, int(any(runs)), *habits), finding

    @cached_property
    def _none(self) -> tuple[int, ...]:
        return (0,) * len(self.tiers)

    @cached_property
    def _first(self) -> tuple[Any, ...]:
        habits = ((most,) * len(self.tiers) for most in _MOST_HABIT)
        return 0, self._none, 0, *habits, _GUESSED_H

    @cached_property
    def _flows(self) -> tuple[float, ...]:
        return tuple(tier.flow_lh for tier in self.tiers)

    @cached_property
    def _least(self) -> float:
        return min(self._flows)

    @cached_property
    def _nearly_ms(self) -> float:
        return _NEARLY * milliseconds_of(self.block)

    @cached_property
    def _durations(self) -> tuple[int, ...]:
        return tuple(milliseconds_of(tier.duration) for tier in self.tiers)

    def _fills(self, span: int) -> bool:
        return span >= self._nearly_ms

    def _bridged(self, runs: Iterable[_Run | int], use: Use) -> list[_Run | int]:
        if use.end_at - use.start_at > milliseconds_of(self.longest_gap):
            return [0] * len(self.tiers)
        return [
            run if run and 0 < limit < use.flow_lh else 0
            for limit, run in zip(self._flows, runs, strict=True)
        ]

    def _lengthened(self, runs: _Runs, habits: _Habits, use: Use) -> tuple[_Runs, _Habits]:
        """Return the runs after a block, and the habits with it.

        One loop with all in it: this is the dearest step of the library, and calls doubled it.
        """
        flow, hours = hundredths(use.flow_lh), (use.end_at - use.start_at) / HOUR
        night = _at_night(use)
        by_day, by_night, known = habits
        known = min(known + hours, _LEARNT_IN_H)
        most, weight = _MOST_HABIT[night], hours / (known * _SHARES[night])
        kept = 1 - weight
        if flow <= self._least:
            learnt = [max(_LEAST_HABIT, share * kept) for share in habits[night]]
            return self._none, (by_day, learnt, known) if night else (learnt, by_night, known)
        after: list[_Run | int] = []
        learnt = []
        for limit, run, share in zip(self._flows, runs, habits[night], strict=True):
            if flow > limit:
                since, unlikely, least = run or (use.start_at, 0.0, flow)  # type: ignore[misc]
                unlikely -= log(min(most, share)) * hours
                after.append((since, unlikely, min(least, flow)))
                learnt.append(share * kept + weight)
            else:
                after.append(0)
                learnt.append(max(_LEAST_HABIT, share * kept))
        return after, (by_day, learnt, known) if night else (learnt, by_night, known)

    def _found(self, runs: Iterable[_Run | int], at: Instant) -> Finding | None:
        gravest: Finding | None = None
        for tier, run, duration in zip(self.tiers, runs, self._durations, strict=True):
            if not run or run[1] < _UNLIKELY or at - run[0] < duration:  # type: ignore[index]
                continue
            if gravest is None or tier.severity > (gravest.severity or 0):
                since, _, least = run  # type: ignore[misc]
                evidence: Evidence = {
                    "size_lh": least,
                    "hours": (at - int(since)) // HOUR,
                    "limit_h": tier.duration / timedelta(hours=1),
                    "limit_lh": tier.flow_lh,
                    "limit_from": tier.source,
                }
                gravest = Finding(tier.severity, at, int(since), evidence)
        return gravest


def _at_night(use: Use) -> bool:
    return hour_of((use.start_at + use.end_at) // 2) % 24 < _NIGHT_UNTIL
