"""Said: a word that counts by itself, whenever it comes."""

from dataclasses import dataclass
from datetime import timedelta

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.condition import State, Verdict
from rules.finding import Finding, clear
from rules.moment import Moment
from rules.severity import Severity


@dataclass(frozen=True, slots=True)
class Said:
    """One of the values in a field, for as long as it `lasts`; the rule's latch keeps it on.

    One that comes late counts, unless a later one was said already. State: None, or when it was
    last said, and since when, 0 for over.
    """

    field: str
    values: frozenset[Value]
    severity: Severity
    lasts: timedelta
    source: str

    def start(self) -> State:
        """Return the state of never said."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Take the word."""
        if reading.values.get(self.field) not in self.values:
            return state, None
        said_at, since = state or (0, 0)
        if reading.measured_at <= said_at:
            return state, None
        since = since or reading.measured_at
        evidence = {"limit_from": self.source}
        found = Finding(self.severity, reading.measured_at, since, evidence)
        return (reading.measured_at, since), found

    def amend(self, state: State, reading: Reading) -> Verdict:
        """Take a word that comes late."""
        return self.observe(state, reading)

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Say when it is over."""
        deadline = self.deadline(state)
        if deadline is None or moment.at < deadline:
            return state, None
        return (state[0], 0), clear(moment.at)

    def deadline(self, state: State) -> Instant | None:
        """Return when it is over."""
        if state is None or not state[1]:
            return None
        return int(state[0] + milliseconds_of(self.lasts))
