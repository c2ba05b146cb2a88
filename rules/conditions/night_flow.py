"""Night flow: water that runs while people sleep, above a limit and the home's own habit."""

from dataclasses import dataclass
from math import inf
from statistics import median
from typing import NamedTuple

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import FOR_EVER, Calm, State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity
from rules.water_day import WATER_NIGHT, night_in


class Sleep(NamedTuple):
    """What is too much at night: above `flow_lh` and `factor` times the own median."""

    flow_lh: float
    factor: float
    source: str


@dataclass(frozen=True, slots=True)
class NightFlow(Timeless):
    """The least flow of a night above a limit.

    The median is that of the last `most` usual nights; before there are `fewest` nothing is judged.
    A night that is not known is neither judged nor remembered. State: the least flows; since, 0 for
    usual.
    """

    sleep: Sleep
    severity: Severity
    fewest: int = 7
    most: int = 14

    def start(self) -> State:
        """Return the state before the first night."""
        return None

    @property
    def calm(self) -> Calm:
        """The nights that are usual whatever those before were."""
        return Calm(bounds=((WATER_NIGHT, -inf, self.sleep.flow_lh),))

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever while nothing is found."""
        return 0 if state and state[1] else FOR_EVER

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Judge the night that a reading shows to be over."""
        night = night_in(reading)
        if night is None or not night.known:
            return state, None
        history, since = state or ([], 0)
        limit = self.sleep.flow_lh
        if len(history) >= self.fewest:
            limit = max(limit, self.sleep.factor * median(history))
        if len(history) < self.fewest or night.least_lh <= limit:
            remembered = [*history, _short(night.least_lh)][-self.most :]
            return (remembered, 0), clear(night.end_at) if since else None
        since = since or night.start_at
        evidence: Evidence = {
            "least_lh": round(night.least_lh, 1),
            "limit_lh": round(limit, 1),
            "median_lh": round(float(median(history)), 1),
            "limit_from": self.sleep.source,
        }
        return (history, since), Finding(self.severity, night.end_at, since, evidence)


def _short(value: float) -> float:
    """Return a value as it takes the least room: most are 0."""
    whole = int(value)
    return whole if whole == value else value
