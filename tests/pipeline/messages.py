"""Messages of devices, as they come off the wire."""

import json

from devices.instant import Instant, iso_of
from ingest.mqtt.message import Message

NOW: Instant = 1_760_000_000_000


def telemetry(number: int, *, device: str = "wm-1", measured_at: Instant = NOW) -> Message:
    """Return a reading of a water meter, one a minute, with this number as its packet id."""
    at = measured_at + number * 60_000 - 3_600_000
    fields = {"type": "telemetry", "measured_at": iso_of(at), "cumulative_m3": number / 8}
    return message(f"gw/v1/water_meter/{device}/up", fields, packet_id=number)


def message(topic: str, fields: dict[str, object], *, packet_id: int = 1) -> Message:
    """Return a message with the fields of the envelope filled in from the topic."""
    device = topic.split("/")[3]
    payload = json.dumps({"v": 1, "device": device, **fields}).encode()
    return raw(topic, payload, packet_id=packet_id)


def raw(topic: str, payload: bytes, *, packet_id: int = 1, malformed: bool = False) -> Message:
    """Return a message of these bytes."""
    return Message(topic, payload, NOW, 1, packet_id, malformed)
