"""The outbox: commands on their way to devices, each tried until the broker has it or it expires.

Context: a command is durable with the reading that ordered it; between its publication and the mark
that it has left, the process may die.
Decision: it is then published again. Its identity is the same, and a device obeys one only once.
Given up: knowing that the device has it, which only its reply and the effect can say.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from ingest.backoff import Backoff
from ingest.clock import Clock
from ingest.command_rows import message_of
from ingest.journal.commands import StoredCommand
from ingest.journal.database import JournalUnavailable
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.mqtt.publications import NotPublished

if TYPE_CHECKING:
    from devices.instant import Instant

_LOG = logging.getLogger(__name__)
_MOST_AT_ONCE = 50
"""Commands that are published together: half of what the session may have in flight."""
_LOOK_EVERY = timedelta(seconds=1)
_LONGEST_BACKOFF = timedelta(seconds=1)
"""A fan is to start within 5 s, so that a broker that is back is found soon."""
_FIRST_BACKOFF = timedelta(milliseconds=50)
_SAID_AFTER_MS = 3_000
"""Trouble that is over sooner, such as a connection not made yet at the start, is none."""


class Publisher(Protocol):
    """What carries messages to devices."""

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> None:
        """Return when the broker has the message; NotPublished."""


class Outbox:
    """Sends the commands that are queued in the journal. `ordered` wakes it."""

    def __init__(
        self, journal: Journal, publisher: Publisher, clock: Clock, metrics: Metrics
    ) -> None:
        self._journal = journal
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._backoff = Backoff(_LONGEST_BACKOFF, _FIRST_BACKOFF)
        self._trouble_since: Instant | None = None
        self._said = False

    async def run(self, ordered: asyncio.Event) -> None:
        """Send, for ever."""
        while True:
            ordered.clear()
            sent = True
            with suppress(JournalUnavailable):  # the pipeline says so and tries again
                sent = await self.send()
            if sent:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_EVERY.total_seconds()):
                        await ordered.wait()
            else:
                await self._backoff.wait()

    async def send(self) -> bool:
        """Try all commands that are queued, in order; return False if the broker took not all.

        Raises JournalUnavailable: what has been published then goes out again.
        """
        await self._end_overdue()
        while commands := self._queued():
            tried = [each.identity for each in commands]
            outcomes = await asyncio.gather(*map(self._publish, commands))
            left = [each for each, trouble in zip(commands, outcomes, strict=True) if not trouble]
            now = self._clock.now()
            await self._journal.commands_tried(tried, [each.identity for each in left], now)
            for each in left:
                self._metrics.commands.labels(each.kind, each.command, "sent").inc()
            self._say(next(filter(None, outcomes), ""))
            if len(left) < len(commands):
                return False
            self._backoff.succeeded()
        return True

    def _queued(self) -> list[StoredCommand]:
        """Return what may still be sent."""
        now = self._clock.now()
        queued = self._journal.queued_commands(_MOST_AT_ONCE)
        return [each for each in queued if each.expires_at > now]

    async def _publish(self, command: StoredCommand) -> str:
        """Return what kept a command from being published, "" for nothing."""
        left_ms = max(1, command.expires_at - self._clock.now())
        topic, payload = message_of(command)
        try:
            await self._publisher.publish(topic, payload, expiry_s=-(-left_ms // 1000))
        except NotPublished as error:
            self._metrics.command_errors.inc()
            return str(error)
        return ""

    async def _end_overdue(self) -> None:
        due = self._journal.next_overdue_command()
        now = self._clock.now()
        if due is None or due > now:
            return
        for kind, command, state in await self._journal.end_overdue_commands(now):
            self._metrics.commands.labels(kind, command, state).inc()

    def _say(self, trouble: str) -> None:
        """Say when commands can't leave for seconds, and when they can again."""
        if not trouble:
            if self._said:
                _LOG.info("commands leave again")
            self._trouble_since, self._said = None, False
            return
        now = self._clock.now()
        since = self._trouble_since = now if self._trouble_since is None else self._trouble_since
        if not self._said and now - since >= _SAID_AFTER_MS:
            _LOG.warning("commands wait: %s; trying again until they expire", trouble)
            self._said = True
