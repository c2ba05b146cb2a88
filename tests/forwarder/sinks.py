"""Sinks that keep the contract and do as they are told."""

import asyncio
from collections import deque
from collections.abc import Sequence

from ingest.sink import Delivery, Rejected, SinkUnavailable


class ListSink:
    """Keeps what it takes, in order.

    `failures` are raised first, one at each write; `refused` are the numbers it never takes. While
    `open` is cleared, a write does not end.
    """

    def __init__(
        self, failures: Sequence[SinkUnavailable] = (), refused: Sequence[int] = ()
    ) -> None:
        self.taken: list[Delivery] = []
        self.sizes: list[int] = []
        self.writes = 0
        self.open = asyncio.Event()
        self.open.set()
        self._failures = deque(failures)
        self._refused = frozenset(refused)

    async def write(self, batch: Sequence[Delivery]) -> Sequence[Rejected]:
        self.writes += 1
        await self.open.wait()
        if self._failures:
            raise self._failures.popleft()
        self.sizes.append(len(batch))
        self.taken += [each for each in batch if each.seq not in self._refused]
        return [Rejected(each, "out of range" * 99) for each in batch if each.seq in self._refused]

    async def close(self) -> None:
        """Nothing is held."""
