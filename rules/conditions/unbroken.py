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
from rules.severity import Severity
from rules.water_use import HOUR, Use, hundredths, thousandths, use_in

_UNLIKELY = log(10_000)
"""Once in 10,000 runs by chance, were hours independent (a choice; a day has no such alarm)."""
_DOUBT = 1.0
"""What a gap takes from that: it may hide the pause (a choice)."""
_HABIT = 0.68
"""The share of hours with water taken for usual before it is learnt, and at the most: with it, a
day of 24 hours is just unlikely enough."""
_LEAST_HABIT = 0.2
_LEARNT_IN_H = 720
_NEARLY = 0.96
"""Meters that report about once in so long are a little early half of the time."""

_Run: TypeAlias = list[float] | tuple[float, ...]
"""Since when, how unlikely, and the least flow."""
_Runs: TypeAlias = Sequence[_Run | int]
_Habit: TypeAlias = list[float]


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

    A run must last, and be unlikely by the home's own habit: the share of its hours that have such
    a flow, learnt while nothing is found. A gap takes from that: one whose mean flow is too
    small breaks a run, one longer than `longest_gap` ends it without a judgement, as does a step of
    the counter. State: the block that fills, as when it began, its end and litres; by tier
    the run, 0 for none; whether something was found; by tier the habit.
    """

    tiers: tuple[Tier, ...]
    block: timedelta = timedelta(minutes=30)
    longest_gap: timedelta = timedelta(hours=30)
    parts: bool = False

    def start(self) -> State:
        """Return the state before the first reading."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Lengthen the runs, or break them."""
        use = use_in(reading)
        if use is None or use.litres is None:
            return state, None
        block, runs, found, habit = state or self._first
        if block and block[1] != use.start_at:
            block, runs = 0, self._none
        if self.parts and not block and self._fills(use.end_at - use.start_at):
            after = state if not found and not any(runs) else (0, self._none, 0, habit)
            return after, clear(use.end_at) if found else None
        known = use.slot
        if block:
            use = Use(block[0], use.end_at, thousandths(block[2] + use.litres))
        if not self._fills(use.end_at - use.start_at):
            return ((use.start_at, use.end_at, use.litres), runs, found, habit), None
        if not known:
            runs = self._bridged(runs, use)
            lost = found and not any(runs)
            return (0, runs, found, habit), unknown(use.end_at) if lost else None
        runs, learnt = self._lengthened(runs, habit, use)
        finding = self._found(runs, use.end_at) if runs is not self._none else None
        if not found and finding is None:
            return (0, runs, 0, learnt), None
        if finding is None:
            finding = unknown(use.end_at) if any(runs) else clear(use.end_at)
        return (0, runs, int(any(runs)), habit), finding

    @cached_property
    def _none(self) -> tuple[int, ...]:
        return (0,) * len(self.tiers)

    @cached_property
    def _first(self) -> tuple[Any, ...]:
        return 0, self._none, 0, (_HABIT,) * len(self.tiers)

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
        after: list[_Run | int] = []
        for tier, run in zip(self.tiers, runs, strict=True):
            if not run or not tier.flow_lh or use.flow_lh <= tier.flow_lh:
                after.append(0)
                continue
            since, unlikely, least = run  # type: ignore[misc]
            after.append([since, max(0.0, unlikely - _DOUBT), least])
        return after

    def _lengthened(self, runs: _Runs, habit: Iterable[float], use: Use) -> tuple[_Runs, _Habit]:
        """Return the runs after a block, and the habit with it.

        One loop with all in it: this is the dearest step of the library, and calls doubled it.
        """
        flow, hours = hundredths(use.flow_lh), (use.end_at - use.start_at) / HOUR
        weight = hours / _LEARNT_IN_H
        kept = 1 - weight
        if flow <= self._least:
            return self._none, [max(_LEAST_HABIT, share * kept) for share in habit]
        after: list[_Run | int] = []
        learnt: list[float] = []
        for limit, run, share in zip(self._flows, runs, habit, strict=True):
            if flow > limit:
                since, unlikely, least = run or (use.start_at, 0.0, flow)  # type: ignore[misc]
                unlikely -= log(min(_HABIT, share)) * hours
                after.append((since, unlikely, min(least, flow)))
                learnt.append(share * kept + weight)
            else:
                after.append(0)
                learnt.append(max(_LEAST_HABIT, share * kept))
        return after, learnt

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
