"""Hour baseline: the water of an hour against the same hour of the weeks before.

Context: an hour with much water is a bath; and with 4 to 8 values for each of 168 hours a band has
little to go by.
Decision: what is told are several hours near each other, each above its own band of five values,
which are kept as `rules.hours` does.
Given up: more than five weeks; other fields than the use of water, which would need their own
scale, shares and doubts.
"""

from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import FOR_EVER, Calm, State, Timeless, Verdict
from rules.conditions.baseline import Band
from rules.finding import Evidence, Finding, clear
from rules.hours import LITRES, LITTLE_L, UNKNOWN, added, packed, shortened, sign_of, spread
from rules.severity import Severity
from rules.water_use import HOUR, WATER_USE, Use, thousandths, use_in

WEEK_H = 168
WEEKS, FEWEST = 5, 4
"""Practice is 4 to 8 values of the same weekday; five, so that one hour that is lost is no loss."""
KEPT_H = WEEKS * WEEK_H
LONGEST_MS = HOUR * 3 // 2
"""A slot that is longer does not say in which hour the water ran (a choice): an hourly meter whose
readings are late or lost has such slots."""
_LEAST_MS, _MOST_MS = int(0.95 * HOUR), int(1.05 * HOUR)
_LOST = -24 * HOUR
"""The milliseconds known of an hour that never will be."""
NEAR, ENOUGH = 4, 3
_NEAR_BITS, _BEFORE_BITS = (1 << NEAR) - 1, (1 << NEAR - 1) - 1
_STEEP_L = 100.0
"""More than a shower; what brings that at once may be a counter (general knowledge)."""
_STOOD_H = 20
"""A counter that stood for longer than a working day and a night, and goes on so, was frozen: see
`rules.water_day`."""
_DAY_H = 24
_DOUBTFUL, _STEEP = 1, 2
"""Bits: the hour has a steep slot; the last slot was one."""

_Hours: TypeAlias = tuple[Instant, float, int, float, int, int, int, Instant, int, str]
_Judged: TypeAlias = tuple[int, Instant, Finding | None]


@dataclass(frozen=True, slots=True)
class HourBaseline(Timeless):
    """Three of four hours on end, each above its own band; over with one that is not.

    One hour is a bath, and one slot may lie in two; so it takes three (a choice). A slot is shared
    out by time. Not known are hours with a gap, a step of the counter, or what it brings after it
    stood; of one that goes back, the day before. A slot of 100 L more than the one before may be a
    jump, unless that was steep as well: its hours are remembered, but do not begin anything.
    State: the end of the hour that runs, its litres and known milliseconds; the litres of the last
    slot that was not steep; bits; as bits, which of the last hours were above; the dry hours on
    end; since, 0 for not; how many hours are remembered, and their text.
    """

    band: Band
    severity: Severity

    def start(self) -> State:
        """Return the state before the first slot."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Judge the hours that a slot ends."""
        use = use_in(reading)
        if use is None:
            return state, None
        start_at, end_at, litres, step, restored, _, _ = use
        until, amount, known_ms, last_l, bits, above, dry, since, held, text = state or _first(
            start_at
        )
        span = end_at - start_at
        elsewhere = start_at >= until or end_at <= until - HOUR
        if litres is None or step is not None or restored or span > LONGEST_MS or elsewhere:
            return _lost(state, use), None
        if litres < last_l + _STEEP_L or bits & _STEEP:
            last_l, bits = litres, bits & _DOUBTFUL
        elif dry >= _STOOD_H:
            return _lost(state, use), None
        else:
            bits = _DOUBTFUL | _STEEP
        finding: Finding | None = None
        flow = litres / span
        while until <= end_at:
            amount += flow * (until - start_at)
            known_ms += until - start_at
            sign, above = UNKNOWN, above << 1 & _NEAR_BITS
            if _LEAST_MS <= known_ms <= _MOST_MS:
                sign = sign_of(amount)
                if since or amount > self.band.floor:
                    told = self._judged((until, text, amount, bits), above, since)
                    above, since, finding = told
            held, text = _remembered(held, text, sign)
            dry = 0 if amount else dry + 1
            bits &= _STEEP
            if bits and until < end_at:
                bits = _DOUBTFUL | _STEEP
            start_at, until, amount, known_ms = until, until + HOUR, 0.0, 0
        if end_at > start_at:
            amount = thousandths(amount + flow * (end_at - start_at))
            known_ms += end_at - start_at
        after = (until, amount, known_ms, last_l, bits, above, dry, since, held, text)
        return after, finding

    def _judged(
        self, ended: tuple[Instant, str, float, int], above: int, since: Instant
    ) -> _Judged:
        """Judge an hour: its end, the text before it, its litres, and whether it is doubtful."""
        until, text, amount, bits = ended
        signs = spread(text)[-WEEK_H::-WEEK_H]
        past = [LITRES[sign] for sign in signs if sign != UNKNOWN]
        weeks = len(past)
        usual = self.band.usual(past + [inf] * (WEEKS - weeks)) if weeks >= FEWEST else None
        if amount <= (self.band.floor if usual is None else usual.upper):
            return above, 0, clear(until) if since else None
        if usual is None:
            return above, since, None
        above |= not bits & _DOUBTFUL
        if not since and above.bit_count() < ENOUGH:
            return above, 0, None
        since = since or until - above.bit_length() * HOUR
        evidence: Evidence = {
            "hour_at": until - HOUR,
            "hour_l": round(amount, 1),
            "weeks": weeks,
            "median_l": round(usual.median, 1),
            "deviation_l": round(usual.deviation, 1),
            "little_l": LITTLE_L,
            "limit_l": round(usual.upper, 1),
            "limit_from": usual.source,
        }
        return above, since, Finding(self.severity, until, since, evidence)

    @property
    def calm(self) -> Calm:
        """Flows of which no hour gets above its band."""
        return Calm(bounds=((WATER_USE, -inf, self.band.floor),))

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever, while the hour that runs would not be the last that it takes."""
        if state is None:
            return FOR_EVER
        near = (state[5] & _BEFORE_BITS).bit_count() >= ENOUGH - 1
        return 0 if near or state[7] else FOR_EVER


def _first(start_at: Instant) -> _Hours:
    """Return the state at the beginning of the first slot."""
    begun = start_at % HOUR
    return start_at - begun + HOUR, 0.0, _LOST if begun else 0, 0.0, 0, 0, 0, 0, 0, ""


def _remembered(held: int, text: str, sign: str) -> tuple[int, str]:
    """Return the hours with one more, and without the first if they are too many."""
    text = added(text, sign)
    return (held + 1, text) if held < KEPT_H else (KEPT_H, shortened(text))


def _lost(state: State, use: Use) -> State:
    """Return the state after a span that says of no hour what ran in it."""
    until, _, _, _, _, above, _, since, held, text = state or _first(use.start_at)
    ended, begun = (use.end_at - until) // HOUR + 1, use.end_at % HOUR
    if use.end_at <= until - HOUR:
        return state
    if use.counts is not None and use.counts[1] < use.counts[0]:
        back = min(held, _DAY_H)
        text, above = packed(spread(text)[: held - back] + UNKNOWN * back), 0
    for _ in range(min(ended, KEPT_H)):
        held, text = _remembered(held, text, UNKNOWN)
    above = above << min(ended, NEAR) & _NEAR_BITS
    known_ms = 0 if ended and not begun else _LOST
    return until + ended * HOUR, 0.0, known_ms, 0.0, 0, above, 0, since, held, text
