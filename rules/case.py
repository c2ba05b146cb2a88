"""Cases: what a rule is to do with some readings, as it stands in a case file."""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, NamedTuple

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from devices.catalogue import catalogue as kinds
from devices.instant import Instant, instant_of, milliseconds_of
from devices.message import Result
from devices.reading import Reading, Value
from rules.care import CLASSES
from rules.limits import Setting
from rules.series import MOST, SeriesError, series_of

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_START = "2026-03-02T00:00:00+08:00"
"""A Monday in no season that matters."""


class CaseError(ValueError):
    """A case file that can't be run; the text names file, case and what was expected."""


def span_of(text: str) -> int:
    """Return the milliseconds of `1h30m` or `-5s`; ValueError."""
    body = text.removeprefix("-")
    parts = _PART.findall(body)
    if not parts or "".join(number + unit for number, unit in parts) != body:
        raise ValueError(f"expected a time such as 1h30m, found {text!r}")
    spans = (timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts)
    return milliseconds_of(sum(spans, timedelta())) * (-1 if text.startswith("-") else 1)


def _care_class(text: str) -> str:
    if text not in CLASSES:
        raise ValueError(f"expected one of {', '.join(CLASSES)}, found {text!r}")
    return text


Span = Annotated[int, BeforeValidator(span_of)]
Care = Annotated[str, AfterValidator(_care_class)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Device(BaseModel):
    """A device of a case, and its series, by field."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str] = Field(init=False)

    kind: str = ""
    device: str = "device-1"
    every: Span | None = None
    first_at: Span = 0
    clock_error: Span = 0
    clock_steps: Mapping[str, Span] = {}
    count: int = Field(default=1, ge=1, le=1_000)
    bulk: bool = False
    size: str | None = None
    model: str | None = None
    maintenance_since: Span | None = None
    maintenance_until: Span | None = None
    installed: Span | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The devices that it stands for, all alike."""
        if self.count == 1:
            return (self.device,)
        return tuple(f"{self.device}-{number}" for number in range(1, self.count + 1))


class LeaseRow(_Row):
    """A lease of the dwelling of a case: its person, its end, the doors that open for it."""

    person: str
    ends: Span
    doors: tuple[str, ...] = ()


class Premises(_Row):
    """What is known of the dwelling of a case; `elsewhere` are leases of another."""

    rooms: int | None = None
    care: Care | None = None
    persons: tuple[str, ...] = ()
    away_since: Span | None = None
    away_until: Span | None = None
    maintenance_since: Span | None = None
    maintenance_until: Span | None = None
    leases: tuple[LeaseRow, ...] = ()
    elsewhere: tuple[LeaseRow, ...] = ()


class Case(Device):
    """One case. All times count from `start`, on our clock."""

    name: str
    every: Span
    expect: tuple[str, ...]
    start: AwareDatetime = Field(default=_START, validate_default=True)
    until: Span | None = None
    batch: Span | None = None
    restart_at: tuple[Span, ...] = ()
    reset_at: tuple[Span, ...] = ()
    duplicate: bool = False
    late: Mapping[str, Span] = {}
    deaf: tuple[tuple[Span, Span], ...] = ()
    also: tuple[str, ...] = ()
    premises: Premises | None = None
    limits: Mapping[str, Mapping[str, Setting]] = {}
    devices: Mapping[str, Device] = {}
    replies: Mapping[str, Result] = {}
    overrides: Mapping[str, tuple[str, Span]] = {}
    renewals: Mapping[str, Mapping[str, Span]] = {}

    @property
    def start_at(self) -> Instant:
        """The instant from which times count."""
        return instant_of(self.start)


class Delivery(NamedTuple):
    """A reading, and when it arrives; its place in the order of measurement."""

    at: Instant
    reading: Reading


class _File(_Row):
    case: tuple[Case, ...]


def cases_of(text: str, name: str) -> tuple[Case, ...]:
    """Return the cases of a file's text; CaseError. `name` is what messages call the file."""
    try:
        raw = tomllib.loads(text)
        return _File.model_validate(raw).case
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{name}: {error}") from None
    except ValidationError as error:
        raise CaseError("\n".join(_complaints(name, raw, error))) from None


def deliveries_of(case: Case, kind: str) -> list[Delivery]:
    """Return what arrives in a case, in the order of arrival; `kind` where none is named."""
    devices = [case, *(device for device in case.devices.values())]
    found = [delivery for device in devices for delivery in _deliveries(case, device, kind)]
    return sorted(found, key=lambda delivery: delivery.at)


def _deliveries(case: Case, device: Device, kind: str) -> list[Delivery]:
    kind = device.kind or kind
    if kind not in kinds():
        raise CaseError(f"{case.name}: kind: expected one of {', '.join(kinds())}")
    fields = {field.name: field for field in kinds()[kind].fields}
    columns: dict[str, list[Value | None]] = {}
    for name, text in (device.__pydantic_extra__ or {}).items():
        if name not in fields:
            raise CaseError(f"{case.name}: {name}: expected a field of {kind}")
        try:
            columns[name] = series_of(fields[name], text)
        except SeriesError as error:
            raise CaseError(f"{case.name}: {error}") from None
    found = []
    every = device.every if device.every is not None else case.every
    longest = max(map(len, columns.values()), default=0)
    if longest * device.count > MOST:
        raise CaseError(f"{case.name}: expected at most {MOST:,} readings of a table")
    for number in range(longest):
        values = {
            name: column[number]
            for name, column in columns.items()
            if number < len(column) and column[number] is not None
        }
        if values:
            offset = device.first_at + number * every
            found += [
                _delivery(case, device, (kind, name), offset, values) for name in device.names
            ]
    return found


def _arrival(case: Case, offset: int) -> int:
    """Return when what was measured at an offset arrives; `late` has instants and `from..until`."""
    for measured, arrives in case.late.items():
        first, _, last = measured.partition("..")
        if span_of(first) <= offset <= span_of(last or first):
            return arrives
    return offset


def _delivery(
    case: Case,
    device: Device,
    identity: tuple[str, str],
    offset: int,
    values: Mapping[str, Value | None],
) -> Delivery:
    arrives = _arrival(case, offset)
    if case.batch is not None:
        arrives = -(-arrives // case.batch) * case.batch
    kind, name = identity
    steps = sum(step for at, step in device.clock_steps.items() if span_of(at) <= offset)
    measured_at = case.start_at + offset + device.clock_error + steps
    known = {field: value for field, value in values.items() if value is not None}
    at = case.start_at + arrives
    return Delivery(at, Reading(name, kind, measured_at, at, known))


def _complaints(name: str, raw: Mapping[str, object], error: ValidationError) -> list[str]:
    cases = raw.get("case")
    found = []
    for detail in error.errors():
        place = list(detail["loc"])
        if len(place) > 1 and isinstance(cases, list) and isinstance(place[1], int):
            named = cases[place[1]]
            place[:2] = [named.get("name", place[1]) if isinstance(named, dict) else place[1]]
        found.append(f"{name}: {': '.join(map(str, place))}: {detail['msg']}")
    return found
