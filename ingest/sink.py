"""The port through which committed readings leave for a database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from devices.reading import Reading


class Delivery(NamedTuple):
    """A committed reading on its way out: its place in the journal, and where its device stands."""

    seq: int
    reading: Reading
    area: str | None
    """Area code of the device: division 6 digits, street 9, community 12, grid 14 or 15."""


class Rejected(NamedTuple):
    """A delivery that the sink will never take, and its word for why."""

    delivery: Delivery
    why: str


class SinkUnavailable(Exception):  # noqa: N818 named after what the caller does: try again later
    """The sink can't take anything now; the same batch is to be written again later.

    `retry_after` is the wait the sink asked for, None if it named none.
    """

    def __init__(self, why: str, retry_after: timedelta | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Sink(Protocol):
    """A database that takes readings. Writing the same reading twice is the same as once."""

    async def write(self, batch: Sequence[Delivery]) -> Sequence[Rejected]:
        """Write the batch and return what the sink will never take.

        Raises SinkUnavailable when the outcome for any delivery is not known.
        """

    async def close(self) -> None:
        """Give back connections."""
