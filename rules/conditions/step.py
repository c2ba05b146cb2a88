"""Step: a counter that does not go on from where it stood."""

from dataclasses import dataclass

from devices.reading import Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity
from rules.water_use import Counter, Step, Use, use_of

_NOTHING = (None, None, 0)
"""The state after no reading, of a meter whose serial number is not known."""


@dataclass(frozen=True, slots=True)
class Stepped(Timeless):
    """A step of the counter of a water meter, told when the next reading has confirmed it.

    One wrong reading, after which the counter goes on as before, is none; a rollover needs no
    confirmation, nor does another serial number, which is another meter whatever it counts. State:
    counter; the step, its start, and the litres before and after it, None for no step; whether it
    was told; the serial number, left out until it is known.
    """

    severity: Severity
    source: str

    def start(self) -> State:
        """Return the state before the first reading."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Tell a step, and that the counter goes on."""
        state = state or _NOTHING
        serial = reading.values.get("serial")
        if serial is None and len(state) == len(_NOTHING):
            return self._counted(state, reading)
        before, open_step, told, *known = state
        if serial is None:
            after, finding = self._counted((before, open_step, told), reading)
            return (*after, *known), finding
        if known and known[0] != serial:
            after, finding = self._replaced(before, reading, told=bool(told))
        else:
            after, finding = self._counted((before, open_step, told), reading)
        return (*after, serial), finding

    def _replaced(self, before: Counter, reading: Reading, *, told: bool) -> Verdict:
        """Begin with another meter; its first reading is no use of water."""
        counter, _ = use_of(None, reading)
        at = reading.measured_at
        if before is None or before[1] < 0 or counter is None or counter[1] < 0:
            return (counter, None, 0), clear(at) if told else None
        since = int(before[0])
        step = (Step.REPLACED.value, since, before[1], counter[1])
        return (counter, None, 1), self._finding(step, Use(since, at, None))

    def _counted(self, state: State, reading: Reading) -> Verdict:
        before, open_step, told = state
        counter, use = use_of(before, reading)
        if use is None:
            return (counter, open_step, told), None
        if use.step is Step.ROLLOVER:
            old, new = (before or (0, 0.0))[1], (counter or (0, 0.0))[1]
            step = (use.step.value, use.start_at, old, new)
            return (counter, None, 1), self._finding(step, use)
        if use.step is not None and counter is not None:
            return (counter, (use.step.value, use.start_at, counter[1], counter[3]), told), None
        if open_step is not None and not use.restored:
            return (counter, None, 1), self._finding(open_step, use)
        return (counter, None, 0), clear(use.end_at) if told else None

    def _finding(self, step: tuple[str, int, float, float], use: Use) -> Finding:
        sort, since, before, after = step
        evidence: Evidence = {
            "step": sort,
            "before_l": before,
            "after_l": after,
            "limit_from": self.source,
        }
        return Finding(self.severity, use.end_at, since, evidence)
