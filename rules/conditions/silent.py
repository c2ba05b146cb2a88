"""Silent: nothing heard of a device for longer than it may be silent."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import FOR_EVER, Calm, State, Verdict
from rules.finding import Finding, clear
from rules.moment import Moment
from rules.severity import Severity

_LOOKED_AT = (list, tuple)


class Patience(NamedTuple):
    """How long a device may be silent before this severity, and where that comes from."""

    severity: Severity
    duration: timedelta
    source: str


@dataclass(frozen=True)
class Silent:
    """Nothing heard for longer than allowed, without what the service itself could not hear.

    `levels` in order of duration. It is found earlier by the `hold` of its rule, so that it is told
    when the first is over. A hole in what a device sends afterwards is no silence: it is for `tick`
    to say, not for the readings. State: last heard; or, once looked at, that, the number of
    levels reached, and when it is to be looked at next; of a device never heard, instead of when it
    was, from when on it is expected, and True at the end.
    """

    levels: tuple[Patience, ...]
    hold: timedelta = timedelta(0)

    def start(self) -> State:
        """Return the state of a device that nobody expects."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Note that the device is there."""
        at = reading.measured_at
        silent = isinstance(state, _LOOKED_AT) and state[1]
        return at, clear(at) if silent else None

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Say since when nothing was heard."""
        if moment.hearing:
            return state, None
        heard_at, reached, _, *never = (state, 0, None) if isinstance(state, int) else state
        ours = moment.unheard_since(heard_at)
        if moment.at - heard_at - ours < self._durations[reached]:
            return (heard_at, reached, heard_at + ours + self._durations[reached], *never), None
        level = self.levels[reached]
        last = reached + 1 == len(self.levels)
        next_look_at = None if last else heard_at + ours + self._durations[reached + 1]
        evidence = {
            "expected_at" if never else "heard_at": heard_at,
            "limit_h": level.duration / timedelta(hours=1),
            "limit_from": level.source,
        }
        found = Finding(level.severity, moment.at, heard_at, evidence)
        return (heard_at, reached + 1, next_look_at, *never), found

    def expect(self, state: State, since: Instant | None, at: Instant) -> Verdict:
        """Expect a device never heard, from when it was first expected on at the earliest."""
        found = clear(at) if state is not None and state[1] else None
        if since is None:
            return None, found
        expected_at = max(since, at if state is None else min(state[0], at))
        if state is not None and state[0] == expected_at:
            return state, None
        return (expected_at, 0, expected_at + self._durations[0], True), found

    def deadline(self, state: State) -> Instant | None:
        """Return when the next level is reached."""
        if isinstance(state, int):
            return state + self._durations[0]
        look_at: Instant | None = None if state is None else state[2]
        return look_at

    @property
    def calm(self) -> Calm:
        """Every reading."""
        return Calm()

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever while it is not silent."""
        return FOR_EVER if isinstance(state, int) else 0

    @cached_property
    def _durations(self) -> tuple[int, ...]:
        first, *others = (milliseconds_of(level.duration) for level in self.levels)
        return first - milliseconds_of(self.hold), *others
