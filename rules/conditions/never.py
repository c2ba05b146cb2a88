"""Never: the condition of subjects that a rule has nothing to say of."""

from devices.reading import Reading
from rules.condition import State, Timeless, Verdict


class Never(Timeless):
    """Nothing is ever the matter; no state is kept."""

    def start(self) -> State:
        """Return None."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:  # noqa: ARG002 it says nothing
        """Return the state as it is."""
        return state, None

    def amend(self, state: State, reading: Reading) -> Verdict:  # noqa: ARG002 it says nothing
        """Return the state as it is."""
        return state, None
