"""Trusted: another condition, judged only while the device vouches for its values."""

from dataclasses import dataclass

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import Condition, State, Verdict
from rules.finding import clear, unknown
from rules.moment import Moment


@dataclass(frozen=True, slots=True)
class Trusted:
    """Another condition that takes in no reading whose `field` holds one of the `excluded` texts.

    What it has seen before counts no more afterwards. State: that of the other condition; or
    "unknown" while nothing can be judged.
    """

    condition: Condition
    field: str
    excluded: frozenset[str]

    def start(self) -> State:
        """Return the state of the other condition."""
        return self.condition.start()

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return what the other condition says, or that nothing is known."""
        at = reading.measured_at
        if reading.values.get(self.field) in self.excluded:
            return _UNKNOWN, unknown(at)
        if state != _UNKNOWN:
            return self.condition.observe(state, reading)
        state, finding = self.condition.observe(self.condition.start(), reading)
        return state, finding or clear(at)

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Let time pass for the other condition."""
        return (state, None) if state == _UNKNOWN else self.condition.tick(state, moment)

    def deadline(self, state: State) -> Instant | None:
        """Return the other condition's deadline."""
        return None if state == _UNKNOWN else self.condition.deadline(state)


_UNKNOWN = "unknown"
