"""What the proof publishes: each message with the readings or the dead letter it must become."""

import json
from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from devices.instant import Instant
from devices.reading import Value, Values

_NOTHING: Mapping["Identity", Values] = MappingProxyType({})
_OF_THE_SENDING = ("rsrp_dbm", "transmissions")


class Identity(NamedTuple):
    """What makes a reading one reading."""

    kind: str
    device: str
    measured_at: Instant


class Letter(NamedTuple):
    """A dead letter; `payload` is None where it may not be kept."""

    stage: str
    reason: str
    topic: str
    payload: bytes | None


class Message(NamedTuple):
    """A message, and what the service has to make of it when it is the first to say so."""

    topic: str
    payload: bytes
    readings: Mapping[Identity, Values] = _NOTHING
    letter: Letter | None = None


def message(
    kind: str, device: str, body: Mapping[str, object], readings: Mapping[Instant, Values]
) -> Message:
    """Return an upload in the envelope of version 1, with its readings by `measured_at`."""
    payload = json.dumps({"v": 1, "device": device, **body}, separators=(",", ":")).encode()
    told = {Identity(kind, device, at): values for at, values in readings.items()}
    return Message(f"gw/v1/{kind}/{device}/up", payload, told)


def sent_again(first: Message, random: Random) -> Message:
    """Return the upload as a device sends it a second time: signal and counter are new."""
    news: dict[str, Value] = {"rsrp_dbm": random.randint(-156, -141), "transmissions": 2**31}
    body = json.loads(first.payload)
    changed = {name: news[name] for name in _OF_THE_SENDING if name in body}
    readings = {
        identity: {name: changed.get(name, value) for name, value in values.items()}
        for identity, values in first.readings.items()
    }
    payload = json.dumps({**body, **changed}).encode()
    return first._replace(payload=payload, readings=readings)


def contradiction(first: Message, field: str) -> Message:
    """Return an upload of the same instant whose float `field` is another: a dead letter."""
    ((identity, values),) = first.readings.items()
    other = {**values, field: float(values[field]) + 0.5}
    payload = json.dumps({**json.loads(first.payload), field: other[field]}).encode()
    content = in_one_order({**identity._asdict(), "values": other})
    letter = Letter("store", "conflict", first.topic, content)
    return Message(first.topic, payload, letter=letter)


def in_one_order(content: Mapping[str, object]) -> bytes:
    """Return the JSON of a reading that was refused, whatever order its names come in."""
    return json.dumps(content, sort_keys=True).encode()
