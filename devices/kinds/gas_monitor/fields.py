"""What a gas monitor's readings hold.

Ranges reach below zero by 10 % of a sensor's range: a zero that has drifted by more than 5 % is a
fault to be told, not a reading to be refused.
"""

from typing import Literal, TypeAlias, get_args

from devices.field import Field
from devices.radio import RSRP
from devices.units import Concentration

SensorStatus: TypeAlias = Literal[
    "ok", "warming_up", "fault", "over_range", "calibration_due", "flooded"
]

_UNITS = tuple(unit.value for unit in Concentration)
_SENSOR = (
    "of its usual sensor, and 10 % of that below zero (general knowledge, not from a standard)"
)

METHANE = Field(
    name="ch4_lel_pct",
    type="float",
    unit="%LEL",
    low=-10.0,
    high=2_000.0,
    meaning="Methane as a share of its lower explosive limit",
    source="GB/T 50493 counts in %LEL; pure methane is 2,000 with a limit of 5 %vol",
)
H2S = Field(
    name="h2s_mgm3",
    type="float",
    unit="mg/m3",
    low=-150.0,
    high=1_500.0,
    meaning="Hydrogen sulphide",
    source=f"1,000 ppm, the widest range {_SENSOR}; GB/T 50493: IDLH 430",
)
H2S_UNIT = Field(
    name="h2s_unit",
    type="text",
    choices=_UNITS,
    meaning="The unit in which the monitor sent hydrogen sulphide",
    source="the units that meters use; GB/T 50493 gives limits in both",
)
CO = Field(
    name="co_mgm3",
    type="float",
    unit="mg/m3",
    low=-250.0,
    high=2_500.0,
    meaning="Carbon monoxide",
    source=f"2,000 ppm, the widest range {_SENSOR}; GB/T 50493: IDLH 1,700",
)
CO_UNIT = Field(
    name="co_unit",
    type="text",
    choices=_UNITS,
    meaning="The unit in which the monitor sent carbon monoxide",
    source="the units that meters use; GB/T 50493 gives limits in both",
)
OXYGEN = Field(
    name="o2_vol_pct",
    type="float",
    unit="%vol",
    low=-2.5,
    high=100.0,
    meaning="Oxygen",
    source=f"a share of the volume; below zero by the range, 25 %vol, {_SENSOR}",
)
TEMPERATURE = Field(
    name="temperature_c",
    type="float",
    unit="degC",
    low=-60.0,
    high=125.0,
    meaning="Temperature of the air in the tank",
    source="what electronics outdoors can report (general knowledge, not from a standard)",
)
HUMIDITY = Field(
    name="humidity_pct",
    type="float",
    unit="%RH",
    low=0.0,
    high=100.0,
    meaning="Relative humidity",
    source="definition of relative humidity",
)
FAN_RUNNING = Field(
    name="fan_running",
    type="boolean",
    meaning="Whether the fan runs, by its feedback and not by its command",
    source="the ventilation sequence: a run is proven by current or airflow",
)
FAN_CURRENT = Field(
    name="fan_current_a",
    type="float",
    unit="A",
    low=0.0,
    high=100.0,
    meaning="Current of the fan",
    source="general knowledge, not from a standard",
)
SENSOR_STATUS = Field(
    name="sensor_status",
    type="text",
    choices=get_args(SensorStatus),
    meaning="What the monitor says of its sensors",
    source="sensor behaviour: warm-up, loop current at fault and over-range, calibration, flooding",
)
CALIBRATION_AGE = Field(
    name="calibration_age_days",
    type="integer",
    unit="d",
    low=0,
    high=36_500,
    meaning="Time since the last calibration",
    source="general knowledge, not from a standard: a century",
)
BATTERY = Field(
    name="battery_v",
    type="float",
    unit="V",
    low=0.0,
    high=60.0,
    meaning="Battery voltage",
    source="3.6 V cells to 48 V supplies with room (general knowledge, not from a standard)",
)

FIELDS = (
    METHANE,
    H2S,
    H2S_UNIT,
    CO,
    CO_UNIT,
    OXYGEN,
    TEMPERATURE,
    HUMIDITY,
    FAN_RUNNING,
    FAN_CURRENT,
    SENSOR_STATUS,
    CALIBRATION_AGE,
    BATTERY,
    RSRP,
)
