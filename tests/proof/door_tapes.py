"""What befalls doors: forced, held open, guessed at, cut off, tampered with."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from devices.instant import Instant
from devices.reading import Values
from rules.severity import Severity
from tests.proof.tape import Tape

_MINUTE = timedelta(minutes=1)
_QUIET = 8 * _MINUTE
_QUIET_READINGS = 5
_WRONG_ATTEMPTS = 5
"""GB 50396-2007: alarm after at most so many."""


def door_tape(device: str, at: Instant, random: Random) -> Tape:
    """Each of the incidents twice, in any order; a tamper, which latches, at the end."""
    tape = Tape("door", device, at)
    _quiet(tape)
    incidents = [*_INCIDENTS, *_INCIDENTS]
    for incident in random.sample(incidents, len(incidents)):
        incident(tape)
        _quiet(tape)
    start_at = _event(tape, "tamper")
    tape.expect("door_tamper", start_at, Severity.WARNING, "firing")
    _quiet(tape)
    return tape


def patient_door(device: str, at: Instant) -> Tape:
    """Forced, and shut for 5 min less 2 s when it is last heard: over by time alone."""
    tape = Tape("door", device, at)
    _quiet(tape)
    start_at = _event(tape, "forced")
    _event(tape, "closed", _MINUTE)
    _beat(tape, 5 * _MINUTE - timedelta(seconds=2))
    tape.expect("door_forced", start_at, Severity.WARNING)
    return tape


def _forced(tape: Tape) -> None:
    start_at = _event(tape, "forced")
    _event(tape, "closed", 3 * _MINUTE)
    tape.expect("door_forced", start_at, Severity.WARNING)


def _forced_for_long(tape: Tape) -> None:
    start_at = _event(tape, "forced")
    _beat(tape, open_=True)
    _event(tape, "closed")
    tape.expect("door_forced", start_at, Severity.CRITICAL)


def _held_open(tape: Tape) -> None:
    start_at = _event(tape, "held_open")
    _event(tape, "closed", 4 * _MINUTE)
    tape.expect("door_held_open", start_at, Severity.NOTICE)


def _held_open_for_long(tape: Tape) -> None:
    start_at = _event(tape, "held_open")
    _beat(tape, open_=True)
    _beat(tape)
    tape.expect("door_held_open", start_at, Severity.WARNING)


def _guessed_at(tape: Tape) -> None:
    start_at = _denied(tape, _QUIET)
    for _ in range(_WRONG_ATTEMPTS - 1):
        _denied(tape, _MINUTE)
    tape.expect("credential_refused", start_at, Severity.WARNING)


def _cut_off(tape: Tape) -> None:
    start_at = _event(tape, "offline")
    _beat(tape, 15 * _MINUTE)
    tape.expect("door_offline", start_at, Severity.NOTICE)


_INCIDENTS: tuple[Callable[[Tape], None], ...] = (
    _forced, _forced_for_long, _held_open, _held_open_for_long, _guessed_at, _cut_off,
)  # fmt: skip


def _quiet(tape: Tape) -> None:
    for number in range(_QUIET_READINGS):
        _beat(tape, idle=number == _QUIET_READINGS // 2)


def _event(tape: Tape, event: str, after: timedelta = _QUIET) -> Instant:
    return _say(tape, after, "event", {"event": event, "number": len(tape.uploads)})


def _denied(tape: Tape, after: timedelta) -> Instant:
    why: Values = {"denied_because": "unknown", "number": len(tape.uploads)}
    return _say(tape, after, "event", {"event": "denied", **why})


def _beat(
    tape: Tape, after: timedelta = _QUIET, *, open_: bool = False, idle: bool = False
) -> Instant:
    values = {"door_open": open_, "mains_power": True, "uptime_s": len(tape.uploads)}
    return _say(tape, after, "heartbeat", values, idle=idle)


def _say(
    tape: Tape, after: timedelta, type_: str, values: Values, *, idle: bool = False
) -> Instant:
    return tape.say(after, {"type": type_, **values}, values, idle=idle)
