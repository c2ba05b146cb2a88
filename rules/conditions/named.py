"""Named: another condition, with the name of what it looks at in its evidence."""

from dataclasses import dataclass

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import Condition, State, Verdict
from rules.moment import Moment


@dataclass(frozen=True, slots=True)
class Named:
    """Another condition whose evidence also holds `of`, the name, and its value by that name."""

    name: str
    condition: Condition

    def start(self) -> State:
        """Return the state of the other condition."""
        return self.condition.start()

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return what the other condition says, by name."""
        return self._named(self.condition.observe(state, reading))

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Let time pass for the other condition."""
        return self._named(self.condition.tick(state, moment))

    def deadline(self, state: State) -> Instant | None:
        """Return the other condition's deadline."""
        return self.condition.deadline(state)

    def _named(self, verdict: Verdict) -> Verdict:
        state, finding = verdict
        if finding is None or finding.severity is None:
            return verdict
        value = finding.evidence.get("value")
        named = {**finding.evidence, "of": self.name, self.name: value}
        return state, finding._replace(evidence=named)
