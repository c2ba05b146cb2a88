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

    The first of any level is found: one that comes after a graver one says nothing. It is found
    earlier by the `hold` of its rule, so that it is told when the first is over. A hole in what a
    device sends afterwards is no silence: it is for `tick` to say, not for the readings. What
    is told next follows from the levels in force, which may be others than before. State: last
    heard; or, once looked at, that, the severity found, and how long the service itself heard
    nobody since; of a device never heard, instead of when it was, from when on it is expected, and
    True at the end.
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
        heard_at, severity, _, *never = _looked_at(state)
        ours = moment.unheard_since(heard_at)
        after_ms, level = self._next(severity)
        if level is None or moment.at - heard_at - ours < after_ms:
            return (heard_at, severity, ours, *never), None
        evidence = {
            "expected_at" if never else "heard_at": heard_at,
            "limit_h": level.duration / timedelta(hours=1),
            "limit_from": level.source,
        }
        found = Finding(level.severity, moment.at, heard_at, evidence)
        return (heard_at, int(level.severity), ours, *never), found

    def expect(self, state: State, since: Instant | None, at: Instant) -> Verdict:
        """Expect a device never heard, from when it was first expected on at the earliest."""
        found = clear(at) if state is not None and state[1] else None
        if since is None:
            return None, found
        expected_at = max(since, at if state is None else min(state[0], at))
        if state is not None and state[0] == expected_at:
            return state, None
        return (expected_at, 0, 0, True), found

    def deadline(self, state: State) -> Instant | None:
        """Return when the next level is reached."""
        if isinstance(state, int):
            return state + self._steps[0][0]
        if state is None:
            return None
        heard_at, severity, ours, *_ = _looked_at(state)
        after_ms, level = self._next(severity)
        return None if level is None else heard_at + ours + after_ms

    @cached_property
    def calm(self) -> Calm:
        """Every reading."""
        return Calm(by_last=True, renews_ms=self._steps[0][0])

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever while it is not silent."""
        return FOR_EVER if isinstance(state, int) else 0

    def _next(self, severity: int) -> tuple[int, Patience | None]:
        """Return the first level that is graver, and after which silence it is found."""
        graver = (step for step in self._steps if step[1].severity > severity)
        return next(graver, (0, None))

    @cached_property
    def _steps(self) -> tuple[tuple[int, Patience], ...]:
        kept: list[tuple[int, Patience]] = []
        for level in sorted(self.levels, key=lambda each: (each.duration, -each.severity)):
            if not kept:
                kept.append((milliseconds_of(level.duration - self.hold), level))
            elif level.severity > kept[-1][1].severity:
                kept.append((milliseconds_of(level.duration), level))
        return tuple(kept)


def _looked_at(state: State) -> State:
    """Return the state of one looked at; what was saved by an older release has no time of ours."""
    if isinstance(state, int):
        return state, 0, 0
    heard_at, severity, ours, *never = state
    is_old = ours is None or ours >= heard_at
    return heard_at, severity, 0 if is_old else ours, *never
