"""Housekeeping: keeps the journal within its bounds of age and size."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from devices.instant import Instant, milliseconds_of
from ingest.clock import Clock, pause
from ingest.forwarder import Forwarder
from ingest.journal.database import JournalUnavailable
from ingest.journal.dead_letters import DeadLetterLimits
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.outlets.outlet import Courier
from ingest.settings import JournalSettings

_EVERY = timedelta(seconds=2)
_NEARLY_FULL = 0.9
"""The share of the size limit from which forwarded readings leave before their time."""

_WHENEVER: Instant = 1 << 62


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Removes what has outlived its use.

    A transition of an alert that an outlet waits for is never removed. A reading that a sink still
    waits for is never removed, nor, where there is no sink, one that is younger than the retention.
    Before readings leave early the rules judge those that wait, by `judge_waiting`.
    """

    journal: Journal
    forwarders: Sequence[Forwarder]
    metrics: Metrics
    clock: Clock
    couriers: Sequence[Courier] = ()
    judge_waiting: Callable[[], Awaitable[None]] | None = None

    async def run(self, settings: JournalSettings) -> None:
        """Look every few seconds, for ever."""
        while True:
            with suppress(JournalUnavailable):  # the pipeline says so and tries again
                await self.look(settings)
            await pause(_EVERY)

    async def look(self, settings: JournalSettings) -> None:
        """Bring readings, answers to commands, alerts and dead letters within their bounds."""
        retention = timedelta(days=settings.retention_days)
        oldest = self.clock.now() - milliseconds_of(retention)
        while await self._prune("age", oldest):
            pass
        while await self.journal.prune_replies(oldest):
            pass
        while await self.journal.prune_alerts(oldest, self._delivered_to()):
            pass
        while await self.journal.prune_commands(oldest):
            pass
        limit = settings.max_mb * 1e6 * _NEARLY_FULL
        if self.judge_waiting and self.forwarders and self.journal.size_bytes() > limit:
            await self.judge_waiting()
        while self.forwarders and self.journal.size_bytes() > limit:
            if not await self._prune("size", _WHENEVER):
                break
        while await self._prune_dead_letters(settings):
            pass

    def _delivered_to(self) -> int | None:
        """Return the last transition that no outlet waits for."""
        kept = (each.outlet.done_to for each in self.couriers)
        return min((each for each in kept if each is not None), default=None)

    async def _prune(self, cause: str, received_before: Instant) -> int:
        forwarded_to = min((forwarder.cursor for forwarder in self.forwarders), default=None)
        pruned = await self.journal.prune_readings(received_before, forwarded_to)
        self.metrics.readings_pruned.labels(cause).inc(pruned)
        return pruned

    async def _prune_dead_letters(self, settings: JournalSettings) -> int:
        age = timedelta(days=settings.dead_letter_days)
        limits = DeadLetterLimits(age, int(settings.dead_letter_mb * 1e6))
        dropped = await self.journal.prune_dead_letters(limits, self.clock.now())
        for cause, number in dropped.items():
            self.metrics.dead_letters_dropped.labels(cause).inc(number)
        return sum(dropped.values())
