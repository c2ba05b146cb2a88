"""Alerts on their way out: by what changed, and by what they are now."""

import sqlite3
from typing import NamedTuple

from devices.instant import Instant
from ingest.areas import area_of
from ingest.journal.alerts import ALERT_COLUMNS, Alert, AlertTransition, alert_from
from rules.subject import Scope

_CHANGES = """
SELECT seq, alert, rule, scope, subject, areas, start_at, transition, c.severity, c.at, c.told_at,
    c.suppressed, c.text_zh, c.text_en
FROM alert_change AS c JOIN alert ON id = alert WHERE seq > ? ORDER BY seq LIMIT ?
"""
_BACKLOG = "SELECT (SELECT min(seq) FROM alert_change), (SELECT max(seq) FROM alert_change)"
_LIVE = (
    f"SELECT {ALERT_COLUMNS} FROM alert WHERE state <> 'resolved' AND id > ?"  # noqa: S608 constants
    " ORDER BY id LIMIT ?"
)
_TOLD_SINCE = (
    f"SELECT {ALERT_COLUMNS} FROM alert WHERE (told_at, id) > (?, ?)"  # noqa: S608 constants
    " ORDER BY told_at, id LIMIT ?"
)
_NEWEST_FIRST = (
    f"SELECT {ALERT_COLUMNS} FROM alert"  # noqa: S608 constants
    " WHERE subject = ? AND rule = ? AND scope = ? ORDER BY start_at DESC"
)
_RECENT = """
SELECT seq, transition, severity, at, told_at, suppressed FROM alert_change
WHERE alert = ?1 AND seq >= ifnull(
    (SELECT max(seq) FROM alert_change WHERE alert = ?1 AND told_at < ?2), 0)
ORDER BY seq
"""


class Told(NamedTuple):
    """A transition on its way out, with the alert it is of."""

    seq: int
    alert: str
    rule: str
    scope: Scope
    subject: str
    areas: str
    start_at: Instant
    transition: str
    severity: int
    at: Instant
    told_at: Instant
    suppressed: bool
    text_zh: str
    text_en: str


def told_after(reader: sqlite3.Connection, seq: int, most: int) -> list[Told]:
    """Return the next transitions after `seq`."""
    return [
        told._replace(suppressed=bool(told.suppressed))
        for told in map(Told._make, reader.execute(_CHANGES, (seq, most)))
    ]


def last_change(reader: sqlite3.Connection) -> int:
    """Return the number of the newest transition, 0 before the first."""
    return reader.execute("SELECT max(seq) FROM alert_change").fetchone()[0] or 0


def changes_behind(reader: sqlite3.Connection, seq: int) -> int:
    """Count the transitions after `seq`; numbers of alerts that are gone count as well."""
    first, last = reader.execute(_BACKLOG).fetchone()
    return 0 if last is None else max(0, last - max(seq, first - 1))


def live_after(reader: sqlite3.Connection, id_: str, most: int) -> list[Alert]:
    """Return the next alerts in the order of identity that are not resolved."""
    return [alert_from(row) for row in reader.execute(_LIVE, (id_, most))]


def told_since(reader: sqlite3.Connection, after: tuple[Instant, str], most: int) -> list[Alert]:
    """Return the next alerts that something was told of after an instant, and identity."""
    return [alert_from(row) for row in reader.execute(_TOLD_SINCE, (*after, most))]


def newest_like(reader: sqlite3.Connection, alert: Alert) -> Alert:
    """Return the newest alert of the same rule, subject and innermost area; it may be the same."""
    area = area_of(alert.areas)
    found = map(alert_from, reader.execute(_NEWEST_FIRST, (alert.subject, alert.rule, alert.scope)))
    return next((each for each in found if area_of(each.areas) == area), alert)


def recent_transitions(
    reader: sqlite3.Connection, id_: str, since: Instant
) -> list[AlertTransition]:
    """Return what was told of an alert since an instant, and the last thing before, in order."""
    return [
        AlertTransition(seq, name, severity, at, told_at, bool(suppressed))
        for seq, name, severity, at, told_at, suppressed in reader.execute(_RECENT, (id_, since))
    ]
