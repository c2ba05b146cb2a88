"""What the journal holds of alerts, for people to look at."""

import json
import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from devices.instant import Instant
from rules.subject import Scope

ALERT_COLUMNS = (
    "id, rule, scope, subject, start_at, state, severity, worst, last_at, told_at, suppressed,"
    " evidence, text_zh, text_en, areas, clear_at"
)


_WANTED = """
instr('/' || iif(areas = '', 'unknown', areas), '/' || :area) > 0
AND (:resolved OR state <> 'resolved') AND (:rule = '' OR rule = :rule)
AND (:subject = '' OR subject = :subject OR substr(subject, instr(subject, '/') + 1) = :subject)
AND iif(state = 'resolved', worst, severity) >= :severity
"""


class Alert(NamedTuple):
    """An alert as it is now."""

    id: str
    rule: str
    scope: Scope
    subject: str
    start_at: Instant
    state: str
    severity: int
    worst: int
    last_at: Instant
    told_at: Instant
    suppressed: bool
    evidence: str
    text_zh: str
    text_en: str
    areas: str
    """Where it was raised: the codes from the city down, joined by `/`."""
    clear_at: Instant | None = None
    """Since when, in time of the device, only its latch keeps it up."""

    @property
    def visible(self) -> str:
        """The state that people see."""
        return "suppressed" if self.suppressed and self.state != "resolved" else self.state


class AlertTransition(NamedTuple):
    """What happened to an alert, when in time of the device, and when we came to know of it."""

    seq: int
    transition: str
    severity: int
    at: Instant
    told_at: Instant
    suppressed: bool


class ResetRequest(NamedTuple):
    """An alert whose latch a person wants reset."""

    alert: str
    rule: str
    scope: Scope
    subject: str
    start_at: Instant


class Wanted(NamedTuple):
    """Which alerts: of areas whose code begins so, of a rule, a subject, from a severity on.

    `area`, whatever its level; `unknown` has none. Empty, or 0, for any. A subject is named whole,
    or as a device without its kind.
    """

    area: str = ""
    rule: str = ""
    subject: str = ""
    severity: int = 0
    resolved: bool = False


def alerts(reader: sqlite3.Connection, most: int, wanted: Wanted | None = None) -> list[Alert]:
    """Return the gravest alerts, the newest of them first; resolved ones last where wanted."""
    query = (
        f"SELECT {ALERT_COLUMNS} FROM alert WHERE {_WANTED}"  # noqa: S608 constants
        " ORDER BY state = 'resolved', severity DESC, start_at DESC, id LIMIT :most"
    )
    which = {**(wanted or Wanted())._asdict(), "most": most}
    return [alert_from(row) for row in reader.execute(query, which)]


def alert_of(reader: sqlite3.Connection, id_: str) -> Alert | None:
    """Return the alert of this identity, or None."""
    row = reader.execute(f"SELECT {ALERT_COLUMNS} FROM alert WHERE id = ?", (id_,)).fetchone()  # noqa: S608 a constant
    return alert_from(row) if row else None


def transitions_of(reader: sqlite3.Connection, id_: str) -> list[AlertTransition]:
    """Return all that happened to an alert, in order."""
    query = (
        "SELECT seq, transition, severity, at, told_at, suppressed FROM alert_change"
        " WHERE alert = ? ORDER BY seq"
    )
    return [
        AlertTransition(seq, name, severity, at, told_at, bool(suppressed))
        for seq, name, severity, at, told_at, suppressed in reader.execute(query, (id_,))
    ]


def live_counts(reader: sqlite3.Connection) -> dict[tuple[str, int, str, str], int]:
    """Count the alerts that are not resolved by rule, severity, visible state and areas."""
    query = (
        "SELECT rule, severity, iif(suppressed, 'suppressed', state) AS visible, areas, count(*)"
        " FROM alert WHERE state <> 'resolved' GROUP BY rule, severity, visible, areas"
    )
    return {tuple(key): number for *key, number in reader.execute(query)}


def live_without(reader: sqlite3.Connection, rules: Collection[str], most: int) -> list[Alert]:
    """Return alerts that are not resolved, of none of these rules; at most so many."""
    query = (
        f"SELECT {ALERT_COLUMNS} FROM alert WHERE state <> 'resolved'"  # noqa: S608 a constant
        " AND rule NOT IN (SELECT value FROM json_each(?)) LIMIT ?"
    )
    return [alert_from(row) for row in reader.execute(query, (json.dumps([*rules]), most))]


def reset_requests(reader: sqlite3.Connection) -> list[ResetRequest]:
    """Return the requests to reset that nobody has answered."""
    query = (
        "SELECT alert, rule, scope, subject, start_at FROM alert_reset"
        " JOIN alert ON id = alert WHERE answer IS NULL"
    )
    return [ResetRequest(*row) for row in reader.execute(query)]


def reset_answer(reader: sqlite3.Connection, id_: str) -> str | None:
    """Return the answer to the request to reset an alert, None while there is none."""
    row = reader.execute("SELECT answer FROM alert_reset WHERE alert = ?", (id_,)).fetchone()
    return row[0] if row else None


def alert_from(row: tuple[object, ...]) -> Alert:
    """Return an alert from a row of `ALERT_COLUMNS`."""
    alert = Alert(*row)  # type: ignore[arg-type]
    return alert._replace(suppressed=bool(alert.suppressed))
