"""What every simulated device is to the fleet, and what it says."""

from typing import NamedTuple, Protocol

from devices.instant import Instant
from devices.message import Command
from devices.models.command import Answer
from devices.models.community import DeviceName


class Utterance(NamedTuple):
    """A payload, before the network decides when it arrives."""

    payload: bytes
    readings: int
    faults: tuple[str, ...] = ()
    """What befell the device meanwhile, as counted in the truth."""


class SimulatedDevice(Protocol):
    """A device that is advanced from one thing it has to say to the next."""

    @property
    def name(self) -> DeviceName:
        """Its address."""

    def next_at(self) -> Instant:
        """Return when it next has something to say."""

    def speak(self, at: Instant) -> Utterance | None:
        """Return what it says at the instant, and advance; None if it turns out to be nothing."""

    def obey(self, command: Command, at: Instant) -> Answer:
        """Carry out a command that is neither expired nor a repetition."""

    def late_by(self, units: int) -> int:
        """Return the milliseconds that so many of its own units of lateness take."""
