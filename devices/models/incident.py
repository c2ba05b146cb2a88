"""Incidents: what may go wrong at a device, in the words of a scenario."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from devices.models.community import DOOR, METER, MONITOR
from devices.topic import DEVICE_PATTERN

_TIME_OF_DAY = re.compile(r"(?:(\d{1,3})d )?([01]\d|2[0-3]):([0-5]\d)")
_DURATION = re.compile(r"(?:(\d{1,3})d)? ?(?:(\d{1,4})h)? ?(?:(\d{1,5})m)? ?(?:(\d{1,6})s)?")


class LocalTime(NamedTuple):
    """A local time of day, so many days after the day of the start."""

    days: int
    since_midnight: timedelta


def _duration(text: object) -> timedelta:
    found = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if found is None:
        raise ValueError('expected a duration such as "90m", "36h" or "1d 12h"')
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _moment(text: object) -> timedelta | LocalTime:
    found = _TIME_OF_DAY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        try:
            return _duration(text)
        except ValueError:
            raise ValueError('expected "2d 06:00" or a duration such as "36h"') from None
    days, hours, minutes = (int(number or 0) for number in found.groups())
    return LocalTime(days, timedelta(hours=hours, minutes=minutes))


Duration: TypeAlias = Annotated[timedelta, BeforeValidator(_duration), Field(gt=timedelta())]
Moment: TypeAlias = Annotated[timedelta | LocalTime, BeforeValidator(_moment)]
DeviceId: TypeAlias = Annotated[str, StringConstraints(pattern=DEVICE_PATTERN)]
Litres: TypeAlias = Annotated[float, Field(gt=0, le=3_125)]
"""Up to Q4 of a DN15 meter with Q3 2.5 (GB/T 778.1)."""


class Incident(BaseModel):
    """One thing that goes wrong. Without a duration it never ends by itself."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )
    kinds: ClassVar[tuple[str, ...]] = (METER, DOOR, MONITOR)

    what: str
    """Its name in a scenario."""
    at: Moment
    """When it begins."""
    device: DeviceId
    """Where."""
    duration: Duration | None = None
    """How long it lasts."""


class Leak(Incident):
    """Water that never stops."""

    kinds = (METER,)
    what: Literal["leak"] = "leak"
    litres_per_hour: Litres = 20.0


class Burst(Incident):
    """A pipe that breaks."""

    kinds = (METER,)
    what: Literal["burst"] = "burst"
    duration: Duration | None = timedelta(hours=3)
    litres_per_hour: Litres = 2_300.0


class RunningToilet(Incident):
    """A cistern that refills at intervals."""

    kinds = (METER,)
    what: Literal["running_toilet"] = "running_toilet"
    interval: Duration = timedelta(minutes=20)
    litres: Annotated[float, Field(gt=0, le=20)] = 4.0
    """Water of one refill."""


class ReverseFlow(Incident):
    """Water that runs back through the meter; nobody takes any meanwhile."""

    kinds = (METER,)
    what: Literal["reverse_flow"] = "reverse_flow"
    duration: Duration | None = timedelta(hours=2)
    litres_per_hour: Litres = 30.0


class SupplyCut(Incident):
    """No water comes from the street, and the pipe runs empty."""

    kinds = (METER,)
    what: Literal["supply_cut"] = "supply_cut"
    duration: Duration | None = timedelta(hours=6)


class DwellingIncident(Incident):
    """What happens to the people of a dwelling; its meter and its door both show it."""

    kinds = (METER, DOOR)
    dwelling: Annotated[int, Field(ge=1, le=24)] = 1
    """Which dwelling, counted among those behind the door, if the device is a door."""


class Holiday(DwellingIncident):
    """The whole household is away."""

    what: Literal["holiday"] = "holiday"
    duration: Duration | None = timedelta(days=7)


class PersonInactive(DwellingIncident):
    """One person neither leaves nor takes water."""

    what: Literal["person_inactive"] = "person_inactive"
    person: Annotated[int, Field(ge=1, le=5)] = 1
    """Which occupant."""


class CrowdedDwelling(DwellingIncident):
    """More people live in a dwelling than should."""

    what: Literal["crowded_dwelling"] = "crowded_dwelling"
    persons: Annotated[int, Field(ge=2, le=24)] = 10


class LeaseExpired(DwellingIncident):
    """The door no longer opens to the occupants; they still try."""

    what: Literal["lease_expired"] = "lease_expired"


