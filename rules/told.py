"""What is told of by a sequence: the condition of its alerts."""

from rules.condition import Condition, State, Timeless, Verdict
from rules.rule import Numbers


class Told(Timeless):
    """A condition whose findings come from a sequence."""

    def start(self) -> State:
        """Return the only state."""
        return 0

    def observe(self, state: State, reading: object) -> Verdict:  # noqa: ARG002 the sequence does
        """Find nothing."""
        return state, None


def told(numbers: Numbers) -> Condition:  # noqa: ARG001 the sequence has them
    """Return the condition of an alert of a sequence."""
    return Told()
