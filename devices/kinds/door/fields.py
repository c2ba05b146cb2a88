"""What a door controller's readings hold."""

from typing import Literal, TypeAlias, get_args

from devices.field import Field
from devices.privacy import DWELLING_PATTERN, PERSON_PATTERN
from devices.radio import RSRP

EventName: TypeAlias = Literal[
    "opened",
    "denied",
    "closed",
    "forced",
    "held_open",
    "tamper",
    "power_lost",
    "battery_low",
    "fire_release",
    "offline",
    "online",
    "clock_drift",
    "lockout",
]
Opener: TypeAlias = Literal[
    "face",
    "card",
    "id_card",
    "fingerprint",
    "pin",
    "qr",
    "bluetooth",
    "remote",
    "exit_button",
    "key",
    "visitor",
]
Denial: TypeAlias = Literal[
    "unknown",
    "expired",
    "not_yet_valid",
    "wrong_time",
    "blacklisted",
    "anti_passback",
    "liveness_fail",
    "duress",
]
Credential: TypeAlias = Literal[
    "face", "card", "id_card", "fingerprint", "pin", "qr", "bluetooth", "visitor"
]
Direction: TypeAlias = Literal["in", "out"]

_VOCABULARY = "the vocabulary of this contract; its notions are those of ONVIF and BACnet doors"
_COUNTER = "an unsigned counter of 32 bits, the widest in use (general knowledge)"

EVENT = Field(
    name="event",
    type="text",
    choices=get_args(EventName),
    meaning="What happened",
    source=f"{_VOCABULARY} (DoorForcedOpen, DoorOpenTooLong, DoorAlarmState)",
)
OPENED_BY = Field(
    name="opened_by",
    type="text",
    choices=get_args(Opener),
    meaning="What opened the door",
    source=_VOCABULARY,
)
DENIED_BECAUSE = Field(
    name="denied_because",
    type="text",
    choices=get_args(Denial),
    meaning="Why the door stayed shut",
    source=_VOCABULARY,
)
CREDENTIAL = Field(
    name="credential",
    type="text",
    choices=get_args(Credential),
    meaning="What was shown to a door that denied",
    source=_VOCABULARY,
)
PERSON = Field(
    name="person",
    type="text",
    pattern=PERSON_PATTERN,
    meaning="Pseudonym of the person",
    source="this contract: a form that leaves no room for a name, a phone or an identity number",
)
DWELLING = Field(
    name="dwelling",
    type="text",
    pattern=DWELLING_PATTERN,
    meaning="Pseudonym of the dwelling that the person belongs to or visits",
    source="this contract: a form that leaves no room for an address",
)
DIRECTION = Field(
    name="direction",
    type="text",
    choices=get_args(Direction),
    meaning="Which way",
    source=_VOCABULARY,
)
NUMBER = Field(
    name="number",
    type="integer",
    unit="1",
    low=0,
    high=4_294_967_295,
    meaning="Counter of the controller's events: a gap is a lost event",
    source=_COUNTER,
)
DOOR_OPEN = Field(
    name="door_open",
    type="boolean",
    meaning="Whether the leaf is open",
    source="the controller's door contact",
)
MAINS_POWER = Field(
    name="mains_power",
    type="boolean",
    meaning="Whether the controller has mains power",
    source="the controller's power supply",
)
UPTIME = Field(
    name="uptime_s",
    type="integer",
    unit="s",
    low=0,
    high=4_294_967_295,
    meaning="Time since the controller started",
    source=_COUNTER,
)
BATTERY = Field(
    name="battery_v",
    type="float",
    unit="V",
    low=0.0,
    high=60.0,
    meaning="Voltage of the back-up battery",
    source="12 to 48 V supplies with room (general knowledge, not from a standard)",
)

FIELDS = (
    EVENT,
    OPENED_BY,
    DENIED_BECAUSE,
    CREDENTIAL,
    PERSON,
    DWELLING,
    DIRECTION,
    NUMBER,
    DOOR_OPEN,
    MAINS_POWER,
    UPTIME,
    BATTERY,
    RSRP,
)
