"""The forwarder: takes committed readings to one sink, in order, and never gives up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

from ingest.backoff import Backoff
from ingest.clock import pause
from ingest.health import Health
from ingest.journal.batch import DeadLetter
from ingest.journal.database import JournalUnavailable
from ingest.journal.journal import Journal
from ingest.journal.refused_reading import dead_letter_of
from ingest.metrics import Metrics
from ingest.sink import Delivery, Rejected, Sink, SinkUnavailable

T = TypeVar("T")
MOST_AT_ONCE = 5_000
_GATHER = timedelta(milliseconds=50)
"""How long a batch that is not full waits for company: fewer, larger requests."""
_LOOK_SECONDS = 2.0
"""How often to look unasked: a command of another process may have stored something."""
_LONGEST_DETAIL = 500


class Forwarder:
    """One sink's own task, with its own cursor in the journal and its own retries."""

    def __init__(self, name: str, sink: Sink, journal: Journal, longest_backoff: timedelta) -> None:
        self.name = name
        self.cursor = journal.cursor(name)
        self._sink = sink
        self._journal = journal
        self._backoff = Backoff(longest_backoff)
        self._more = asyncio.Event()
        self._more.set()

    @property
    def part(self) -> str:
        """The name of this part of the service in health and dead letters."""
        return f"sink:{self.name}"

    @property
    def backlog(self) -> int:
        """How many committed readings the sink does not have yet."""
        return self._journal.backlog(self.cursor)

    def committed(self, readings: int) -> None:
        """Hear that so many more readings are to be forwarded."""
        if readings:
            self._more.set()

    async def run(self, metrics: Metrics, health: Health) -> None:
        """Forward for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._more.wait()
            self._more.clear()
            await self._drain(metrics, health)

    async def drained(self) -> None:
        """Return when the sink has everything that was committed."""
        while self.backlog > 0:
            await pause(_GATHER)

    async def _drain(self, metrics: Metrics, health: Health) -> None:
        while batch := await self._patiently(self._next_batch, metrics, health):
            rejected = await self._patiently(partial(self._sink.write, batch), metrics, health)
            letters = [self._dead_letter(refusal) for refusal in rejected]
            move = partial(self._journal.forwarded, self.name, batch[-1].seq, letters)
            await self._patiently(move, metrics, health)
            self.cursor = batch[-1].seq
            metrics.sink_written.labels(self.name).inc(len(batch) - len(rejected))
            for letter in letters:
                metrics.dead_letters.labels(letter.kind, letter.stage, letter.reason).inc()
            if len(batch) < MOST_AT_ONCE:
                await pause(_GATHER)

    async def _next_batch(self) -> Sequence[Delivery]:
        return self._journal.deliveries_after(self.cursor, MOST_AT_ONCE)

    async def _patiently(
        self, step: Callable[[], Awaitable[T]], metrics: Metrics, health: Health
    ) -> T:
        """Try the step until the sink, or the journal, lets it through."""
        while True:
            try:
                outcome = await step()
            except SinkUnavailable as error:
                metrics.sink_errors.labels(self.name).inc()
                health.trouble(self.part, f"{error}; readings wait in the journal")
                await self._backoff.wait(error.retry_after)
            except JournalUnavailable as error:
                health.trouble(self.part, f"journal: {error}")
                await self._backoff.wait()
            else:
                self._backoff.succeeded()
                health.recovered(self.part)
                return outcome

    def _dead_letter(self, refusal: Rejected) -> DeadLetter:
        return dead_letter_of(
            refusal.delivery.reading, self.part, "rejected", refusal.why[:_LONGEST_DETAIL]
        )
