"""The pipeline: messages to a batch, the batch to the journal, only then the acknowledgement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from ingest.backoff import Backoff
from ingest.clock import stopwatch
from ingest.health import Health
from ingest.intake import Intake
from ingest.journal.batch import Batch, Committed
from ingest.journal.database import JournalUnavailable
from ingest.metrics import Metrics
from ingest.mqtt.message import Message
from ingest.settings import BatchSettings

_LONGEST_BACKOFF = timedelta(seconds=5)


class Source(Protocol):
    """Where messages come from; it sends again what is not acknowledged."""

    async def take(self, most: int, linger: timedelta) -> Sequence[Message]:
        """Return the next messages, in order; none when there will be no more."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Hear that the outcome of these is durable."""


class Record(Protocol):
    """Where batches become durable."""

    async def commit(self, batch: Batch) -> Committed:
        """Make the batch durable; JournalUnavailable if nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Moves micro-batches from the source into the journal, one at a time, in order."""

    source: Source
    intake: Intake
    journal: Record
    metrics: Metrics
    health: Health

    async def run(self, settings: BatchSettings, committed: Callable[[int], None]) -> None:
        """Run until the source has no more to give; `committed` hears how many were stored."""
        linger = timedelta(milliseconds=settings.linger_ms)
        while messages := await self.source.take(settings.messages, linger):
            incoming = self.intake.sort(messages)
            outcome = await self._commit(incoming.batch)
            self.source.acknowledge(messages)
            self.metrics.count(incoming, outcome)
            committed(outcome.stored.total())

    async def _commit(self, batch: Batch) -> Committed:
        """Try until the journal has the batch: the broker would not send it again by itself."""
        backoff = Backoff(_LONGEST_BACKOFF)
        while True:
            started = stopwatch()
            try:
                committed = await self.journal.commit(batch)
            except JournalUnavailable as error:
                self.metrics.journal_unavailable.set(1)
                self.health.trouble("journal", f"{error}; nothing is acknowledged until it works")
                await backoff.wait()
            else:
                self.metrics.commit_seconds.observe(stopwatch() - started)
                self.metrics.journal_unavailable.set(0)
                self.health.recovered("journal")
                return committed
