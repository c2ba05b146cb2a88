"""An emission: what one simulated device says at one instant."""

from typing import NamedTuple

from devices.instant import Instant
from devices.topic import Topic


class Emission(NamedTuple):
    """A message that leaves a device.

    A reading is repeated when an earlier emission of the device held it with the same values.
    """

    at: Instant
    """When it leaves the device, in simulated time."""
    topic: Topic
    payload: bytes
    new_readings: int
    """How many of its readings no earlier emission of the device held."""
    repeated_readings: int
    """How many of its readings an earlier emission held with the same values."""
