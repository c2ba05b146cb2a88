"""The pipeline: messages to a batch, the batch to the journal, only then the acknowledgement."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ingest.backoff import Backoff
from ingest.clock import stopwatch
from ingest.health import Health
from ingest.intake import Intake
from ingest.journal.batch import Batch, Committed
from ingest.journal.database import JournalUnavailable
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.mqtt.session import Session
from ingest.settings import BatchSettings

_LONGEST_BACKOFF = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Moves micro-batches from the session into the journal, one at a time, in order."""

    session: Session
    intake: Intake
    journal: Journal
    metrics: Metrics
    health: Health

    async def run(self, settings: BatchSettings, committed: Callable[[int], None]) -> None:
        """Run until the session has no more to give; `committed` hears how many were stored."""
        linger = timedelta(milliseconds=settings.linger_ms)
        while messages := await self.session.take(settings.messages, linger):
            incoming = self.intake.sort(messages)
            outcome = await self._commit(incoming.batch)
            self.session.acknowledge(messages)
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
