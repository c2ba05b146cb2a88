"""The forwarder: takes committed readings to one sink, in order, and never gives up."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from ingest.backoff import Backoff
from ingest.clock import pause
from ingest.health import Health
from ingest.journal.batch import DeadLetter
from ingest.journal.database import JournalUnavailable
from ingest.journal.journal import Journal
from ingest.journal.reading_table import dead_letter_of
from ingest.metrics import Metrics
from ingest.sink import Delivery, Rejected, Sink, SinkUnavailable

MOST_AT_ONCE = 5_000
_GATHER = timedelta(milliseconds=50)
"""How long a batch that is not full waits for company: fewer, larger requests."""
_LONGEST_DETAIL = 500


class Forwarder:
    """One sink's own task, with its own cursor in the journal and its own retries."""

    def __init__(self, name: str, sink: Sink, journal: Journal, longest_backoff: timedelta) -> None:
        self.name = name
        self.cursor = journal.cursor(name)
        self.backlog = journal.backlog(self.cursor)
        self._sink = sink
        self._journal = journal
        self._backoff = Backoff(longest_backoff)
        self._more = asyncio.Event()
        self._more.set()

    @property
    def part(self) -> str:
        """The name of this part of the service in health and dead letters."""
        return f"sink:{self.name}"

    def committed(self, readings: int) -> None:
        """Hear that there are more readings to forward."""
        self.backlog += readings
        self._more.set()

    async def run(self, metrics: Metrics, health: Health) -> None:
        """Forward for ever."""
        while True:
            await self._more.wait()
            self._more.clear()
            await self._drain(metrics, health)

    async def drained(self) -> None:
        """Return when the sink has everything that was committed."""
        while self.backlog > 0:
            await pause(_GATHER)

    async def _drain(self, metrics: Metrics, health: Health) -> None:
        while batch := self._journal.deliveries_after(self.cursor, MOST_AT_ONCE):
            rejected = await self._write(batch, metrics, health)
            letters = [self._dead_letter(refusal) for refusal in rejected]
            await self._move(batch[-1].seq, letters)
            self.backlog = max(0, self.backlog - len(batch))
            metrics.sink_written.labels(self.name).inc(len(batch) - len(rejected))
            for letter in letters:
                metrics.dead_letters.labels(letter.kind, letter.stage, letter.reason).inc()
            if len(batch) < MOST_AT_ONCE:
                await pause(_GATHER)
        self.backlog = 0

    async def _write(
        self, batch: Sequence[Delivery], metrics: Metrics, health: Health
    ) -> Sequence[Rejected]:
        while True:
            try:
                rejected = await self._sink.write(batch)
            except SinkUnavailable as error:
                metrics.sink_errors.labels(self.name).inc()
                health.trouble(self.part, f"{error}; readings wait in the journal")
                await self._backoff.wait(error.retry_after)
            else:
                self._backoff.succeeded()
                health.recovered(self.part)
                return rejected

    async def _move(self, seq: int, rejected: Sequence[DeadLetter]) -> None:
        while True:
            try:
                await self._journal.forwarded(self.name, seq, rejected)
            except JournalUnavailable:
                await self._backoff.wait()
            else:
                self.cursor = seq
                return

    def _dead_letter(self, refusal: Rejected) -> DeadLetter:
        return dead_letter_of(
            refusal.delivery.reading, self.part, "rejected", refusal.why[:_LONGEST_DETAIL]
        )
