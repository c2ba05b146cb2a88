"""Payloads: the JSON envelope, version 1, that every kind's models build on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from devices.instant import Instant
from devices.privacy import mentions_personal_data, personal_fields
from devices.reading import Value, Values
from devices.refusal import DecodeError, Reason
from devices.topic import DEVICE_PATTERN

DeviceId: TypeAlias = Annotated[str, StringConstraints(pattern=DEVICE_PATTERN)]


class Part(BaseModel):
    """A JSON object of a payload.

    Types are strict: `"3"` is not a number. A field that is absent or null is not known. Unknown
    fields of a newer firmware are ignored and counted, unless they carry personal data.
    """

    model_config = ConfigDict(
        strict=True,
        extra="allow",
        allow_inf_nan=False,
        frozen=True,
        use_attribute_docstrings=True,
    )


class Payload(Part):
    """The envelope of payload version 1."""

    v: Literal[1]
    """Payload version."""
    device: DeviceId
    """The device, as in the topic."""


class Measured(NamedTuple):
    """The values of one instant, before it is known which message brought them."""

    measured_at: Instant
    values: Values


class Decoded(NamedTuple):
    """What a payload holds: whose it is, the values of each instant, unknown fields ignored."""

    device: str
    measured: tuple[Measured, ...]
    unknown_fields: int


Decode: TypeAlias = Callable[[bytes], Decoded]
Message = TypeVar("Message", bound=Payload)


def json_decoder(
    adapter: TypeAdapter[Message], measured: Callable[[Message], tuple[Measured, ...]]
) -> Decode:
    """Return the decoder of the JSON payloads that `adapter` validates; it raises DecodeError.

    `measured` turns a valid payload into the values of its instants.
    """

    def decode(payload: bytes) -> Decoded:
        message = validated(adapter, payload)
        return Decoded(message.device, measured(message), unknown_fields(message))

    return decode


def validated(adapter: TypeAdapter[Message], payload: bytes) -> Message:
    """Return the payload as the model it fits; DecodeError says what does not fit, and where."""
    try:
        return adapter.validator.validate_json(payload)  # type: ignore[no-any-return]
    except ValidationError as error:
        if mentions_personal_data(payload):
            raise DecodeError(Reason.PERSONAL_DATA, "a personal field in the payload") from None
        raise _refusal(error) from None


def unknown_fields(part: Part) -> int:
    """Return how many unknown fields there are at any depth; DecodeError if one is personal."""
    return sum(_accepted(extra) for extra in _extras(part))


def known(part: Part, names: Iterable[str]) -> dict[str, Value]:
    """Return the named fields of the part that are neither absent nor null."""
    fields = part.__dict__
    return {name: value for name in names if (value := fields[name]) is not None}


def _extras(part: Part) -> Iterator[Mapping[str, object]]:
    if part.__pydantic_extra__:
        yield part.__pydantic_extra__
    for value in part.__dict__.values():
        if isinstance(value, Part):
            yield from _extras(value)


def _accepted(extra: Mapping[str, object]) -> int:
    personal = next(personal_fields(extra), None)
    if personal is not None:
        raise DecodeError(Reason.PERSONAL_DATA, "a personal field in the payload")
    return len(extra)


_REASONS = {
    "json_invalid": Reason.NOT_JSON,
    "missing": Reason.MISSING_FIELD,
    "union_tag_not_found": Reason.MISSING_FIELD,
    "union_tag_invalid": Reason.UNKNOWN_TYPE,
    "finite_number": Reason.NOT_FINITE,
    "greater_than_equal": Reason.OUT_OF_RANGE,
    "less_than_equal": Reason.OUT_OF_RANGE,
    "greater_than": Reason.OUT_OF_RANGE,
    "less_than": Reason.OUT_OF_RANGE,
    "too_long": Reason.OUT_OF_RANGE,
    "too_short": Reason.OUT_OF_RANGE,
    "value_error": Reason.INCONSISTENT,
}
_FIRST = (Reason.NOT_JSON, Reason.WRONG_VERSION, Reason.UNKNOWN_TYPE, Reason.MISSING_FIELD)
_MOST_NAMED = 3


def _refusal(error: ValidationError) -> DecodeError:
    """The gravest complaint names the reason; the detail names up to three places.

    A complaint repeats no input: what a payload says where it should not may be personal.
    """
    complaints = error.errors(include_url=False, include_input=False)
    ranked = sorted(complaints, key=lambda complaint: _rank(_reason(complaint)))
    named = "; ".join(_place(complaint) for complaint in ranked[:_MOST_NAMED])
    return DecodeError(_reason(ranked[0]), named)


def _reason(complaint: ErrorDetails) -> Reason:
    if complaint["loc"][-1:] == ("v",):
        return Reason.WRONG_VERSION
    if complaint["loc"][-1:] == ("type",):
        return Reason.UNKNOWN_TYPE
    return _REASONS.get(complaint["type"], Reason.MISTYPED_FIELD)


def _rank(reason: Reason) -> int:
    return _FIRST.index(reason) if reason in _FIRST else len(_FIRST)


def _place(complaint: ErrorDetails) -> str:
    path = ".".join(str(level) for level in complaint["loc"]) or "payload"
    return f"{path}: {complaint['msg']}"
