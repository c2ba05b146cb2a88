"""What a water meter's readings hold."""

from typing import Literal, TypeAlias, get_args

from devices.field import Field
from devices.radio import RSRP

Flag: TypeAlias = Literal[
    "leak",
    "burst",
    "reverse",
    "magnetic_tamper",
    "cover_open",
    "low_battery",
    "over_range",
    "empty_pipe",
]
Valve: TypeAlias = Literal["open", "shut", "fault"]

LARGEST_FLOW = 2_000.0
"""m3/h; what a slot's increment is held against as well. That of the largest meter: what is too
much for a small one is said by its size, which only the registry knows."""
_FLAG = "|".join(sorted(get_args(Flag)))
_REGISTER = "CJ/T 188: eight BCD digits, the coarsest unit being 1 m3"
_FLOW = (
    "GB/T 778.1: Q4 is 1.25 times Q3, here Q3 1,600 m3/h; that no zone has a larger bulk meter is "
    "general knowledge, not from a standard"
)
_COUNTER = "an unsigned counter of 32 bits, the widest in use (general knowledge)"

CUMULATIVE = Field(
    name="cumulative_m3",
    type="float",
    unit="m3",
    low=0.0,
    high=99_999_999.0,
    meaning="Counter of the water that went through, at `measured_at`",
    source=_REGISTER,
)
REVERSE = Field(
    name="reverse_m3",
    type="float",
    unit="m3",
    low=0.0,
    high=99_999_999.0,
    meaning="Counter of the water that went back",
    source=_REGISTER,
)
FLOW = Field(
    name="flow_m3h",
    type="float",
    unit="m3/h",
    low=0.0,
    high=LARGEST_FLOW,
    meaning="Present flow; 0 while water runs back",
    source=_FLOW,
)
INCREMENT = Field(
    name="increment_m3",
    type="float",
    unit="m3",
    low=0.0,
    high=LARGEST_FLOW,
    meaning="Water used in the slot that ends at `measured_at`; at most 2,000 m3/h times the slot",
    source=f"{_FLOW}; an hour is the longest slot",
)
SLOT = Field(
    name="slot_minutes",
    type="integer",
    unit="min",
    low=15,
    high=60,
    meaning="Length of the slot of `increment_m3`: 15, 30 or 60",
    source="24 to 96 frozen increments a day, as NB-IoT meters send them",
)
WATER_TEMPERATURE = Field(
    name="water_temperature_c",
    type="float",
    unit="degC",
    low=-20.0,
    high=100.0,
    meaning="Temperature of the water",
    source="liquid water, and a frozen pipe below 0 (general knowledge, not from a standard)",
)
PRESSURE = Field(
    name="pressure_mpa",
    type="float",
    unit="MPa",
    low=0.0,
    high=4.0,
    meaning="Pressure of the water above the atmosphere's",
    source="GB/T 778.1: highest class of admissible pressure, MAP 40",
)
BATTERY = Field(
    name="battery_v",
    type="float",
    unit="V",
    low=0.0,
    high=5.0,
    meaning="Battery voltage",
    source="one lithium cell, ER26500 3.6 V, with room (general knowledge, not from a standard)",
)
SNR = Field(
    name="snr_db",
    type="float",
    unit="dB",
    low=-50.0,
    high=60.0,
    meaning="Signal-to-noise ratio",
    source="general knowledge, not from a standard",
    transmission=True,
)
ECL = Field(
    name="ecl",
    type="integer",
    unit="1",
    low=0,
    high=2,
    meaning="Coverage enhancement level of the modem",
    source="3GPP TS 36.321: levels 0 to 2 in NB-IoT",
    transmission=True,
)
VALVE = Field(
    name="valve",
    type="text",
    choices=get_args(Valve),
    meaning="State of the valve",
    source="CJ/T 188: status bits 0 and 1",
)
FLAGS = Field(
    name="flags",
    type="text",
    pattern=rf"^(?:(?:{_FLAG})(?:,(?:{_FLAG}))*)?$",
    meaning="Status bits that are set, sorted, joined by commas; empty when none is",
    source="status bits of CJ/T 188 meters and of LwM2M object 3424",
)
SERIAL = Field(
    name="serial",
    type="text",
    pattern=r"^[0-9A-Za-z-]{1,32}$",
    meaning="The meter's own number: a new one is a new meter",
    source="CJ/T 188 has 14 digits; letters and length are a choice of this contract",
)
RESOLUTION = Field(
    name="resolution_l",
    type="integer",
    unit="L",
    low=1,
    high=1_000,
    meaning="The least step of the counter: 1, 10, 100 or 1000",
    source="CJ/T 188: units of 0.001 to 1 m3",
)
TRANSMISSIONS = Field(
    name="transmissions",
    type="integer",
    unit="1",
    low=0,
    high=4_294_967_295,
    meaning="Counter of the uploads the modem has sent",
    source=_COUNTER,
    transmission=True,
)

STATUS_FIELDS = (
    WATER_TEMPERATURE,
    PRESSURE,
    BATTERY,
    RSRP,
    SNR,
    ECL,
    VALVE,
    FLAGS,
    SERIAL,
    RESOLUTION,
    TRANSMISSIONS,
)
FIELDS = (CUMULATIVE, REVERSE, FLOW, INCREMENT, SLOT, *STATUS_FIELDS)
