"""Several: another condition, found at several of the latest readings."""

from dataclasses import dataclass
from typing import cast

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import Calm, Calming, Condition, State, Timeless, Verdict
from rules.finding import Finding, clear


@dataclass(frozen=True, slots=True)
class Several(Timeless):
    """Another condition that finds something at `least` or more of the last `among` readings.

    Readings it can't judge are not counted. State: that of the other condition, the last readings
    as bits (the lowest the newest, 1 for found), and since when, 0 for not.
    """

    condition: Condition
    least: int
    among: int

    def start(self) -> State:
        """Return the state before the first reading."""
        return self.condition.start(), 0, 0

    @property
    def calm(self) -> Calm | None:
        """What is calm to the other."""
        return cast("Calming", self.condition).calm if hasattr(self.condition, "calm") else None

    def calm_until(self, state: State, at: Instant) -> Instant:
        """Return until when it is, while none of the last readings was found."""
        inner, bits, since = state
        return 0 if bits or since else cast("Calming", self.condition).calm_until(inner, at)

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Count another reading."""
        inner, bits, since = state
        inner, finding = self.condition.observe(inner, reading)
        if finding is not None and not finding.known:
            return (inner, bits, since), finding if since else None
        found = finding is not None and finding.severity is not None
        if not found and not bits and not since:
            return state if inner == state[0] else (inner, 0, 0), None
        bits = (bits << 1 | found) & ((1 << self.among) - 1)
        count, at = bits.bit_count(), reading.measured_at
        if count < self.least:
            return (inner, bits, 0), clear(at) if since else None
        if finding is None or finding.severity is None:
            return (inner, bits, since), None
        since = since or finding.since
        evidence = {**finding.evidence, "count": count, "among": self.among}
        return (inner, bits, since), Finding(finding.severity, at, since, evidence)
