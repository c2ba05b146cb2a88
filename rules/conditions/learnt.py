"""Learnt: silent for longer than the device's own interval between two uploads makes likely."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import Calm, State, Verdict
from rules.conditions.silent import Patience, Silent
from rules.moment import Moment

_MINUTE = 60_000
_REMEMBERED = 5
_PARTS = 4


class Habit(NamedTuple):
    """How long a device may be silent by its own habit: so many of its intervals, and `spare`.

    At least `least`. What arrives within `apart` of the upload before belongs to it.
    """

    intervals: float
    spare: timedelta
    least: timedelta
    source: str
    apart: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class LearntSilence:
    """A silence whose first patience is shorter for a device that is heard more often.

    The interval is the median of the last five between arrivals, in our time, so that neither a
    lost upload nor a backlog changes it, nor the few uploads of a fitter. It never makes the
    patience longer: that is for the setting, of which a lower level may only be stricter. State:
    that of the silence; when the last upload arrived; the last intervals in minutes; the patience
    in milliseconds, 0 for that of the setting.
    """

    silent: Silent
    habit: Habit

    def start(self) -> State:
        """Return the state of a device that nobody expects."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Note that the device is there, and after how long."""
        arrived_at = reading.received_at
        inner, before_at, minutes, patience = _whole(state) or (None, arrived_at, (), 0)
        inner, finding = self.silent.observe(inner, reading)
        if arrived_at - before_at < self._apart_ms:
            return (inner, before_at, minutes, patience), finding
        interval = (arrived_at - before_at) // _MINUTE
        if minutes.count(interval) == _REMEMBERED:
            return (inner, arrived_at, minutes, self._patience_ms(interval)), finding
        minutes = [*minutes, interval][-_REMEMBERED:]
        known = len(minutes) == _REMEMBERED
        patience = self._patience_ms(sorted(minutes)[_REMEMBERED // 2]) if known else 0
        return (inner, arrived_at, minutes, patience), finding

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Say since when nothing was heard."""
        if moment.hearing:
            return state, None
        inner, *rest, patience = _whole(state)
        inner, finding = self._silent(patience).tick(inner, moment)
        return (inner, *rest, patience), finding

    def expect(self, state: State, since: Instant | None, at: Instant) -> Verdict:
        """Expect a device never heard; what passes until it is counts as its first interval."""
        whole = _whole(state)
        inner, finding = self.silent.expect(whole and whole[0], since, at)
        return None if inner is None else (inner, whole[1] if whole else at, (), 0), finding

    def deadline(self, state: State) -> Instant | None:
        """Return when the next level is reached."""
        if state is None:
            return None
        inner, _, _, patience = _whole(state)
        if patience and isinstance(inner, int) and patience < self._set_ms:
            at: Instant = inner + patience - self._hold_ms
            return at
        return self._silent(patience).deadline(inner)

    @cached_property
    def calm(self) -> Calm:
        """Every reading; whatever habit is learnt, the patience is not below its least."""
        least, _, set_ms = self._bounds_ms
        return Calm(renews_ms=min(least, set_ms) - self._hold_ms)

    def calm_until(self, state: State, at: Instant) -> Instant:
        """Return for ever while it is not silent."""
        return self.silent.calm_until(state if state is None else _whole(state)[0], at)

    def _silent(self, patience: int) -> Silent:
        if not patience or patience >= self._set_ms:
            return self.silent
        learnt = self._learnt.get(patience)
        if learnt is None:
            first, *others = self.silent.levels
            level = Patience(first.severity, timedelta(milliseconds=patience), self.habit.source)
            learnt = replace(self.silent, levels=(level, *others))
            self._learnt[patience] = learnt
        return learnt

    def _patience_ms(self, usual_minutes: int) -> int:
        """Return the patience by the usual interval, 0 if that of the setting is no longer."""
        least, spare, set_ms = self._bounds_ms
        patience = round(self.habit.intervals * usual_minutes) * _MINUTE + spare
        patience = max(patience, least)
        return patience if patience < set_ms else 0

    @cached_property
    def _learnt(self) -> dict[int, Silent]:
        """The silences by patience, made once each: one for each minute of the setting at most."""
        return {}

    @cached_property
    def _apart_ms(self) -> int:
        return milliseconds_of(self.habit.apart)

    @cached_property
    def _hold_ms(self) -> int:
        return milliseconds_of(self.silent.hold)

    @cached_property
    def _bounds_ms(self) -> tuple[int, int, int]:
        """The least patience, the spare, and the setting's: 0.3 us to work out."""
        first = min(level.duration for level in self.silent.levels)
        least, spare, longest = map(milliseconds_of, (self.habit.least, self.habit.spare, first))
        return least, spare, longest

    @cached_property
    def _set_ms(self) -> int:
        return self._bounds_ms[2]


def _whole(state: State) -> State:
    """Return a state; one that was saved as that of the silence alone has nothing learnt."""
    if state is None or (not isinstance(state, int) and len(state) == _PARTS):
        return state
    return state, state if isinstance(state, int) else state[0], (), 0
