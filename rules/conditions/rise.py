"""Rise: a counter that should stand still goes up."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from devices.instant import Instant, milliseconds_of
from devices.reading import NUMBER, Reading
from rules.condition import Calm, State, Timeless, Verdict
from rules.finding import Finding, clear, unknown
from rules.severity import Severity


@dataclass(frozen=True)
class Rise(Timeless):
    """A counter above where it stood by more than `limit`, and then for as long as it goes up.

    Where it stood is taken anew after `window`, and when the counter steps back: that is another
    meter, or the same one reset. State: None, or where it stood, when, and since when it rises, 0
    for not.
    """

    field: str
    limit: float
    window: timedelta
    severity: Severity
    source: str

    def start(self) -> State:
        """Return the state before the first value."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return by how much it rose."""
        value, at = reading.values.get(self.field), reading.measured_at
        if not isinstance(value, NUMBER):
            return state, unknown(at) if state and state[2] else None
        if state is None:
            return (value, at, 0), None
        stood, stood_at, since = state
        rise = 0.0 if value == stood else round(value - stood, 6)
        if rise < 0 or (since and not rise):
            return (value, at, 0), clear(at) if since else None
        if since or rise > self.limit:
            since = since or stood_at
            evidence = {"rise": rise, "limit": self.limit, "limit_from": self.source}
            return (value, at, since), Finding(self.severity, at, since, evidence)
        if at - stood_at > self._window_ms:
            return (value, at, 0), None
        return state, None

    @property
    def calm(self) -> Calm:
        """A counter that stands."""
        return Calm(steady=(self.field,), stays=True)

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 the state has it
        """Return when the window is over."""
        return 0 if state is None or state[2] else int(state[1]) + self._window_ms

    @cached_property
    def _window_ms(self) -> int:
        return milliseconds_of(self.window)