class ForcedDoor(Incident):
    """A door is forced and stands open for the duration."""

    kinds = (DOOR,)
    what: Literal["forced_door"] = "forced_door"
    duration: Duration | None = timedelta(minutes=4)


class FireAlarm(Incident):
    """The fire alarm releases a door for the duration; nobody has to present anything."""

    kinds = (DOOR,)
    what: Literal["fire_alarm"] = "fire_alarm"
    duration: Duration | None = timedelta(minutes=20)


class WrongAttempts(Incident):
    """Somebody tries wrong codes until the door locks them out."""

    kinds = (DOOR,)
    what: Literal["wrong_attempts"] = "wrong_attempts"


class Tamper(Incident):
    """Somebody opens a device. A meter counts nothing meanwhile, for there is a magnet on it."""

    kinds = (METER, DOOR)
    what: Literal["tamper"] = "tamper"
    duration: Duration | None = timedelta(hours=3)


class PowerCut(Incident):
    """The mains fail. A door goes on while its battery lasts, a gas monitor is off at once."""

    kinds = (DOOR, MONITOR)
    what: Literal["power_cut"] = "power_cut"
    duration: Duration = timedelta(hours=2)


class GasBuildUp(Incident):
    """A tank gives off so much gas that methane nears a level."""

    kinds = (MONITOR,)
    what: Literal["gas_build_up"] = "gas_build_up"
    duration: Duration | None = timedelta(hours=6)
    level_lel_pct: Annotated[float, Field(gt=5, le=200)] = 60.0
    """Where methane comes to rest while the fan stands; above 100 the sensor is over its range."""


class FanFailure(Incident):
    """The fan obeys, but its motor doesn't turn."""

    kinds = (MONITOR,)
    what: Literal["fan_failure"] = "fan_failure"


class FrozenSensor(Incident):
    """A gas sensor repeats its last value, or a meter counts nothing."""

    kinds = (METER, MONITOR)
    what: Literal["frozen_sensor"] = "frozen_sensor"


class SensorFault(Incident):
    """A gas monitor says that its sensors can't be relied on, and shows no gas."""

    kinds = (MONITOR,)
    what: Literal["sensor_fault"] = "sensor_fault"
    duration: Duration | None = timedelta(days=1)
    status: Literal["fault", "flooded"] = "fault"


class Outage(Incident):
    """Nothing gets through; devices keep what they have to say until afterwards."""

    what: Literal["outage"] = "outage"
    device: DeviceId | None = None  # type: ignore[assignment]
    """Which device; without it those of `area`, without that all."""
    area: Annotated[str, StringConstraints(pattern=r"^\d{6,15}$")] | None = None
    """Which area: a code that the devices' area codes begin with."""
    duration: Duration = timedelta(hours=6)


class Duplicate(Incident):
    """Every message arrives twice."""

    what: Literal["duplicate"] = "duplicate"
    duration: Duration | None = timedelta(days=1)


class Lost(Incident):
    """No message ever arrives."""

    what: Literal["lost"] = "lost"
    duration: Duration | None = timedelta(days=1)


class Late(Incident):
    """Messages arrive late."""

    what: Literal["late"] = "late"
    duration: Duration | None = timedelta(days=1)
    by: Duration = timedelta(days=2)


class Rollover(Incident):
    """The counter passes its end in the course of that day, if water is used."""

    kinds = (METER,)
    what: Literal["rollover"] = "rollover"


class Replacement(Incident):
    """A new meter with another serial and a counter near zero."""

    kinds = (METER,)
    what: Literal["replacement"] = "replacement"


class ClockDrift(Incident):
    """The device's clock is ahead, or behind if negative."""

    what: Literal["clock_drift"] = "clock_drift"
    seconds: Annotated[int, Field(ge=-86_400, le=86_400)] = 120


INCIDENTS: Mapping[str, type[Incident]] = {
    str(incident.model_fields["what"].default): incident
    for incident in (
        Leak, Burst, RunningToilet, ReverseFlow, SupplyCut, Holiday, PersonInactive,
        CrowdedDwelling, LeaseExpired, ForcedDoor, FireAlarm, WrongAttempts, Tamper, PowerCut,
        GasBuildUp, FanFailure, FrozenSensor, SensorFault, Outage, Duplicate, Lost, Late, Rollover,
        Replacement, ClockDrift,
    )
}  # fmt: skip
"""Every kind of incident by its name."""
