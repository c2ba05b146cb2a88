"""The tally: what a run of simulated devices brought to the broker."""

from dataclasses import dataclass

from devices.models.emission import Emission
from devices.topic import Channel


@dataclass(slots=True)
class Tally:
    """Counters of one run, advanced while it lasts. Only what the broker acknowledged counts."""

    messages: int = 0
    """Messages acknowledged: uploads, events and replies, not the status of a connection."""
    readings: int = 0
    """Readings in them that no earlier message held."""
    repeated: int = 0
    """Readings in them that an earlier message held with the same values."""
    replies: int = 0
    """Messages that answered a command."""
    commands: int = 0
    """Commands that reached a simulated device."""
    reconnects: int = 0
    """Connections that had to be made again."""
    unacknowledged: int = 0
    """Messages that the run ended on before the broker acknowledged them."""
    behind_s: float = 0.0
    """Seconds of simulated time by which the devices are behind their clock."""

    def acknowledged(self, emission: Emission) -> None:
        """Count a message that the broker acknowledged."""
        self.messages += 1
        self.readings += emission.new_readings
        self.repeated += emission.repeated_readings
        self.replies += emission.topic.channel is Channel.REPLY
