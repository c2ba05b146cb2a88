"""A device kind: its name, its fields, its decoder. A literal in `devices/kinds/<kind>/kind.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from devices.field import Field
from devices.payload import Decode


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKind:
    """What there is to know of a kind of device.

    `name` is the topic level and the measurement. `schema` is what the JSON Schema of the payload
    is made from. `commands` maps each command the device obeys to what it does.
    """

    name: str
    title: str
    title_zh: str
    fields: tuple[Field, ...]
    decode: Decode
    schema: TypeAdapter[Any]
    commands: Mapping[str, str] = field(default_factory=dict)
