"""Scenarios: what goes wrong, when, at which device. TOML text with one `[[event]]` each.

`at` is a duration after the start ("36h", "1d 12h") or a local time some days after the day of the
start ("2d 06:00"). `docs/scenario.toml` shows every kind of incident.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as Invalid

from devices.models.community import DOOR, METER, MONITOR
from devices.topic import DEVICE_PATTERN


class ScenarioError(ValueError):
    """A scenario that can't be run; the text names the event, the key and what was expected."""


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


Duration: TypeAlias = Annotated[timedelta, BeforeValidator(_duration)]
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
    concerns_dwelling: ClassVar[bool] = False

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


class DwellingIncident(Incident):
    """What happens to the people of a dwelling; its meter and its door both show it."""

    kinds = (METER, DOOR)
    concerns_dwelling = True
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


class GasBuildUp(Incident):
    """A tank gives off so much gas that methane nears a level."""

    kinds = (MONITOR,)
    what: Literal["gas_build_up"] = "gas_build_up"
    duration: Duration | None = timedelta(hours=6)
    level_lel_pct: Annotated[float, Field(gt=5, le=90)] = 60.0
    """Where methane comes to rest while the fan stands."""


class FanFailure(Incident):
    """The fan obeys, but its motor doesn't turn."""

    kinds = (MONITOR,)
    what: Literal["fan_failure"] = "fan_failure"


class FrozenSensor(Incident):
    """A gas sensor repeats its last value, or a meter counts nothing."""

    kinds = (METER, MONITOR)
    what: Literal["frozen_sensor"] = "frozen_sensor"


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
        Leak, Burst, RunningToilet, Holiday, PersonInactive, CrowdedDwelling, LeaseExpired,
        ForcedDoor, GasBuildUp, FanFailure, FrozenSensor, Outage, Duplicate, Lost, Late,
        Rollover, Replacement, ClockDrift,
    )
}  # fmt: skip
"""Every kind of incident by its name."""


class Scenario(NamedTuple):
    """What goes wrong, in the order of the text."""

    incidents: tuple[Incident, ...] = ()


EMPTY = Scenario()


def parse_scenario(text: str) -> Scenario:
    """Return the scenario of a TOML text; ScenarioError names event, key and what was expected."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"not TOML: {error}") from None
    for key in tree:
        if key != "event":
            raise ScenarioError(f"{key}: unknown key, expected [[event]]")
    tables = tree.get("event", [])
    if not isinstance(tables, list):
        raise ScenarioError("event: expected [[event]] with two brackets")
    return Scenario(tuple(_incident(number, table) for number, table in enumerate(tables, 1)))


def nearest(word: str, words: list[str]) -> str:
    """Return a hint at the word that was probably meant, or at all of them."""
    close = get_close_matches(word, words, n=1, cutoff=0.4)
    return f"nearest is {close[0]}" if close else f"expected one of {', '.join(words)}"


def _incident(number: int, table: object) -> Incident:
    if not isinstance(table, dict) or "what" not in table:
        raise ScenarioError(f"event {number}: what: missing, one of {', '.join(INCIDENTS)}")
    what = str(table["what"])
    if what not in INCIDENTS:
        raise ScenarioError(f"event {number}: what: unknown, {nearest(what, list(INCIDENTS))}")
    try:
        return INCIDENTS[what].model_validate(table)
    except Invalid as error:
        complaint = error.errors(include_url=False)[0]
        key = str(complaint["loc"][0])
        keys = list(INCIDENTS[what].model_fields)
        hint = (
            f"unknown key, {nearest(key, keys)}"
            if complaint["type"] == "extra_forbidden"
            else complaint["msg"]
        )
        raise ScenarioError(f"event {number}: {key}: {hint}") from None
