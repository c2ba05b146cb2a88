"""Unbroken: water that never stops, graver the longer it runs and the more of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import Calm, State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear, unknown
from rules.severity import Severity
from rules.water_use import HOUR, LONGEST_SLOT, Use, hundredths, thousandths, use_in
from rules.wet_hours import (
    FIRST_KNOWN,
    FIRST_WET,
    Habit,
    Minutes,
    Run,
    halved,
    is_no_chance,
    known_minutes,
    learnt,
    long_slots,
    outgrown,
    with_slot,
)

_NEARLY = 0.96
"""Meters that report about once in so long are a little early half of the time."""


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

    A run must last, and be unlikely by the home's own habit before it, learnt while nothing is
    found, see `rules.wet_hours`. A gap adds nothing: one whose mean flow is too small breaks a run,
    one longer than `longest_gap` ends it without a judgement, as does a step of the counter.

    A run is learnt when it ends, and its hours are those that became known since it began, so that
    an hour without water, which is nearly every one, only adds to what is known. State: the block
    that fills, as when it began, its end and litres; by tier the run; what was known when something
    was found; what is known; by tier what of it is above its flow. 0 stands for none.
    """

    tiers: tuple[Tier, ...]
    block: timedelta = timedelta(minutes=30)
    longest_gap: timedelta = timedelta(hours=72)
    parts: bool = False
    _flows: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _durations: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _least: float = field(init=False, repr=False, compare=False)
    _shortest: int = field(init=False, repr=False, compare=False)
    _nearly_ms: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep at hand what is compared at each reading."""
        flows = tuple(tier.flow_lh for tier in self.tiers)
        durations = tuple(milliseconds_of(tier.duration) for tier in self.tiers)
        object.__setattr__(self, "_flows", flows)
        object.__setattr__(self, "_durations", durations)
        object.__setattr__(self, "_least", min(flows))
        object.__setattr__(self, "_shortest", min(durations))
        object.__setattr__(self, "_nearly_ms", _NEARLY * milliseconds_of(self.block))

    def start(self) -> State:
        """Return the state before the first reading."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Lengthen the runs, or break them."""
        use = use_in(reading)
        if use is None:
            return state, None
        if use.litres is None:
            return self._bridged((0, *state[1:]), use) if state else (state, None)
        span = use.end_at - use.start_at
        if self.parts:
            is_long = span >= self._nearly_ms
            return (state, None) if is_long and not state else self._gathered(state, use)
        if span < self._nearly_ms or span > LONGEST_SLOT or (state and state[0]):
            return self._gathered(state, use)
        return self._judged(state or self._first, use)

    @property
    def calm(self) -> Calm:
        """Every use."""
        return Calm()

    def calm_until(self, state: State, at: Instant) -> Instant:
        """Return when a run can be long enough at the earliest."""
        block, runs, found, _, _ = state or self._first
        if found:
            return 0
        since = min([run[0] for run in runs if run], default=at) if runs else at
        return int(min(since, block[0]) if block else since) + self._shortest

    def past(self, state: State) -> State:
        """Return the state before a run of slots that come late."""
        return 0, 0, 0, *(state or self._first)[3:]

    def adopted(self, state: State, past: State) -> State:  # noqa: ARG002 its habit is no other
        """Return the present state after such a run has found something."""
        block, runs, found, known, above = state or self._first
        return block, runs, found or known, known, above

    @cached_property
    def _first(self) -> State:
        return 0, 0, 0, FIRST_KNOWN, (FIRST_WET,) * len(self.tiers)

    def _gathered(self, state: State, use: Use) -> Verdict:
        """Take in what is shorter than a block, or longer than a slot."""
        block, runs, found, known, above = state or self._first
        if block and block[1] != use.start_at:
            block, runs, above = 0, 0, _ended(above, runs, found or known)
        if self.parts and not block and use.end_at - use.start_at >= self._nearly_ms:
            if not runs and not found:
                return state, None
            above = _ended(above, runs, found or known)
            return (0, 0, 0, found or known, above), clear(use.end_at) if found else None
        slot = use.slot
        if block:
            use = Use(block[0], use.end_at, thousandths(block[2] + use.litres))
        if use.end_at - use.start_at < self._nearly_ms:
            return ((use.start_at, use.end_at, use.litres), runs, found, known, above), None
        after = 0, runs, found, known, above
        return self._judged(after, use) if slot else self._bridged(after, use)

    def _bridged(self, state: State, use: Use) -> Verdict:
        """End the runs that a gap or a step breaks."""
        _, runs, found, known, above = state
        if not runs:
            return (0, 0, found, known, above), unknown(use.end_at) if found else None
        unheard = use.end_at - use.start_at > milliseconds_of(self.longest_gap)
        lost = unheard or use.litres is None
        after = [
            run if not lost and 0 < limit < use.flow_lh else 0
            for run, limit in zip(runs, self._flows, strict=True)
        ]
        ended = [0 if after[tier] else run for tier, run in enumerate(runs)]
        above = _ended(above, ended, found or known)
        if any(after):
            return (0, after, found, known, above), None
        return (0, 0, found, known, above), unknown(use.end_at) if found else None

    def _judged(self, state: State, use: Use) -> Verdict:
        """Judge a block; nearly every one is dry and follows a dry one."""
        _, runs, found, known, above = state
        start_at, end_at, litres, _, _, _, _ = use
        now = with_slot(known, use)
        flow = hundredths(litres * HOUR / (end_at - start_at)) if litres else 0.0
        if flow > self._least:
            if not runs and not found and outgrown(known):
                above = [halved(known, each) for each in above]
                return self._judged((0, 0, 0, halved(known, known), above), use)
            return self._lengthened((now, runs, found, known, above), use, flow)
        if not runs and not found:
            return (0, 0, 0, now, above), None
        above = _ended(above, runs, found or known)
        return (0, 0, 0, found or now, above), clear(end_at) if found else None

    def _lengthened(self, state: State, use: Use, flow: float) -> Verdict:
        """Lengthen the runs of the tiers below a flow, and end those of the others."""
        now, runs, found, known, above = state
        long_day, long_night = long_slots(use)
        begun = use.start_at, known, flow, long_day, long_night
        late, ripe = use.end_at - self._shortest, False
        runs = [*runs] if runs else [0] * len(self.tiers)
        one, lowered = begun, begun
        for tier, limit in enumerate(self._flows):
            run = runs[tier]
            if flow > limit:
                if not run:
                    runs[tier] = begun
                    continue
                if flow < run[2] or long_day or long_night:
                    if run is not one:
                        since, was, least, days, nights = one = run
                        lowered = since, was, min(flow, least), days + long_day, nights + long_night
                    runs[tier] = lowered
                ripe = ripe or run[0] <= late
            elif run:
                runs[tier] = 0
                above = [*above]
                above[tier] = learnt(above[tier], run, found or known)
        after = 0, runs, found, now, above
        finding = self._found(after, use.end_at) if ripe else None
        if finding is not None:
            return (0, runs, found or known, now, above), finding
        return after, unknown(use.end_at) if found else None

    def _found(self, state: State, at: Instant) -> Finding | None:
        _, runs, found, known, above = state
        gravest: Finding | None = None
        for number, tier in enumerate(self.tiers):
            run = runs[number]
            if not run or at - run[0] < self._durations[number]:
                continue
            if gravest is not None and tier.severity <= (gravest.severity or 0):
                continue
            habit = Habit([*map(min, run[1], found or known)], above[number])
            if not is_no_chance(run, known, habit, at):
                continue
            since, _, least, _, _ = run
            evidence: Evidence = {
                "size_lh": least,
                "hours": (at - since) // HOUR,
                "known_h": known_minutes(run, known) // 60,
                "limit_h": tier.duration / timedelta(hours=1),
                "limit_lh": tier.flow_lh,
                "limit_from": tier.source,
            }
            gravest = Finding(tier.severity, at, since, evidence)
        return gravest


def _ended(above: Sequence[Minutes], runs: Run, until: Minutes) -> Sequence[Minutes]:
    """Return the habits by tier with runs that are over."""
    if not runs:
        return above
    return [
        learnt(above[tier], run, until) if run else above[tier] for tier, run in enumerate(runs)
    ]
