"""The tail: what was committed last, for a sink that keeps up.

Context: to read each reading back from the file, and its values from JSON, cost 2.6 us, a tenth of
all that the service does for it.
Decision: the readings of the last transactions stay at hand after their COMMIT, and a sink whose
cursor lies among them gets them from here. What another process stores between them ends the tail.
Given up: that a sink has only ever what was read from the file; a test holds both against each
other.
"""

from collections.abc import Sequence

from devices.reading import Reading
from ingest.sink import Delivery

MOST = 20_000
"""Readings at hand, about 500 bytes each."""
_new = tuple.__new__


class Tail:
    """The readings committed last, with the areas of their devices, in order and without a gap."""

    def __init__(self) -> None:
        self._first = 1
        self._revision = 0
        self._readings: list[tuple[Reading, str | None]] = []

    def add(self, last: int, readings: Sequence[tuple[Reading, str | None]]) -> None:
        """Take in what was committed, up to number `last`."""
        first = last - len(readings) + 1
        if first != self._first + len(self._readings) or len(self._readings) > MOST:
            self._first, self._readings = first, []
        self._readings += readings

    def clear(self) -> None:
        """Forget all."""
        self._readings = []

    def drop_before(self, seq: int) -> None:
        """Forget what is below a number: it is no longer in the file."""
        if seq > self._first:
            del self._readings[: seq - self._first]
            self._first = seq

    def placed(self, revision: int) -> None:
        """Hear the registry's revision; by another one devices may stand elsewhere."""
        if revision != self._revision:
            self._revision = revision
            self.clear()

    def after(self, seq: int, most: int) -> list[Delivery]:
        """Return the next readings after a number, at most so many; none if they are not here."""
        place = seq + 1 - self._first
        if not 0 <= place < len(self._readings):
            return []
        found = enumerate(self._readings[place : place + most], seq + 1)
        return [_new(Delivery, (number, *each)) for number, each in found]
