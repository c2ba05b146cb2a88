"""What a door controller sends, and the readings it becomes."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from devices.instant import instant_of
from devices.kinds.door import fields
from devices.payload import IMPERSONAL, Measured, Moment, Payload, known
from devices.radio import RSRP


class Event(Payload):
    """Something that happened at the door."""

    type: Literal["event"]
    """Which of the payloads this is."""
    measured_at: Moment
    """When it happened."""
    event: fields.EventName
    """What happened."""
    opened_by: fields.Opener | None = None
    """What opened the door; required with `opened`, refused with any other event."""
    denied_because: fields.Denial | None = None
    """Why the door stayed shut; required with `denied`, refused with any other event."""
    credential: fields.Credential | None = None
    """What was shown to the door; only with `denied`."""
    person: Annotated[str, fields.PERSON.form, IMPERSONAL] | None = None
    """Pseudonym of the person, made outside of this system."""
    dwelling: Annotated[str, fields.DWELLING.form, IMPERSONAL] | None = None
    """Pseudonym of the dwelling."""
    direction: fields.Direction | None = None
    """Which way."""
    number: Annotated[int, fields.NUMBER.bounds] | None = None
    """Counter of the controller's events."""

    @model_validator(mode="after")
    def _says_how_and_why(self) -> Self:
        _belongs("opened_by", self.opened_by, required=self.event == "opened")
        _belongs("denied_because", self.denied_because, required=self.event == "denied")
        if self.credential is not None and self.event != "denied":
            raise ValueError("credential: belongs to a denied event alone")
        return self


class Heartbeat(Payload):
    """The state of the controller."""

    type: Literal["heartbeat"]
    """Which of the payloads this is."""
    measured_at: Moment
    """When the controller looked."""
    door_open: bool
    """Whether the leaf is open."""
    mains_power: bool | None = None
    """Whether the controller has mains power."""
    uptime_s: Annotated[int, fields.UPTIME.bounds] | None = None
    """Time since the controller started, s."""
    battery_v: Annotated[float, fields.BATTERY.bounds] | None = None
    """Voltage of the back-up battery, V."""
    rsrp_dbm: Annotated[int, RSRP.bounds] | None = None
    """Received power of the cell's reference signal, dBm."""


Message: TypeAlias = Annotated[Event | Heartbeat, Field(discriminator="type")]
ADAPTER: TypeAdapter[Event | Heartbeat] = TypeAdapter(Message)

_NAMES = {
    model: tuple(field.name for field in fields.FIELDS if field.name in model.model_fields)
    for model in (Event, Heartbeat)
}


def measured(message: Event | Heartbeat) -> tuple[Measured, ...]:
    """Return the one reading of an event or a heartbeat."""
    values = known(message, _NAMES[type(message)])
    return (Measured(instant_of(message.measured_at), values),)


def _belongs(name: str, value: str | None, *, required: bool) -> None:
    if required and value is None:
        raise PydanticCustomError("missing", "{name}: required with this event", {"name": name})
    if value is not None and not required:
        raise ValueError(f"{name}: does not belong to this event")
