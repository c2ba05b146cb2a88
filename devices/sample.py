"""Samples: the messages a kind is tested with, and what each is to become."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Literal, NamedTuple, Self, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from devices import kinds
from devices.instant import Instant, instant_of
from devices.payload import Measured
from devices.reading import Value
from devices.refusal import Reason

Group: TypeAlias = Literal["good", "broken", "edge"]


class Sample(NamedTuple):
    """One `up` message: its readings and unknown fields, or the reason why it is refused."""

    kind: str
    name: str
    group: Group
    received_at: Instant
    device: str
    payload: bytes
    refused: Reason | None
    readings: tuple[Measured, ...]
    unknown_fields: int


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Reading(_Row):
    measured_at: AwareDatetime
    values: Annotated[dict[str, Value], Field(strict=True)]


class _Sample(_Row):
    """What is no UTF-8 stands in hexadecimal, as `payload_hex`."""

    name: str
    group: Group
    payload: str | None = None
    payload_hex: str | None = None
    received_at: AwareDatetime | None = None
    device: str | None = None
    refused: Reason | None = None
    readings: tuple[_Reading, ...] = ()
    unknown_fields: int = 0

    @model_validator(mode="after")
    def _has_one_payload(self) -> Self:
        if (self.payload is None) == (self.payload_hex is None):
            raise ValueError("expected one of payload and payload_hex")
        return self

    @property
    def sent(self) -> bytes:
        return (self.payload or "").encode() or bytes.fromhex(self.payload_hex or "")


class _File(_Row):
    """`received_at` and `device` hold for every sample that does not say otherwise."""

    received_at: AwareDatetime
    device: str
    sample: tuple[_Sample, ...]


def samples_of(kind: str) -> tuple[Sample, ...]:
    """Return the samples that lie in the kind's folder, in the order of the file."""
    text = (files(kinds) / kind / "samples.toml").read_text(encoding="utf-8")
    rows = _File.model_validate(tomllib.loads(text))
    return tuple(_sample(kind, rows, row) for row in rows.sample)


def _sample(kind: str, rows: _File, row: _Sample) -> Sample:
    return Sample(
        kind=kind,
        name=row.name,
        group=row.group,
        received_at=instant_of(row.received_at or rows.received_at),
        device=row.device or rows.device,
        payload=row.sent,
        refused=row.refused,
        readings=tuple(_measured(reading.measured_at, reading.values) for reading in row.readings),
        unknown_fields=row.unknown_fields,
    )


def _measured(measured_at: datetime, values: Mapping[str, Value]) -> Measured:
    return Measured(instant_of(measured_at), values)
