"""Never: the condition of subjects that a rule has nothing to say of."""

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import FOR_EVER, Calm, State, Timeless, Verdict
from rules.finding import clear


class Never(Timeless):
    """Nothing is ever the matter; no state is kept.

    What another condition has left, before the facts changed, is cleared at the next reading.
    """

    def start(self) -> State:
        """Return None."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Clear what was found when the rule had something to say."""
        return None, None if state is None else clear(reading.measured_at)

    @property
    def calm(self) -> Calm:
        """Every reading."""
        return Calm(stays=True)

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever unless something is left to be cleared."""
        return FOR_EVER if state is None else 0

    def amend(self, state: State, reading: Reading) -> Verdict:  # noqa: ARG002 it says nothing
        """Return the state as it is."""
        return state, None

    def past(self, state: State) -> State:  # noqa: ARG002 it says nothing
        """Return None: of what comes late, too, nothing is the matter."""
        return None

    def adopted(self, state: State, past: State) -> State:  # noqa: ARG002 it says nothing
        """Return the state as it is."""
        return state
