"""The layout: which device speaks through which connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from devices.topic import PREFIX, Channel, Topic
from ingest.simulate.broker import Logins
from ingest.simulate.connection import Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How devices are spread over connections."""

    own_up_to: int = 500
    """Up to so many devices, each has a connection of its own."""
    gateways: int = 4
    """Above that, so many connections carry all devices."""
    in_flight: int = 20
    """Messages a gateway may have unacknowledged; a broker's usual Receive Maximum is 20."""
    queue: int = 1_000
    """Messages that may wait at a gateway behind those."""
    name: str = "sim"
    """What the client ids begin with; two runs against one broker need two names."""

    def voices(self, devices: Sequence[tuple[str, str]], logins: Logins) -> list[Voice]:
        """Return who speaks: each device for itself, or the gateways.

        A gateway says nothing of the status of its devices: a last will speaks for one topic.
        """
        if len(devices) <= self.own_up_to:
            return [self._own(kind, device, logins) for kind, device in devices]
        return [self._gateway(place, logins) for place in range(self.gateways)]

    def places(self, devices: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return at which place in `voices` each device speaks; the same in every run."""
        if len(devices) <= self.own_up_to:
            return {device: place for place, device in enumerate(devices)}
        return {device: crc32("/".join(device).encode()) % self.gateways for device in devices}

    def _own(self, kind: str, device: str, logins: Logins) -> Voice:
        """A device with a password of its own has its id as client id: the broker binds both."""
        return Voice(
            device if device in logins.passwords else f"{self.name}-{kind}-{device}",
            logins.of(device),
            status=Topic(kind, device, Channel.STATUS),
            commands=str(Topic(kind, device, Channel.DOWN)),
        )

    def _gateway(self, place: int, logins: Logins) -> Voice:
        """The first one takes the commands of all, so that none arrives twice."""
        return Voice(
            f"{self.name}-gateway-{place}",
            logins.shared,
            commands=f"{PREFIX}/+/+/{Channel.DOWN}" if place == 0 else None,
            in_flight=self.in_flight,
            queue=self.queue,
        )
