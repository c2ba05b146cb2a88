"""What a gas monitor sends, and the readings it becomes."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, TypeAdapter
from pydantic_core import PydanticKnownError

from devices.field import Field
from devices.instant import instant_of
from devices.kinds.gas_monitor import fields
from devices.payload import Measured, Moment, Part, Payload, known
from devices.radio import RSRP
from devices.reading import Value
from devices.units import Concentration, mg_per_m3


class Share(Part):
    """How much of a toxic gas there is."""

    value: float
    """In the unit that stands beside it."""
    unit: Concentration
    """`ppm` or `mg/m3`."""


class Fan(Part):
    """What the fan's feedback says."""

    running: bool
    """Whether the fan runs, by current or airflow."""
    current_a: Annotated[float, fields.FAN_CURRENT.bounds] | None = None
    """Current of the fan, A."""


def _within(field: Field, gas: str) -> Callable[[Share], Share]:
    """Return a check of the converted value: the range of what was sent depends on its unit."""
    low, high = field.bounds.ge, field.bounds.le

    def check(share: Share) -> Share:
        value = mg_per_m3(gas, share.value, share.unit)
        if value < low:  # type: ignore[operator]
            raise PydanticKnownError("greater_than_equal", {"ge": low})
        if value > high:  # type: ignore[operator]
            raise PydanticKnownError("less_than_equal", {"le": high})
        return share

    return check


class Telemetry(Payload):
    """The air in the tank, the fan, and the state of the monitor at one instant."""

    type: Literal["telemetry"]
    """Which of the payloads this is."""
    measured_at: Moment
    """When the monitor measured."""
    ch4_lel_pct: Annotated[float, fields.METHANE.bounds] | None = None
    """Methane, %LEL."""
    h2s: Annotated[Share, AfterValidator(_within(fields.H2S, "h2s"))] | None = None
    """Hydrogen sulphide with its unit."""
    co: Annotated[Share, AfterValidator(_within(fields.CO, "co"))] | None = None
    """Carbon monoxide with its unit."""
    o2_vol_pct: Annotated[float, fields.OXYGEN.bounds] | None = None
    """Oxygen, %vol."""
    temperature_c: Annotated[float, fields.TEMPERATURE.bounds] | None = None
    """Temperature of the air in the tank, degC."""
    humidity_pct: Annotated[float, fields.HUMIDITY.bounds] | None = None
    """Relative humidity, %."""
    fan: Fan | None = None
    """Feedback of the fan."""
    sensor_status: fields.SensorStatus
    """What the monitor says of its sensors."""
    calibration_age_days: Annotated[int, fields.CALIBRATION_AGE.bounds] | None = None
    """Time since the last calibration, d."""
    battery_v: Annotated[float, fields.BATTERY.bounds] | None = None
    """Battery voltage, V."""
    rsrp_dbm: Annotated[int, RSRP.bounds] | None = None
    """Received power of the cell's reference signal, dBm."""


ADAPTER: TypeAdapter[Telemetry] = TypeAdapter(Telemetry)

_NAMES = tuple(field.name for field in fields.FIELDS if field.name in Telemetry.model_fields)


def measured(message: Telemetry) -> tuple[Measured, ...]:
    """Return the one reading, toxic gases in mg/m3."""
    values = known(message, _NAMES)
    values |= _toxic("h2s", message.h2s) | _toxic("co", message.co) | _feedback(message.fan)
    return (Measured(instant_of(message.measured_at), values),)


def _toxic(gas: str, share: Share | None) -> dict[str, Value]:
    if share is None:
        return {}
    converted = mg_per_m3(gas, share.value, share.unit)
    return {f"{gas}_mgm3": converted, f"{gas}_unit": share.unit.value}


def _feedback(fan: Fan | None) -> dict[str, Value]:
    if fan is None:
        return {}
    current = {} if fan.current_a is None else {"fan_current_a": fan.current_a}
    return {"fan_running": fan.running, **current}
