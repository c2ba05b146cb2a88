"""Together: several values at or above their limits at the same time."""

from dataclasses import dataclass
from typing import NamedTuple

from devices.reading import NUMBER, Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Finding, clear, unknown
from rules.severity import Severity


class Above(NamedTuple):
    """A field, what it is called, its limit, and below which value it counts as left."""

    name: str
    field: str
    limit: float
    clear: float


@dataclass(frozen=True, slots=True)
class Together(Timeless):
    """Values that can't be true at once, each with its own way back.

    A value that is missing leaves the rest: one of them that is below denies the whole. State: as
    bits, lowest first, which are above; since when all are, 0 for not.
    """

    values: tuple[Above, ...]
    severity: Severity
    source: str

    def start(self) -> State:
        """Return the state of none above."""
        return 0, 0

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return whether all are above."""
        before, since = state
        get, at = reading.values.get, reading.measured_at
        bits, bit, missing = 0, 1, False
        for _, field, limit, left in self.values:
            value, was = get(field), before & bit
            if not isinstance(value, NUMBER):
                bits |= was
                missing = missing or was > 0
            elif value >= (left if was else limit):
                bits |= bit
            bit <<= 1
        if bits != bit - 1:
            return state if bits == before else (bits, 0), clear(at) if since else None
        since = since or at
        if missing:
            return (bits, since), unknown(at)
        evidence = {each.name: get(each.field) for each in self.values}
        evidence["limit_from"] = self.source
        return (bits, since), Finding(self.severity, at, since, evidence)
