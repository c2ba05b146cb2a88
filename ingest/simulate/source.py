"""The port through which devices, modelled or recorded, hand over what they say."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from devices.instant import Instant
from devices.models.emission import Emission
from devices.topic import Topic


class Source(Protocol):
    """Devices that are advanced in time: the modelled `Fleet`, or the meters of a recording."""

    def devices(self) -> Iterable[tuple[str, str]]:
        """Return the kind and id of each device."""

    def next_at(self) -> Instant | None:
        """Return when the next emission may be due, None when nothing will ever be."""

    def emissions_until(self, instant: Instant) -> Iterator[Emission]:
        """Yield, in order of `at`, all that leaves up to and including the instant."""

    def obey(self, topic: Topic, payload: bytes, at: Instant) -> tuple[Emission, ...]:
        """Return what the device answers to a message that reached its `down` topic."""

    def flush(self) -> Iterator[Emission]:
        """Yield what is still buffered in devices at the end of a run."""
