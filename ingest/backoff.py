"""Back-off: growing waits between tries, with jitter, up to a cap."""

import random
from datetime import timedelta

from ingest.clock import pause

FIRST_WAIT = timedelta(milliseconds=200)


class Backoff:
    """The wait before the next try: it doubles with each failure and starts anew after a success.

    Jitter takes away up to half, so that what failed together does not try again together.
    """

    def __init__(self, longest: timedelta, first: timedelta = FIRST_WAIT) -> None:
        self._first = min(first, longest)
        self._longest = longest
        self._next = self._first

    def succeeded(self) -> None:
        """Start anew."""
        self._next = self._first

    def failed(self, wanted: timedelta | None = None) -> timedelta:
        """Return the wait for this failure; a wait that the other side `wanted` is honoured."""
        wait = self._next * random.uniform(0.5, 1.0)  # noqa: S311 jitter is no secret
        self._next = min(self._next * 2, self._longest)
        return wait if wanted is None else max(wait, wanted)

    async def wait(self, wanted: timedelta | None = None) -> None:
        """Wait for this failure."""
        await pause(self.failed(wanted))
