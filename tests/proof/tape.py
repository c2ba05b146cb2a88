"""Tapes: what one device says, in order, and the alerts that must come of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, iso_of, milliseconds_of
from devices.reading import Values
from rules.severity import Severity
from tests.proof.message import Message, message


class Told(NamedTuple):
    """An alert as it must be in the end. `start_at` is device time, `worst` its gravest severity.

    `state` is firing, stale or resolved; `scope` is what the subject is.
    """

    rule: str
    subject: str
    start_at: Instant
    worst: int
    state: str
    scope: str = "device"


class Upload(NamedTuple):
    """A message. `idle`: between readings of the same sort, so that it may come at any time later.

    `at_once`: it comes right behind the one before, for what is timed by the clock of the service.
    """

    message: Message
    idle: bool = False
    at_once: bool = False


class Tape:
    """Grows by what a device says; the caller says what must come of it."""

    def __init__(self, kind: str, device: str, at: Instant) -> None:
        self.uploads: list[Upload] = []
        self.told: list[Told] = []
        self.at = at
        self._kind = kind
        self._device = device

    def say(
        self,
        after: timedelta,
        body: Mapping[str, object],
        values: Values,
        *,
        idle: bool = False,
        at_once: bool = False,
    ) -> Instant:
        """Say this a while after the last; return when, in device time."""
        self.at += milliseconds_of(after)
        written = {**body, "measured_at": iso_of(self.at)}
        upload = message(self._kind, self._device, written, {self.at: values})
        self.uploads.append(Upload(upload, idle, at_once))
        return self.at

    def say_much(
        self, after: timedelta, body: Mapping[str, object], readings: Mapping[timedelta, Values]
    ) -> Instant:
        """Say in one upload what was measured so long before it; return when it was said."""
        self.at += milliseconds_of(after)
        told = {self.at - milliseconds_of(age): values for age, values in readings.items()}
        self.uploads.append(Upload(message(self._kind, self._device, body, told)))
        return self.at

    def expect(
        self, rule: str, start_at: Instant, worst: Severity, state: str = "resolved"
    ) -> None:
        """Expect exactly one alert of the rule with this start."""
        subject = f"{self._kind}/{self._device}"
        self.told.append(Told(rule, subject, start_at, int(worst), state))
