"""Step: a counter that does not go on from where it stood."""

from dataclasses import dataclass

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import FOR_EVER, Calm, State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity
from rules.water_use import Use, use_in


@dataclass(frozen=True, slots=True)
class Stepped(Timeless):
    """A step of the counter of a water meter, told when the next reading has confirmed it.

    One wrong reading, after which the counter goes on as before, is none; a rollover needs no
    confirmation, nor does another serial number, which is another meter whatever it counts. State:
    the step, its start, and the litres before and after it, None for no step; whether it was told.
    """

    severity: Severity
    source: str

    def start(self) -> State:
        """Return the state of no step."""
        return None, 0

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Tell a step, and that the counter goes on."""
        open_step, told = state
        use = use_in(reading)
        if use is None:
            return state, None
        if use.step is not None and use.counts is not None:
            step = (use.step.value, use.start_at, *use.counts)
            if use.confirmed:
                return (None, 1), self._finding(step, use)
            return (step, told), None
        if open_step is not None and not use.restored:
            return (None, 1), self._finding(open_step, use)
        return (None, 0), clear(use.end_at) if told else None

    @property
    def calm(self) -> Calm:
        """Every use; those without a step are waited with."""
        return Calm(stays=True)

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever while no step is open or told."""
        open_step, told = state
        return 0 if open_step is not None or told else FOR_EVER

    def _finding(self, step: tuple[str, int, float, float], use: Use) -> Finding:
        sort, since, before, after = step
        evidence: Evidence = {
            "step": sort,
            "before_l": before,
            "after_l": after,
            "limit_from": self.source,
        }
        return Finding(self.severity, use.end_at, since, evidence)
