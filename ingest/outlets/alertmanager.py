"""The outlet to an Alertmanager: level-triggered, because that forgets what is not told again.

Everything that fires is posted again at each interval, as valid for four of them: three may fail,
or we may be away for as long, before silence is taken for the end. What changes is posted at once.
What has ended is posted for 15 minutes more, because the other side may just be restarting.

How long it is valid for is said by the other side's clock: by ours, an hour behind, all that fires
would be over before it is told.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Protocol

from devices.instant import Instant, milliseconds_of
from ingest.clock import pause
from ingest.journal.alert_outgoing import (
    changes_behind,
    last_change,
    live_after,
    recent_transitions,
    told_after,
    told_since,
)
from ingest.journal.alerts import Alert, alert_of
from ingest.outlets.outlet import PAGE, Beside, Count
from ingest.outlets.posting import Labels, Posting, Words, ended, fires, firing
from ingest.outlets.runbook import runbook_of
from ingest.sink import SinkUnavailable

ENDED_RESENT = timedelta(minutes=15)
"""As Prometheus does: Alertmanager may restart while we resolve; it must hear it later."""
_BREATH = timedelta(0)
_VALID_FOR = 4
"""Intervals, as Prometheus does."""


class Receiver(Protocol):
    """An Alertmanager. Every request has a time limit."""

    async def post(self, postings: Sequence[Posting]) -> str:
        """Post some alerts; return why some of them are refused, "" if all were taken.

        SinkUnavailable if none were.
        """

    async def present(self, now: Instant) -> Instant:
        """Return what it takes for the present, where ours is `now`. SinkUnavailable."""

    async def close(self) -> None:
        """Give back connections."""


class AlertmanagerOutlet:
    """Keeps one Alertmanager told. It remembers nothing: after a restart it posts everything."""

    done_to = None

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        beside: Beside,
        interval: timedelta,
        runbooks: str | None = None,
    ) -> None:
        self.name = name
        self._receiver = receiver
        self._journal, self._clock, self._title_of = beside
        self._runbooks = runbooks
        self._interval_ms = milliseconds_of(interval)
        self._told_to = 0
        self._posted_at: Instant | None = None
        self._refusal = ""

    @property
    def backlog(self) -> int:
        """How many transitions were not posted yet, by this run of the service."""
        return self._journal.read(changes_behind, self._told_to)

    async def step(self, sent: Count) -> bool:
        """Post everything if that is due, else what has changed."""
        now = self._clock.now()
        posted_at = self._posted_at
        self._refusal = ""
        if posted_at is None or not 0 <= now - posted_at < self._interval_ms:
            await self._post_everything(now, sent)
            return False
        return await self._post_changed(now, sent)

    async def close(self) -> None:
        """Give back connections."""
        await self._receiver.close()

    async def _post_everything(self, now: Instant, sent: Count) -> None:
        told_to = self._journal.read(last_change)
        present, over = await self._receiver.present(now), await self._all_ended(now)
        for page in self._pages_of_live():
            postings = [self._firing(alert, present) for alert in page if fires(alert)]
            for posting in postings:
                over.pop(posting.labels, None)
            await self._post(postings, sent)
        await self._post(list(over.values()), sent)
        self._check_all_taken()
        self._told_to, self._posted_at = told_to, now

    async def _post_changed(self, now: Instant, sent: Count) -> bool:
        """Post the alerts of the next transitions; what is over first, what fires has the word."""
        changes = self._journal.read(told_after, self._told_to, PAGE)
        if not changes:
            return False
        present = await self._receiver.present(now)
        ids = dict.fromkeys(change.alert for change in changes)
        alerts = [alert for id_ in ids if (alert := self._journal.read(alert_of, id_))]
        postings = self._ended(alerts, now)
        postings |= {
            posting.labels: posting
            for posting in (self._firing(alert, present) for alert in alerts if fires(alert))
        }
        await self._post(list(postings.values()), sent)
        self._check_all_taken()
        self._told_to = changes[-1].seq
        return len(changes) == PAGE

    async def _post(self, postings: Sequence[Posting], sent: Count) -> None:
        for start in range(0, len(postings), PAGE):
            part = postings[start : start + PAGE]
            refusal = await self._receiver.post(part)
            if refusal:
                self._refusal = refusal
            else:
                sent(len(part))

    def _check_all_taken(self) -> None:
        """What is refused holds up nothing that comes after it, and is tried again."""
        if self._refusal:
            raise SinkUnavailable(self._refusal)

    def _pages_of_live(self) -> Iterator[list[Alert]]:
        after = ""
        while page := self._journal.read(live_after, after, PAGE):
            yield page
            after = page[-1].id

    async def _all_ended(self, now: Instant) -> dict[Labels, Posting]:
        after = (now - milliseconds_of(ENDED_RESENT), "")
        over: dict[Labels, Posting] = {}
        while page := self._journal.read(told_since, after, PAGE):
            for labels, posting in self._ended(page, now).items():
                known = over.get(labels)
                over[labels] = max(known, posting, key=_end) if known else posting
            after = (page[-1].told_at, page[-1].id)
            await pause(_BREATH)
        return over

    def _ended(self, alerts: Iterable[Alert], now: Instant) -> dict[Labels, Posting]:
        since = now - milliseconds_of(ENDED_RESENT)
        return {
            posting.labels: posting
            for alert in alerts
            for posting in ended(
                alert,
                self._journal.read(recent_transitions, alert.id, since),
                self._words_of(alert.rule),
            )
        }

    def _firing(self, alert: Alert, present: Instant) -> Posting:
        ahead_ms = _VALID_FOR * self._interval_ms
        return firing(alert, self._words_of(alert.rule), present, ahead_ms)

    def _words_of(self, rule: str) -> Words:
        return Words(self._title_of(rule), runbook_of(rule, self._runbooks))


def _end(posting: Posting) -> Instant:
    return posting.ends_at
