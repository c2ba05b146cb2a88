"""The time that rules go by: the service's clock without its steps.

Context: rules carry the time of each device forward by ours. A clock that is set by an hour, as by
the first answer of a time server, ends holds, empties windows and makes every device silent for an
hour, all at once: an incident is missed, or silence is told of that never was.
Decision: rules live by a time that goes on evenly and makes up for a step by a tenth of what
passes. What happened by our clock is turned into it, and what they tell is turned back. A step of
more than a day, as of a machine that starts without knowing the date, is taken at once.
Given up: for ten hours after a step of one, what rules take for the time of day is wrong by up to
an hour, and ten minutes last nine or eleven.
"""

import logging
from collections import deque
from collections.abc import Sequence

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from ingest.clock import Clock
from ingest.journal.consequences import Fresh
from rules.effect import AlertChange, Command, Effect

_LOG = logging.getLogger(__name__)
_LEAST_MS = 1_000
"""A smaller step is no more than what a message may be late by."""
_LONGEST_MS = 86_400_000
_REMEMBERED_MS = 600_000
"""What was received before a step has been judged by then."""
_MOST_EARLIER = 16
_READINGS = 10
_SLOWNESS = 10
"""In so many milliseconds one of a step is made up for."""


class SteadyTime:
    """Turns instants by our clock into those of the rules, and back; only `now` looks for steps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._step_ms = clock.step_ms()
        self._made_up_at = clock.now() - self._step_ms
        self._set_by_ms = 0
        self._earlier: deque[int] = deque(maxlen=_MOST_EARLIER)
        self._stepped_at: Instant = 0

    def now(self) -> Instant:
        """Return the present of the rules."""
        now, step_ms = self._read()
        if abs(step_ms - self._step_ms) >= _LEAST_MS:
            self._stepped_at, by_ms = now - step_ms, step_ms - self._step_ms
            self._step_ms = step_ms
            self._step(by_ms)
        elif self._earlier and now - step_ms - self._stepped_at > _REMEMBERED_MS:
            self._earlier.clear()
        self._make_up(now - step_ms)
        return now - self._set_by_ms

    def fresh(self, fresh: Fresh) -> Fresh:
        """Return what has come in, as received by the rules' time."""
        now = self.now()
        if not self._set_by_ms and not self._earlier:
            return fresh
        return fresh._replace(
            readings=self.readings(fresh.readings),
            doubted=self.readings(fresh.doubted),
            replies=[(self._reply(reply, now), orderer) for reply, orderer in fresh.replies],
        )

    def readings(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """Return the readings as received by the rules' time."""
        now = self.now()
        return [
            each._replace(received_at=self._received(each.received_at, now)) for each in readings
        ]

    def of(self, instant: Instant) -> Instant:
        """Return an instant by our present clock as one of the rules."""
        return instant - self._set_by_ms

    def ours(self, instant: Instant) -> Instant:
        """Return an instant of the rules by our present clock."""
        return instant + self._set_by_ms

    def told(self, effect: Effect) -> Effect:
        """Return an effect with its instants by our clock."""
        if not self._set_by_ms:
            return effect
        if isinstance(effect, AlertChange):
            return effect._replace(told_at=self.ours(effect.told_at))
        if isinstance(effect, Command):
            return effect._replace(expires_at=self.ours(effect.expires_at))
        return effect._replace(at=self.ours(effect.at))

    def _read(self) -> tuple[Instant, int]:
        """Return our present and by how much the clock was set then, not as it is being set."""
        step_ms = self._clock.step_ms()
        for _ in range(_READINGS):
            before_ms, now, step_ms = step_ms, self._clock.now(), self._clock.step_ms()
            if abs(step_ms - before_ms) < _LEAST_MS:
                break
        return now, step_ms

    def _step(self, by_ms: int) -> None:
        self._earlier.append(self._set_by_ms)
        if abs(by_ms) > _LONGEST_MS:
            _LOG.warning("the clock was set by %+.0f s", by_ms / 1_000)
            return
        _LOG.warning("the clock was set by %+.0f s; the rules make up for it slowly", by_ms / 1_000)
        self._set_by_ms += by_ms

    def _make_up(self, passed_at: Instant) -> None:
        """Come nearer to our clock; `passed_at` is how much time has passed, since whenever."""
        ms = (passed_at - self._made_up_at) // _SLOWNESS
        if ms > 0:
            self._made_up_at += ms * _SLOWNESS
            left_ms = max(0, abs(self._set_by_ms) - ms)
            self._set_by_ms = left_ms if self._set_by_ms > 0 else -left_ms

    def _reply(self, reply: Reply, now: Instant) -> Reply:
        return reply._replace(received_at=self._received(reply.received_at, now))

    def _received(self, at: Instant, now: Instant) -> Instant:
        """Return when it was by the rules' time; it came after the last step, or before some.

        The nearest to the present is right: from receiving to judging it takes less than a step.
        """
        offsets = (self._set_by_ms, *self._earlier)
        return min((at - each for each in offsets), key=lambda each: abs(now - each))
