"""Standstill: a counter that does not move although water runs, or always did."""

from dataclasses import dataclass
from math import inf
from typing import NamedTuple, cast

from devices.instant import Instant
from devices.reading import NUMBER, Reading
from rules.condition import FOR_EVER, Calm, State, Timeless, Verdict
from rules.conditions.day_total import FEWEST_DAYS, LEARNT_DAYS, wet_share
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity
from rules.water_day import DAY, WATER_DAY, Day
from rules.water_use import HOUR, LONGEST_SLOT, STANDING_FLOW

_START = (None, (0.0, 0, 0, 0))


class Flowing(NamedTuple):
    """How much must have run, by a flow of at least `flow_m3h` at each of `samples` readings."""

    flow_m3h: float
    litres: float
    samples: int
    source: str


class Daily(NamedTuple):
    """For how many days it must stand, in a home that had water on `share` of its days."""

    days: int
    share: float
    source: str


@dataclass(frozen=True, slots=True)
class Standstill(Timeless):
    """A counter that stands while the meter says that water runs; or for many days, unusually.

    The first is a warning, the second a notice. Of the flow, the smaller of two readings counts
    between them. Dry days are those in a row that are known and without a litre, in a home that has
    water on nearly every day: on a share of its last 30 days and more, judged from 14 on; excused
    days are left out, a day that is not known counts for neither. State: of the flow None, or the
    counter in m3, since when, the last instant, the flow then, the litres that must have run, how
    many readings, whether found; of the days the share with water, of how many, since, dry days.
    """

    flowing: Flowing
    daily: Daily

    def start(self) -> State:
        """Return the state before the first reading."""
        return _START

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Judge the flow and the counter, and the day that a reading ends."""
        running, days = state
        values = reading.values
        flow, day = values.get("flow_m3h"), cast("Day | None", values.get(WATER_DAY))
        finding: Finding | None = None
        if running is not None or (flow is not None and flow >= self.flowing.flow_m3h):  # type: ignore[operator]
            running, finding = self._run(running, reading)
        elif day is None:
            return state, None
        if day is not None:
            days, of_days = self._dry(days, day)
            finding = _graver(finding, of_days)
        if finding is not None:
            finding = self._kept(finding, running, days)
        return (running, days), finding

    @property
    def calm(self) -> Calm:
        """What says of no flow while the counter stands; where it moved, what ran begins anew."""
        return Calm(bounds=((STANDING_FLOW, -inf, self.flowing.flow_m3h),), by_last=True)

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever while no standing counter is found."""
        running, _ = state
        return 0 if running is not None and running[6] else FOR_EVER

    def _run(self, running: State, reading: Reading) -> Verdict:
        """Add what must have run since the last reading, by the smaller of the two flows."""
        values = reading.values
        flow, count = values.get("flow_m3h"), values.get("cumulative_m3")
        if not isinstance(flow, NUMBER) or not isinstance(count, NUMBER):
            return running, None
        at = reading.measured_at
        if flow < self.flowing.flow_m3h:
            return None, clear(at) if running[6] else None
        new = (count, at, at, flow, 0.0, 1, 0)
        if running is None:
            return new, None
        before, since, last_at, last_flow, litres, seen, found = running
        if count != before or at - last_at > LONGEST_SLOT:
            return new, clear(at) if found else None
        litres = round(litres + min(flow, last_flow) * 1_000 * (at - last_at) / HOUR, 1)
        seen = min(seen + 1, self.flowing.samples)
        found = int(found or (seen >= self.flowing.samples and litres >= self.flowing.litres))
        after = (count, since, at, flow, litres, seen, found)
        if not found:
            return after, None
        evidence: Evidence = {
            "counter_m3": count,
            "flow_m3h": flow,
            "run_l": litres,
            "limit_l": self.flowing.litres,
            "limit_from": self.flowing.source,
        }
        return after, Finding(Severity.WARNING, at, since, evidence)

    def _dry(self, days: State, day: Day) -> Verdict:
        share, known, since, dry = days
        over = clear(day.end_at) if dry >= self.daily.days else None
        if day.excused:
            return (share, known, 0, 0), over
        if day.litres > 0:
            share, known = wet_share(share, known, [0] * min(dry, LEARNT_DAYS) + [1] * day.known)
            return (share, known, 0, 0), over
        if not day.known:
            return days, None
        since, dry = since or day.start_at, dry + 1
        after = (share, known, since, dry)
        if not self._unusual(after):
            return after, None
        evidence: Evidence = {
            "dry_days": (day.end_at - since) // DAY,
            "share_pct": round(100 * share),
            "limit_days": self.daily.days,
            "limit_from": self.daily.source,
        }
        return after, Finding(Severity.NOTICE, day.end_at, since, evidence)

    def _unusual(self, days: State) -> bool:
        share, known, _, dry = days
        daily = self.daily
        return bool(dry >= daily.days and known >= FEWEST_DAYS and share >= daily.share)

    def _kept(self, finding: Finding, running: State, days: State) -> Finding | None:
        """Return the finding, unless it ends what the other of the two still finds."""
        ends = finding.severity is None
        still = (running is not None and running[6]) or self._unusual(days)
        return None if ends and still else finding


def _graver(one: Finding | None, other: Finding | None) -> Finding | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda finding: finding.severity or 0)
