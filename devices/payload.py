"""Payloads: the JSON envelope, version 1, that every kind's models build on."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from math import isfinite
from typing import Annotated, NamedTuple, TypeAlias, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from devices.instant import Instant
from devices.privacy import (
    LARGEST_LOOKED_THROUGH,
    holds_personal_data,
    is_disguised,
    is_identity_number,
    mentions_personal_data,
)
from devices.reading import Value, Values
from devices.refusal import DecodeError, Reason
from devices.topic import DEVICE_PATTERN

_LENGTH_OF_A_NUMBER = 18
"""Characters of an identity number, and of a pseudonym: what has others needs no second look."""


def _impersonal(text: str) -> str:
    if len(text) == _LENGTH_OF_A_NUMBER and (is_identity_number(text) or is_disguised(text)):
        raise PydanticCustomError("personal_data", "Input should hold no number of a person")
    return text


IMPERSONAL = AfterValidator(_impersonal)
"""For text that is kept: refuses identity numbers, and pseudonyms that hide a number of a person.

A mobile number passes: its eleven digits may be those of a device."""

DeviceId: TypeAlias = Annotated[str, StringConstraints(pattern=DEVICE_PATTERN), IMPERSONAL]

INSTANT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
)
"""ISO 8601 with an offset. Pydantic alone takes "1772323200" for a time as well."""


class _IsoText:
    """Makes an aware `datetime` of ISO 8601 text, and of nothing else."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        text = core_schema.str_schema(pattern=INSTANT_PATTERN, strict=True)
        moment = core_schema.datetime_schema(tz_constraint="aware", strict=False)
        return core_schema.chain_schema([text, moment])

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN}


Moment: TypeAlias = Annotated[datetime, _IsoText()]
"""A point in time, sent as ISO 8601 text with an offset."""

Version: TypeAlias = Annotated[int, Field(ge=1, le=1, json_schema_extra={"const": 1})]
"""Not a literal, which would take `true` and 1.0 as well."""


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

    v: Version
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
        found = message.device, measured(message), unknown_fields(message)
        return tuple.__new__(Decoded, found)  # at a third of the cost of `Decoded(...)`

    return decode


def validated(adapter: TypeAdapter[Message], payload: bytes) -> Message:
    """Return the payload as the model it fits; DecodeError says what does not fit, and where."""
    try:
        return adapter.validator.validate_json(payload)  # type: ignore[no-any-return]
    except ValidationError as error:
        if len(payload) <= LARGEST_LOOKED_THROUGH and mentions_personal_data(payload):
            raise DecodeError(Reason.PERSONAL_DATA, "a personal field in the payload") from None
        raise _refusal(error) from None


def unknown_fields(part: Part) -> int:
    """Return how many unknown fields there are at any depth; DecodeError if one is personal."""
    extra = part.__pydantic_extra__
    count = _accepted(extra) if extra else 0
    for name in parts_of(type(part)):
        inner = part.__dict__[name]
        if inner is not None:
            count += unknown_fields(inner)
    return count


def known(part: Part, names: Iterable[str]) -> dict[str, Value]:
    """Return the named fields of the part that are neither absent nor null."""
    fields = part.__dict__
    return {name: value for name in names if (value := fields[name]) is not None}


@cache
def parts_of(model: type[Part]) -> tuple[str, ...]:
    """The names of the fields that hold a part or null: most models have none to look into."""
    return tuple(
        name for name, field in model.model_fields.items() if _holds_part(field.annotation)
    )


def _holds_part(annotation: object) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return True
    return any(_holds_part(inner) for inner in get_args(annotation))


def _accepted(extra: dict[str, object]) -> int:
    if holds_personal_data(extra):
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
_UNTAGGED = ("union_tag_not_found", "union_tag_invalid")
_MOST_NAMED = 3


def _refusal(error: ValidationError) -> DecodeError:
    """The gravest complaint names the reason; the detail names up to three places.

    A complaint repeats no input: what a payload says where it should not may be personal.
    """
    complaints = error.errors(include_url=False)
    ranked = sorted(complaints, key=lambda complaint: _rank(_reason(complaint)))
    named = "; ".join(_place(complaint) for complaint in ranked[:_MOST_NAMED])
    return DecodeError(_reason(ranked[0]), named)


def _reason(complaint: ErrorDetails) -> Reason:
    sent, place = complaint["input"], complaint["loc"][-1:]
    if place == ("v",) or (complaint["type"] in _UNTAGGED and _is_another_version(sent)):
        return Reason.WRONG_VERSION
    if place == ("type",) and complaint["type"] != "missing":
        return Reason.UNKNOWN_TYPE
    if isinstance(sent, float) and not isfinite(sent):
        return Reason.NOT_FINITE
    return _REASONS.get(complaint["type"], Reason.MISTYPED_FIELD)


def _is_another_version(sent: object) -> bool:
    return isinstance(sent, dict) and "v" in sent and (type(sent["v"]), sent["v"]) != (int, 1)


def _rank(reason: Reason) -> int:
    return _FIRST.index(reason) if reason in _FIRST else len(_FIRST)


def _place(complaint: ErrorDetails) -> str:
    """Where and what was expected there. Pydantic's own words for a tag repeat the one sent."""
    if complaint["type"] in _UNTAGGED and _is_another_version(complaint["input"]):
        return "v: expected 1"
    if complaint["type"] in _UNTAGGED:
        expected = complaint.get("ctx", {}).get("expected_tags", "a text")
        return f"type: expected {expected}"
    path = ".".join(str(level) for level in complaint["loc"]) or "payload"
    return f"{path}: {complaint['msg']}"
