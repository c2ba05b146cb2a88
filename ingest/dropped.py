"""Dropped rules: the alerts that they left behind are ended, since nothing else ever would."""

import logging
from collections.abc import Collection
from functools import partial

from devices.instant import Instant
from ingest.journal.alerts import Alert, live_without
from ingest.journal.consequences import Consequences, Fresh
from ingest.journal.ending import ending
from ingest.journal.journal import Journal
from rules.explanation import Text

_LOG = logging.getLogger(__name__)
_AT_ONCE = 500
"""Alerts that are ended in one transaction, so that no commit waits long."""


async def end_dropped(journal: Journal, rules: Collection[str], now: Instant) -> int:
    """Resolve the live alerts whose rule is none of `rules`, and return how many.

    Raises JournalUnavailable: what was ended before stays ended, and the next start goes on.
    """
    ended = 0
    while left := live_without(journal.reader, rules, _AT_ONCE):
        rows = Consequences(changes=[ending(alert, now, _why(alert)) for alert in left])
        await journal.judge(partial(_whatever, rows))
        ended += len(left)
        names = ", ".join(sorted({alert.rule for alert in left}))
        _LOG.warning("%d alerts of rules that this release does not have end: %s", len(left), names)
    return ended


def _whatever(rows: Consequences, _: Fresh) -> Consequences:
    return rows


def _why(alert: Alert) -> Text:
    return Text(
        f"本版本已无规则 {alert.rule}，告警随之结束，并未有人确认已恢复。",
        f"This release has no rule {alert.rule}, so the alert ends; nobody has seen that"
        " it is over.",
    )
