"""Topics: `gw/v1/<kind>/<device>/<channel>`, the public address of every message."""

import re
from enum import StrEnum
from typing import NamedTuple

from devices.privacy import is_identity_number
from devices.refusal import DecodeError, Reason

PREFIX = "gw/v1"
DEVICE_PATTERN = r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$"
"""Letters, digits, `_`, `.`, `-`; at most 64 characters; no `/`, `+`, `#`, which MQTT reserves."""

_DEVICE = re.compile(DEVICE_PATTERN)


class Channel(StrEnum):
    """The last level of a topic: who speaks to whom about what."""

    UP = "up"
    """Telemetry and events of the device, QoS 1."""
    DOWN = "down"
    """Commands to the device, QoS 1."""
    REPLY = "reply"
    """The device's answer to a command, QoS 1."""
    STATUS = "status"
    """Whether the device is connected; retained, and the device's last will."""


_CHANNELS = {channel.value: channel for channel in Channel}


class Topic(NamedTuple):
    """The parsed address of a message."""

    kind: str
    device: str
    channel: Channel

    def __str__(self) -> str:
        return f"{PREFIX}/{self.kind}/{self.device}/{self.channel}"


def parse_topic(text: str) -> Topic:
    """Return the parts of `gw/v1/<kind>/<device>/<channel>`; DecodeError for anything else."""
    levels = text.split("/")
    if len(levels) != 5 or levels[0] != "gw" or levels[1] != "v1":
        raise DecodeError(Reason.TOPIC, f"expected {PREFIX}/<kind>/<device>/<channel>")
    _, _, kind, device, channel = levels
    if channel not in _CHANNELS:
        raise DecodeError(Reason.TOPIC, f"channel: expected one of {', '.join(Channel)}")
    check_device(device)
    return Topic(kind, device, _CHANNELS[channel])


def check_device(device: str) -> None:
    """Raise DecodeError unless the text can be the id of a device."""
    if not _DEVICE.fullmatch(device):
        raise DecodeError(Reason.TOPIC, f"device: expected {DEVICE_PATTERN}")
    if is_identity_number(device):
        raise DecodeError(Reason.PERSONAL_DATA, "device: expected no number of a person")
