"""The life of a command: issued, answered, proven by its effect, or failed. On our clock.

A command is in flight until its effect is seen, the device answers that it did not obey, or it
expires. It expires when its effect is due, so that the next of its purpose never overlaps with it.
"""

from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from devices.instant import Instant
from devices.message import Argument
from rules.effect import Command
from rules.subject import Subject

Arguments: TypeAlias = tuple[tuple[str, Argument], ...]


class Outcome(StrEnum):
    """What has become of a command."""

    WAITING = "waiting"
    PROVEN = "proven"
    FAILED = "failed"


class Flight(NamedTuple):
    """A command on its way; saved as the list of its fields. `answer` is the device's, if any."""

    identity: str
    command: str
    expires_at: Instant
    answer: str | None = None


def issued(device: str, command: str, at: Instant, lasts: int) -> Flight:
    """Return a new command to the device `<kind>/<device>` that expires `lasts` ms after `at`.

    The same arguments give the same identity, others another one.
    """
    expires_at = at + lasts
    text = f"{device} {command} {at} {expires_at}"
    return Flight(blake2b(text.encode(), digest_size=16).hexdigest(), command, expires_at)


def command_of(
    device: str,
    flight: Flight,
    target: str,
    arguments: Arguments = (),
    orderer: Subject | None = None,
) -> Command:
    """Return the order to send. Its purpose is what it does to the target."""
    kind, _, name = device.partition("/")
    return Command(
        identity=flight.identity,
        kind=kind,
        device=name,
        command=flight.command,
        purpose=f"{target} {flight.command}",
        expires_at=flight.expires_at,
        target=target,
        arguments=arguments,
        orderer=orderer,
    )


def answered(flight: Flight | None, identity: str, answer: str) -> Flight | None:
    """Return the command after an answer; one to another command, or a second one, is ignored."""
    if flight is None or flight.identity != identity or flight.answer is not None:
        return flight
    return flight._replace(answer=answer)


def outcome(flight: Flight, now: Instant, *, effect: bool) -> Outcome:
    """Return what has become of a command. That it is done, the effect says and not the answer."""
    if effect:
        return Outcome.PROVEN
    if flight.answer not in (None, "done") or now >= flight.expires_at:
        return Outcome.FAILED
    return Outcome.WAITING
