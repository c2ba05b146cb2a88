"""Surge: a flow that lasts and is far above what the subject has known."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from math import inf
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import FOR_EVER, Calm, State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity
from rules.water_use import HOUR, LONGEST_SLOT, WATER_USE, Use, hundredths, thousandths, use_in

_SHORTEST = 5 * 60_000
"""A counter that shakes by 3 L makes a burst of a minute; of five it makes 36 L/h (a choice)."""

_STEADY = 2.5
"""Two slots of which one has more than so many times the flow of the other are not yet one burst:
a count may be wrong beside a large draw (a choice)."""


class Unusual(NamedTuple):
    """What is too much for one home: above both `flow_lh` and `factor` times its own record."""

    flow_lh: float
    factor: float
    source: str


class Impossible(NamedTuple):
    """What no home draws: `lasting_lh` in two slots, or `once_lh` in one that the meter measured.

    Between two counts one of them may be wrong, which only the next one shows.
    """

    lasting_lh: float
    once_lh: float
    source: str


@dataclass(frozen=True)
class Surge(Timeless):
    """The smaller flow of two slots that follow each other; the first may be a gap, with its mean.

    Slots of less than five minutes are taken together.

    The record halves in `forgotten_in`, so that one feast does not deafen it for ever; it is judged
    by when it is `learning` old. Once found, the limit stays until the flow is below it. State:
    flow and end of the last slot; record and when that was; since when it is kept; since, 0 for
    not; limit; when what is shorter than a slot began, its end and its litres, or 0.
    """

    unusual: Unusual
    impossible: Impossible
    learning: timedelta = timedelta(days=14)
    forgotten_in: timedelta = timedelta(days=60)
    _least: float = field(init=False, repr=False, compare=False)
    """A flow below which nothing begins."""

    def __post_init__(self) -> None:
        """Keep at hand what is compared at each reading."""
        least = min(self.unusual.flow_lh, self.impossible.lasting_lh, self.impossible.once_lh)
        object.__setattr__(self, "_least", least)

    def start(self) -> State:
        """Return the state before the first reading."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Judge a slot together with the one before."""
        use = use_in(reading)
        if use is None:
            return state, None
        state = state or (0.0, 0, 0.0, 0, use.start_at, 0, 0.0, 0)
        if state[7] or (use.litres and use.end_at - use.start_at < _SHORTEST):
            part, whole = _gathered(state[7], use)
            state = (*state[:7], part)
            if whole is None:
                return state, None
            use = whole
        return self._judged(state, use, reading)

    def _judged(self, state: State, use: Use, reading: Reading) -> Verdict:
        before, slot_at, record, record_at, kept_at, since, limit, _ = state
        start_at, end_at, litres, _, _, _, _ = use
        span = end_at - start_at
        flow = hundredths(litres * HOUR / span) if litres else 0.0
        if litres is None or span > LONGEST_SLOT:
            slot_at = 0 if litres is None else end_at
            return (flow, slot_at, record, record_at, kept_at, since, limit, 0), None
        if not flow and not since:
            dry = (0.0, 0, record, record_at, kept_at, 0, 0.0, 0)
            return dry if before else state, None
        lasting = min(before, flow) if slot_at == start_at else 0.0
        once = flow if "increment_m3" in reading.values else 0.0
        severity: Severity | None = None
        if since or flow >= self._least:
            if not since:
                limit = self._limit(self._faded(record, end_at - record_at), end_at - kept_at)
            steady = since or max(before, flow) <= _STEADY * lasting
            severity = self._severity(once, lasting if steady else 0.0, limit)
        finding: Finding | None = None
        if severity is not None:
            since = since or start_at - (span if lasting >= limit else 0)
            evidence = self._evidence(flow, severity, limit, once)
            finding = Finding(severity, end_at, since, evidence)
        elif since and flow < limit:
            since, finding = 0, clear(end_at)
        if lasting and lasting >= self._faded(record, end_at - record_at):
            record, record_at = lasting, end_at
        limit = limit if since else 0.0
        return (flow, end_at, record, record_at, kept_at, since, limit, 0), finding

    def past(self, state: State) -> State:
        """Return the state before a run of slots that come late."""
        return (0.0, 0, *state[2:5], 0, 0.0, 0) if state else None

    def adopted(self, state: State, past: State) -> State:
        """Return the present state after such a run has found something."""
        state = state or past
        return (*state[:5], *past[5:7], state[7])

    @cached_property
    def _half_life_ms(self) -> int:
        return milliseconds_of(self.forgotten_in)

    @cached_property
    def _learning_ms(self) -> int:
        return milliseconds_of(self.learning)

    def _faded(self, record: float, span: int) -> float:
        return float(record * 0.5 ** (span / self._half_life_ms))

    @cached_property
    def calm(self) -> Calm:
        """The flows below which nothing begins."""
        return Calm(bounds=((WATER_USE, -inf, self._least),))

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever while nothing is found."""
        return FOR_EVER if state and not state[5] and not state[7] else 0

    def _limit(self, record: float, age: int) -> float:
        if age < self._learning_ms:
            return self.impossible.lasting_lh
        usual = max(self.unusual.flow_lh, self.unusual.factor * record)
        return round(min(usual, self.impossible.lasting_lh), 2)

    def _severity(self, once: float, lasting: float, limit: float) -> Severity | None:
        if once >= self.impossible.once_lh or lasting >= self.impossible.lasting_lh:
            return Severity.CRITICAL
        return Severity.WARNING if lasting >= limit else None

    def _evidence(self, flow: float, severity: Severity, limit: float, once: float) -> Evidence:
        if severity is not Severity.CRITICAL:
            shown, source = min(limit, self.impossible.lasting_lh), self.unusual.source
        elif once >= self.impossible.once_lh:
            shown, source = self.impossible.once_lh, self.impossible.source
        else:
            shown, source = self.impossible.lasting_lh, self.impossible.source
        return {"flow_lh": round(flow, 1), "limit_lh": shown, "limit_from": source}


def _gathered(part: State, use: Use) -> tuple[State, Use | None]:
    """Return what is shorter than a slot with one more piece, and what is long enough by that."""
    start_at, litres = use.start_at, use.litres
    if part and part[1] == start_at and litres is not None:
        start_at, litres = part[0], thousandths(part[2] + litres)
        use = use._replace(start_at=start_at, litres=litres)
    if litres is None or use.end_at - start_at >= _SHORTEST:
        return 0, use
    return (start_at, use.end_at, litres), None
