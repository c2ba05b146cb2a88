"""The kind `soak_gauge`: its decoder raises what no decoder may, if the payload says so."""

from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json

from devices.field import Field
from devices.kind import DeviceKind
from devices.payload import Decoded, Measured


def _decode(payload: bytes) -> Decoded:
    body: dict[str, Any] = from_json(payload)
    if body["fails"]:
        raise ZeroDivisionError("the defect of a plug-in")
    measured = Measured(body["at"], {"level_m": body["level_m"]})
    return Decoded(body["device"], (measured,), 0)


KIND = DeviceKind(
    name="soak_gauge",
    title="Gauge with a defect",
    title_zh="有缺陷的液位计",
    fields=(Field(name="level_m", type="float", meaning="Level", source="made up for the soak"),),
    decode=_decode,
    schema=TypeAdapter(dict[str, Any]),
)
