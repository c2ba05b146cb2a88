"""Messages besides readings, the same for every kind: status reports, commands, replies."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, TypeVar

from pydantic import AfterValidator, StringConstraints, TypeAdapter
from pydantic_core import PydanticCustomError

from devices.decoding import LARGEST_PAYLOAD, Acceptance
from devices.instant import Instant, instant_of, iso_of, milliseconds_of
from devices.payload import IMPERSONAL, Moment, Payload, unknown_fields, validated
from devices.privacy import holds_personal_data
from devices.refusal import DecodeError, Reason
from devices.topic import Topic

COMMAND_ID_PATTERN = r"^[0-9A-Za-z-]{1,64}$"
"""Letters, digits and `-`; at most 64 characters."""

_WORD_PATTERN = r"^[a-z_]{1,64}$"
_WORD = re.compile(_WORD_PATTERN)

CommandId: TypeAlias = Annotated[str, StringConstraints(pattern=COMMAND_ID_PATTERN), IMPERSONAL]
Word: TypeAlias = Annotated[str, StringConstraints(pattern=_WORD_PATTERN)]
Argument: TypeAlias = bool | int | float | str
Result: TypeAlias = Literal["done", "refused", "expired", "failed"]


def _plain_arguments(arguments: dict[str, Argument]) -> dict[str, Argument]:
    """Judged by hand, because pydantic's complaint would repeat a key that may be personal."""
    if not all(_is_plain(name, value) for name, value in arguments.items()):
        expected = f"names of {_WORD_PATTERN}, each a boolean, a finite number or a short text"
        raise PydanticCustomError("arguments", "Input should be {expected}", {"expected": expected})
    return arguments


def _is_plain(name: str, value: object) -> bool:
    if _WORD.fullmatch(name) is None:
        return False
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= 256)


class StatusPayload(Payload):
    """What a device, or its last will, leaves retained on its status topic."""

    online: bool
    """Whether the device is connected."""
    at: Moment | None = None
    """Since when; a last will can't know."""


class CommandPayload(Payload):
    """What a device is told on its `down` topic."""

    id: CommandId
    """The identity of the command: the same id twice is one command."""
    command: Word
    """What to do, one of the kind's commands."""
    expires_at: Moment
    """After this the device answers `expired` and does nothing."""
    arguments: Annotated[dict[str, Any], AfterValidator(_plain_arguments)] | None = None
    """What the command needs to know."""


class ReplyPayload(Payload):
    """What a device answers on its `reply` topic."""

    id: CommandId
    """The id of the command that is answered."""
    result: Result
    """What became of it."""
    at: Moment
    """When it became so."""
    reason: Word | None = None
    """Why it was not done."""


class StatusReport(NamedTuple):
    """Whether a device is connected.

    `at` is since when, and never later than we heard: a last will, which doesn't say, would lose
    against a clock that is ahead.
    """

    kind: str
    device: str
    online: bool
    at: Instant
    unknown_fields: int = 0


class Command(NamedTuple):
    """Something a device is to do unless `expires_at` has passed."""

    kind: str
    device: str
    id: str
    command: str
    expires_at: Instant
    arguments: Mapping[str, Argument]


class Reply(NamedTuple):
    """A device's answer to the command of this id."""

    kind: str
    device: str
    id: str
    result: Result
    reason: str | None
    at: Instant
    received_at: Instant
    unknown_fields: int = 0


_STATUS = TypeAdapter(StatusPayload)
_COMMAND = TypeAdapter(CommandPayload)
_REPLY = TypeAdapter(ReplyPayload)
_Message = TypeVar("_Message", bound=Payload)


def decode_status(
    topic: Topic,
    payload: bytes,
    received_at: Instant,
    acceptance: Acceptance = Acceptance(),  # noqa: B008 a frozen value
) -> StatusReport:
    """Return the status report; DecodeError if any part of it is refused.

    A device may have been online for longer than a reading may be old.
    """
    message, unknown = _accepted(_STATUS, topic, payload)
    at = received_at if message.at is None else instant_of(message.at)
    _refuse_the_future(at, received_at, acceptance)
    return StatusReport(topic.kind, topic.device, message.online, min(at, received_at), unknown)


def decode_command(topic: Topic, payload: bytes) -> Command:
    """Return the command; DecodeError if any part of it is refused."""
    message, _ = _accepted(_COMMAND, topic, payload)
    if holds_personal_data(message.arguments):
        raise DecodeError(Reason.PERSONAL_DATA, "a personal field in the arguments")
    return Command(
        topic.kind,
        topic.device,
        message.id,
        message.command,
        instant_of(message.expires_at),
        message.arguments or {},
    )


def decode_reply(
    topic: Topic,
    payload: bytes,
    received_at: Instant,
    acceptance: Acceptance = Acceptance(),  # noqa: B008 a frozen value
) -> Reply:
    """Return the reply; DecodeError if any part of it is refused."""
    message, unknown = _accepted(_REPLY, topic, payload)
    at = instant_of(message.at)
    _refuse_the_future(at, received_at, acceptance)
    if at < received_at - milliseconds_of(acceptance.age):
        raise DecodeError(Reason.TOO_OLD, f"at: at most {acceptance.age.days} days ago")
    return Reply(
        topic.kind,
        topic.device,
        message.id,
        message.result,
        message.reason,
        at,
        received_at,
        unknown,
    )


def _refuse_the_future(at: Instant, received_at: Instant, acceptance: Acceptance) -> None:
    latest = received_at + milliseconds_of(acceptance.ahead)
    if at > latest:
        raise DecodeError(Reason.IN_THE_FUTURE, f"at: at most {iso_of(latest)}")


def _accepted(adapter: TypeAdapter[_Message], topic: Topic, payload: bytes) -> tuple[_Message, int]:
    """Return the message and the number of its unknown fields; DecodeError if it is refused."""
    if len(payload) > LARGEST_PAYLOAD:
        raise DecodeError(Reason.TOO_LARGE, f"payload: at most {LARGEST_PAYLOAD} bytes")
    message = validated(adapter, payload)
    unknown = unknown_fields(message)
    if message.device != topic.device:
        raise DecodeError(Reason.DEVICE_MISMATCH, "device: expected the device of the topic")
    return message, unknown
