"""The outlet to MQTT: the alert as it is now, retained, on a topic of its area, rule and subject.

Retained messages are the broker's, which may have lost them: at each connection everything that is
not resolved is published again. A resolved alert stays on its topic for a while, and is then taken
off by an empty message, unless the same has come back meanwhile.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import takewhile
from typing import Protocol

from devices.instant import Instant, milliseconds_of
from ingest.journal.alert_outgoing import (
    changes_behind,
    live_after,
    newest_like,
    told_after,
)
from ingest.journal.alerts import Alert, alert_of
from ingest.mqtt.publications import NotPublished
from ingest.outlets.message import payload_of, topic_of
from ingest.outlets.outlet import PAGE, Beside, Count
from ingest.sink import SinkUnavailable

_AT_ONCE = 50
"""Half of what the session has in flight: an order to a fan never waits for alerts."""
_CLEARED = "mqtt:cleared"
"""The cursor behind which no topic has to be cleared."""
_EMPTY = b""


class Publisher(Protocol):
    """What the outlet asks of the session."""

    @property
    def connected(self) -> bool:
        """Whether it is connected."""

    @property
    def connects(self) -> int:
        """How many connections were made."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1, and return when the broker has it; NotPublished."""


class MqttOutlet:
    """Publishes what changed, in order, behind a cursor; the same again changes nothing."""

    name = "mqtt"

    def __init__(self, publisher: Publisher, beside: Beside, keep_resolved: timedelta) -> None:
        self._publisher = publisher
        self._journal, self._clock, self._title_of = beside
        self._keep_ms = milliseconds_of(keep_resolved)
        self._cursor = self._journal.delivered_to(self.name)
        self._cleared = self._journal.delivered_to(_CLEARED)
        self._connects = 0

    @property
    def done_to(self) -> int:
        """The last transition that was published, and whose topic needs no clearing."""
        return min(self._cursor, self._cleared)

    @property
    def backlog(self) -> int:
        """How many transitions were not published yet."""
        return self._journal.read(changes_behind, self._cursor)

    async def step(self, sent: Count) -> bool:
        """Publish everything on a new connection, then what changed, then clear what is over."""
        if not self._publisher.connected:
            return False
        if self._connects != self._publisher.connects:
            await self._publish_live(sent)
        return await self._publish_changed(sent) or await self._clear(sent)

    async def close(self) -> None:
        """Have nothing to give back: the session is not ours."""

    async def _publish_live(self, sent: Count) -> None:
        connects, after = self._publisher.connects, ""
        while page := self._journal.read(live_after, after, PAGE):
            await self._publish(self._messages(page), sent)
            after = page[-1].id
        self._connects = connects

    async def _publish_changed(self, sent: Count) -> bool:
        page = self._journal.read(told_after, self._cursor, PAGE)
        if not page:
            return False
        long_over = self._long_over()
        newest = self._newest(told.alert for told in page)
        fresh = [alert for alert in newest if not _is_over(alert, long_over)]
        await self._publish(self._messages(fresh), sent)
        await self._journal.delivered(self.name, page[-1].seq)
        self._cursor = page[-1].seq
        return len(page) == PAGE

    async def _clear(self, sent: Count) -> bool:
        """Take alerts off their topics that were resolved long enough ago, some of them."""
        long_over = self._long_over()
        if not self._is_clearing_due(long_over):
            return False
        page = self._journal.read(told_after, self._cleared, PAGE)
        due = list(
            takewhile(lambda told: told.seq <= self._cursor and told.told_at <= long_over, page)
        )
        newest = self._newest(told.alert for told in due if told.transition == "resolved")
        topics = {topic_of(alert): _EMPTY for alert in newest if _is_over(alert, long_over)}
        await self._publish(topics, sent)
        await self._journal.delivered(_CLEARED, due[-1].seq)
        self._cleared = due[-1].seq
        return len(due) == PAGE

    def _is_clearing_due(self, long_over: Instant) -> bool:
        return any(
            told.seq <= self._cursor and told.told_at <= long_over
            for told in self._journal.read(told_after, self._cleared, 1)
        )

    def _newest(self, ids: Iterable[str]) -> list[Alert]:
        """Return the alerts that now have the topics of these: it may have come back since."""
        alerts = [
            alert for id_ in dict.fromkeys(ids) if (alert := self._journal.read(alert_of, id_))
        ]
        return [self._journal.read(newest_like, alert) for alert in alerts]

    def _messages(self, alerts: Iterable[Alert]) -> dict[str, bytes]:
        return {topic_of(each): payload_of(each, self._title_of(each.rule)) for each in alerts}

    def _long_over(self) -> Instant:
        return self._clock.now() - self._keep_ms

    async def _publish(self, messages: Mapping[str, bytes], sent: Count) -> None:
        items = list(messages.items())
        for start in range(0, len(items), _AT_ONCE):
            part = items[start : start + _AT_ONCE]
            results = await asyncio.gather(
                *(self._publisher.publish(*each, retain=True) for each in part),
                return_exceptions=True,
            )
            failures = [each for each in results if each is not None]
            sent(len(part) - len(failures))
            for failure in failures:
                if isinstance(failure, NotPublished):
                    raise SinkUnavailable(str(failure)) from None
                raise failure


def _is_over(alert: Alert, long_over: Instant) -> bool:
    return alert.state == "resolved" and alert.told_at <= long_over
