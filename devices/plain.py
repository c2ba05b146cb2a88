"""Plain payloads: one instant whose fields are its values, as most meters send it all day.

Context: a model with its 18 attributes and a `datetime` takes 2 us more to make than a dictionary
of what was sent, at each of several hundred million messages a day.
Decision: a payload is first read by the fields of its model alone. What is not plain, such as a
payload with an unknown field or one that is to be refused, is read anew by the model, which alone
words refusals. Given up: 2 us for each of those.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic import TypeAdapter
from pydantic_core import CoreConfig, CoreSchema, SchemaValidator
from pydantic_core.core_schema import (
    TypedDictField,
    str_schema,
    typed_dict_field,
    typed_dict_schema,
)

from devices.instant import instant_of_text
from devices.payload import Decode, Decoded, Measured, Payload, parts_of
from devices.reading import Value, Values

_TIME = "measured_at"
_USUAL_TIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][01][0-9]:[0-5][0-9])$"
)
"""The ISO 8601 that Python and pydantic read alike, a subset of `INSTANT_PATTERN`."""
_CONFIG = CoreConfig(extra_fields_behavior="forbid", cache_strings="keys")
"""Over that of the model. To keep the last texts for the case that they come again takes 0.4 us."""
_new = tuple.__new__

Finish: TypeAlias = Callable[[dict[str, Any]], Values]
"""Makes values of the fields that were sent; those of the envelope are not among them."""


def plain_first(model: type[Payload], finished: Finish, otherwise: Decode) -> Decode:
    """Return a decoder that takes plain payloads by itself and leaves the others to `otherwise`.

    The fields of `model` have to check themselves, each alone: TypeError for one with validators.
    """
    read = _dictionary_of(model).validate_json

    def decode(payload: bytes) -> Decoded:
        try:
            sent = read(payload)
            measured_at = instant_of_text(sent.pop(_TIME))
        except ValueError:
            return otherwise(payload)
        device = sent.pop("device")
        del sent["v"], sent["type"]
        values = finished(_known(sent))
        return _new(Decoded, (device, (_new(Measured, (measured_at, values)),), 0))

    return decode


def _known(sent: dict[str, Value | None]) -> dict[str, Any]:
    """Return the fields that are not null, in their order."""
    if None not in sent.values():
        return sent
    return {name: value for name, value in sent.items() if value is not None}


def _dictionary_of(model: type[Payload]) -> SchemaValidator:
    """Return what reads a dictionary of the very fields of the model, and its time as text."""
    whole: Any = TypeAdapter(model).core_schema
    if whole["type"] != "model" or whole["schema"]["type"] != "model-fields" or parts_of(model):
        raise TypeError(f"{model.__name__}: no model with parts, or a validator of its own")
    fields = {
        name: _sent_or_not(field["schema"]) for name, field in whole["schema"]["fields"].items()
    }
    fields[_TIME] = typed_dict_field(str_schema(pattern=_USUAL_TIME))
    config = whole["config"] | _CONFIG
    return SchemaValidator(typed_dict_schema(fields, config=config), config)


def _sent_or_not(schema: CoreSchema) -> TypedDictField:
    """Return the field of a dictionary, which has no default."""
    if schema["type"] == "default":
        return typed_dict_field(schema["schema"], required=False)
    return typed_dict_field(schema)
