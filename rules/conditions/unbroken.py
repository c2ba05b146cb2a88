"""Unbroken: water that never stops, graver the longer it runs and the more of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from math import log
from typing import Any, NamedTuple, TypeAlias

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import Calm, State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear, unknown
from rules.severity import Severity
from rules.water_use import HOUR, LONGEST_SLOT, Use, hundredths, thousandths, use_in

_UNLIKELY = log(10_000)
"""Once in 10,000 runs by chance, were hours independent (a choice; a day has no such alarm)."""
_MOST_HABIT = (0.75, 0.5)
"""By day and by night, the share of hours with water taken for usual before it is learnt, and at
the most: with them, a day of 24 hours is just unlikely enough."""
_LEAST_HABIT = 0.05
_GUESSED_S = (42 * 3_600, 14 * 3_600)
"""What was taken for usual counts as a third of a week, of it a quarter by night: then a week that
is known, even of a meter of which little is heard, says more than the guess (a choice)."""
_PART = 2.0
"""A run of which more than so many times less is known than usual must be so many times unlikelier,
so that a gap does not make it (a choice)."""
_LEARNT_S = 30 * 86_400
"""With more than that all counts are halved: the habit is that of 15 to 30 days."""
_UTC_OFFSET = milliseconds_of(timedelta(hours=8))
_NIGHT_UNTIL = 6 * HOUR
"""Local hour until which people sleep, from midnight (general knowledge)."""
_DAY = 24 * HOUR
_NEARLY = 0.96
"""Meters that report about once in so long are a little early half of the time."""

_Seconds: TypeAlias = Sequence[int]
"""By day, and by night."""
_Run: TypeAlias = Any
"""0 for none; else since when, what was known then, and the least flow."""


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

    A run must last, and be unlikely by the home's own habit before it: the share of hours, of the
    day and of the night, that have such a flow, learnt while nothing is found. A slot of more than
    an hour counts as one: it may hide a pause. A gap adds nothing: one whose mean flow is too small
    breaks a run, one longer than `longest_gap` ends it without a judgement, as does a step of the
    counter; and a run of which less is known than usual must be unlikelier.

    A run is learnt when it ends, and its hours are those that became known since it began, so that
    an hour without water, which is nearly every one, only adds to what is known. State: the block
    that fills, as when it began, its end and litres; by tier the run; what was known when something
    was found; the seconds known; by tier those of them above its flow, and with those of the first
    the seconds of gaps. 0 stands for none.
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
        day, night = _GUESSED_S
        above = int(day * _MOST_HABIT[0]), int(night * _MOST_HABIT[1])
        return 0, 0, 0, _GUESSED_S, (above,) * len(self.tiers)

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
        above = _lost(above, use)
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
        (day, night), span = known, end_at - start_at
        known_s = 3_600 if span > HOUR else span // 1_000
        if (start_at + span // 2 + _UTC_OFFSET) % _DAY < _NIGHT_UNTIL:
            now = day, night + known_s
        else:
            now = day + known_s, night
        flow = hundredths(litres * HOUR / span) if litres else 0.0
        if flow > self._least:
            if not runs and not found and day + night > _LEARNT_S:
                return self._judged((0, 0, 0, _half(known), [_half(each) for each in above]), use)
            return self._lengthened((now, runs, found, known, above), use, flow)
        if not runs and not found:
            return (0, 0, 0, now, above), None
        above = _ended(above, runs, found or known)
        return (0, 0, 0, found or now, above), clear(end_at) if found else None

    def _lengthened(self, state: State, use: Use, flow: float) -> Verdict:
        """Lengthen the runs of the tiers below a flow, and end those of the others."""
        now, runs, found, known, above = state
        begun, late, ripe = (use.start_at, known, flow), use.end_at - self._shortest, False
        runs = [*runs] if runs else [0] * len(self.tiers)
        one, lowered = begun, begun
        for tier, limit in enumerate(self._flows):
            run = runs[tier]
            if flow > limit:
                if not run:
                    runs[tier] = begun
                    continue
                if flow < run[2]:
                    if run is not one:
                        one, lowered = run, (run[0], run[1], flow)
                    runs[tier] = lowered
                ripe = ripe or run[0] <= late
            elif run:
                runs[tier] = 0
                above = [*above]
                above[tier] = _learnt(above[tier], run, found or known)
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
            chance = _improbability(run, above[number], known, found or known)
            if chance < _needed(run, known, above[0], at):
                continue
            since, _, least = run
            evidence: Evidence = {
                "size_lh": least,
                "hours": (at - since) // HOUR,
                "limit_h": tier.duration / timedelta(hours=1),
                "limit_lh": tier.flow_lh,
                "limit_from": tier.source,
            }
            gravest = Finding(tier.severity, at, since, evidence)
        return gravest


def _improbability(run: _Run, above: _Seconds, known: _Seconds, until: _Seconds) -> float:
    """Return the negative logarithm of the chance of a run, by the habit before it."""
    total = 0.0
    for most, wet, was, now, learnt in zip(
        _MOST_HABIT, above[:2], run[1], known, until, strict=True
    ):
        share = max(_LEAST_HABIT, min(most, wet / min(was, learnt)))
        total -= log(share) * (now - was) / 3_600
    return total


def _needed(run: _Run, known: _Seconds, first: _Seconds, at: Instant) -> float:
    """Return how unlikely a run must be, by how much of it is known and how much usually is."""
    (was_day, was_night), (day, night) = run[1], known
    lasted, heard = (at - run[0]) // 1_000, day + night - was_day - was_night
    usual = (day + night) / (day + night + (first[2] if len(first) > 2 else 0))
    times = usual * lasted / heard
    return _UNLIKELY * times if times > _PART else _UNLIKELY


def _ended(above: Sequence[_Seconds], runs: _Run, until: _Seconds) -> Sequence[_Seconds]:
    """Return the habits by tier with runs that are over."""
    if not runs:
        return above
    return [
        _learnt(above[tier], run, until) if run else above[tier] for tier, run in enumerate(runs)
    ]


def _learnt(wet: _Seconds, run: _Run, until: _Seconds) -> _Seconds:
    """Return a habit with a run that is over, as far as it was before something was found."""
    (day, night, *lost), (day_from, night_from), (day_until, night_until) = wet, run[1], until
    if day_until < day_from or night_until < night_from:
        return wet
    return day + day_until - day_from, night + night_until - night_from, *lost


def _lost(above: Sequence[_Seconds], use: Use) -> Sequence[_Seconds]:
    """Return the habits by tier with a gap."""
    day, night, *lost = above[0]
    return (day, night, sum(lost) + (use.end_at - use.start_at) // 1_000), *above[1:]


def _half(seconds: _Seconds) -> _Seconds:
    return [each // 2 for each in seconds]
