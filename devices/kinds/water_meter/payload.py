"""What a water meter sends, and the readings it becomes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from devices.instant import instant_of, milliseconds_of
from devices.kinds.water_meter import fields
from devices.payload import IMPERSONAL, Measured, Moment, Payload, known
from devices.radio import RSRP
from devices.reading import Value, Values

SLOTS = (15, 30, 60)
RESOLUTIONS = (1, 10, 100, 1_000)
_DAY_MINUTES = 24 * 60
_new = tuple.__new__
"""Makes a named tuple at a third of the cost, for what is made at each reading."""
_MINUTE = milliseconds_of(timedelta(minutes=1))


def _slot(minutes: int) -> int:
    return _one_of(minutes, SLOTS)


def _resolution(litres: int) -> int:
    return _one_of(litres, RESOLUTIONS)


def _one_of(value: int, choices: tuple[int, ...]) -> int:
    """Literal types would take `true` for 1 and 15.0 for 15."""
    if value not in choices:
        raise PydanticKnownError("literal_error", {"expected": ", ".join(map(str, choices))})
    return value


class MeterState(Payload):
    """The counters and the state of the meter."""

    cumulative_m3: Annotated[float, fields.CUMULATIVE.bounds]
    """Counter of the water that went through, m3; in a daily upload at `frozen_at`."""
    reverse_m3: Annotated[float, fields.REVERSE.bounds] | None = None
    """Counter of the water that went back, m3."""
    flow_m3h: Annotated[float, fields.FLOW.bounds] | None = None
    """Present flow, m3/h."""
    water_temperature_c: Annotated[float, fields.WATER_TEMPERATURE.bounds] | None = None
    """Temperature of the water, degC."""
    pressure_mpa: Annotated[float, fields.PRESSURE.bounds] | None = None
    """Pressure of the water, MPa."""
    battery_v: Annotated[float, fields.BATTERY.bounds] | None = None
    """Battery voltage, V."""
    rsrp_dbm: Annotated[int, RSRP.bounds] | None = None
    """Received power of the cell's reference signal, dBm."""
    snr_db: Annotated[float, fields.SNR.bounds] | None = None
    """Signal-to-noise ratio, dB."""
    ecl: Annotated[int, fields.ECL.bounds] | None = None
    """Coverage enhancement level."""
    valve: fields.Valve | None = None
    """State of the valve."""
    flags: Annotated[list[fields.Flag], Field(max_length=32)] | None = None
    """Status bits that are set; an empty list when none is."""
    serial: Annotated[str, fields.SERIAL.form, IMPERSONAL] | None = None
    """The meter's own number: a new one is a new meter."""
    resolution_l: (
        Annotated[
            int, AfterValidator(_resolution), Field(json_schema_extra={"enum": [*RESOLUTIONS]})
        ]
        | None
    ) = None
    """The least step of the counter, L."""
    transmissions: Annotated[int, fields.TRANSMISSIONS.bounds] | None = None
    """Counter of the uploads sent."""


class Telemetry(MeterState):
    """The state of the meter at one instant."""

    type: Literal["telemetry"]
    """Which of the payloads this is."""
    measured_at: Moment
    """When the meter measured."""


class DailyUpload(MeterState):
    """The water of a day in slots, frozen by the meter, and its state at the freeze."""

    type: Literal["daily"]
    """Which of the payloads this is."""
    frozen_at: Moment
    """The end of the newest slot."""
    slot_minutes: Annotated[int, AfterValidator(_slot), Field(json_schema_extra={"enum": [*SLOTS]})]
    """Length of each slot, min."""
    increments_m3: Annotated[
        list[Annotated[float, fields.INCREMENT.bounds]], Field(min_length=24, max_length=96)
    ]
    """Water used in each slot, m3, the oldest first; all slots together are a day at most."""

    @field_validator("increments_m3")
    @classmethod
    def _fit_their_slots(cls, increments: list[float], earlier: ValidationInfo) -> list[float]:
        minutes = earlier.data.get("slot_minutes")
        if minutes is None:
            return increments
        if len(increments) * minutes > _DAY_MINUTES:
            raise ValueError(f"at most {_DAY_MINUTES // minutes} slots of {minutes} min are a day")
        most = fields.LARGEST_FLOW * minutes / 60
        if max(increments) > most:
            raise PydanticKnownError("less_than_equal", {"le": most})
        return increments


Message: TypeAlias = Annotated[Telemetry | DailyUpload, Field(discriminator="type")]
ADAPTER: TypeAdapter[Telemetry | DailyUpload] = TypeAdapter(Message)

_STATE = tuple(
    field.name
    for field in fields.FIELDS
    if field not in (fields.INCREMENT, fields.SLOT, fields.FLAGS)
)


def measured(message: Telemetry | DailyUpload) -> tuple[Measured, ...]:
    """Return one reading for telemetry, and one for each slot of a day, the oldest first."""
    if isinstance(message, Telemetry):
        found = instant_of(message.measured_at), _state(message)
        return (_new(Measured, found),)
    return _slots(message)


def _slots(day: DailyUpload) -> tuple[Measured, ...]:
    minutes, slot = day.slot_minutes, day.slot_minutes * _MINUTE
    frozen_at = instant_of(day.frozen_at)
    *earlier, newest = day.increments_m3
    oldest_at = frozen_at - len(earlier) * slot
    slots = [
        _new(Measured, (ended_at, {"increment_m3": increment, "slot_minutes": minutes}))
        for ended_at, increment in zip(range(oldest_at, frozen_at, slot), earlier, strict=True)
    ]
    frozen = {"increment_m3": newest, "slot_minutes": minutes, **_state(day)}
    return (*slots, Measured(frozen_at, frozen))


def plain_values(sent: dict[str, Any]) -> Values:
    """Return the values of telemetry of which nothing but what was sent is there."""
    flags = sent.pop("flags", None)
    return sent if flags is None else _with_flags(sent, flags)


def _state(message: MeterState) -> Values:
    values = known(message, _STATE)
    return values if message.flags is None else _with_flags(values, message.flags)


def _with_flags(values: dict[str, Value], flags: Sequence[str]) -> Values:
    values["flags"] = ",".join(sorted(set(flags)))
    return values
