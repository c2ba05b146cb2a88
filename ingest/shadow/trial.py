"""Trials of limits and rules: asked for by a person, run by the service, compared with the rest."""

import sqlite3
from datetime import timedelta
from typing import NamedTuple

from pydantic_core import from_json, to_json

from devices.instant import Instant, milliseconds_of
from ingest.registry.tables import LimitRow
from ingest.rule_tools.overlap import Lasting, alone
from rules.subject import Scope

LONGEST = timedelta(days=31)
"""Shorter than resolved alerts are kept by default: until its end there is something to compare."""
_COLUMNS = (
    "file, limits, asked_at, lasts_ms, started_at, stop_asked, ended_at, why, readings, failures"
)
_ASK = """
INSERT INTO shadow_trial (number, file, limits, asked_at, lasts_ms) VALUES (1, ?, ?, ?, ?)
"""
_OWN = "SELECT value FROM meta WHERE key = 'shadow.rules'"
_ASK_OWN = "INSERT INTO meta VALUES ('shadow.rules', ?)"
_FORGET_OWN = "DELETE FROM meta WHERE key = 'shadow.rules'"
_LIVE = """
SELECT id, rule, scope, subject, start_at, iif(state = 'resolved', last_at, NULL), worst,
    text_zh, text_en
FROM alert WHERE (state <> 'resolved' OR told_at >= ?1) AND EXISTS (
    SELECT 1 FROM alert_change AS c WHERE c.alert = alert.id AND c.told_at <= ?2)
"""
_SHADOW = (
    "SELECT id, rule, scope, subject, start_at, end_at, severity, text_zh, text_en"
    " FROM shadow_alert"
)
_NO_END = 1 << 62


class TrialRefused(Exception):  # noqa: N818 named after what the caller does: tell the person
    """A trial can't be started or stopped now; the text says why."""


class OwnRules(NamedTuple):
    """Rules of the operator's own: their folder, what it held when asked for, their names."""

    folder: str
    digest: str
    names: tuple[str, ...]


class Asked(NamedTuple):
    """What is to be tried: the rows of a file of limits, rules, or both; and for how long."""

    file: str
    limits: tuple[LimitRow, ...]
    lasts: timedelta
    own: OwnRules | None = None


class Trial(NamedTuple):
    """A trial: the limits tried, when it runs, and why it ended; counts of what it judged.

    `own` are the rules tried, if any; `file` is empty if there are no limits.
    """

    file: str
    limits: tuple[LimitRow, ...]
    asked_at: Instant
    lasts_ms: int
    started_at: Instant | None
    stop_asked: bool
    ended_at: Instant | None
    why: str | None
    readings: int
    failures: int
    own: OwnRules | None = None

    @property
    def until(self) -> Instant | None:
        """When it ends by itself, None before it has started."""
        return None if self.started_at is None else self.started_at + self.lasts_ms

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it tries, or whose limits."""
        own = self.own.names if self.own else ()
        return tuple(sorted({*own, *(row.rule for row in self.limits)}))

    @property
    def name(self) -> str:
        """What it tries, as a person has called it."""
        folder = f"rules {self.own.folder}" if self.own else ""
        return ", ".join(each for each in (self.file and f"limits {self.file}", folder) if each)

    @property
    def state(self) -> str:
        """What a person is told of it."""
        if self.ended_at is not None:
            return "ended"
        return "asked for" if self.started_at is None else "running"


class Raised(NamedTuple):
    """An alert of either side; `end_at` None while it lasts."""

    id: str
    rule: str
    scope: Scope
    subject: str
    start_at: Instant
    end_at: Instant | None
    severity: int
    text_zh: str
    text_en: str


class Comparison(NamedTuple):
    """The alerts of a rule by the limits in force and by those tried.

    `both` counts the alerts in force that overlap one of the tried limits about the same subject.
    """

    rule: str
    live: int
    shadow: int
    both: int
    only_live: int
    only_shadow: int


class OneSided(NamedTuple):
    """An alert that only one side raised: `live` or `shadow`."""

    side: str
    alert: Raised


def trial_of(reader: sqlite3.Connection) -> Trial | None:
    """Return the trial, running or ended, None if none was ever asked for."""
    row = reader.execute(f"SELECT {_COLUMNS} FROM shadow_trial").fetchone()  # noqa: S608 constants
    if row is None:
        return None
    trial, own = Trial(*row), reader.execute(_OWN).fetchone()
    limits = tuple(LimitRow(*each) for each in from_json(str(row[1])))
    return trial._replace(
        limits=limits, stop_asked=bool(trial.stop_asked), own=_own(own[0]) if own else None
    )


def ask_start(database: sqlite3.Connection, asked: Asked, now: Instant) -> None:
    """Ask the service for a trial; TrialRefused while another runs. Forgets the one before."""
    trial = trial_of(database)
    if trial is not None and trial.ended_at is None:
        raise TrialRefused(f"a trial of {trial.name} is {trial.state}: stop it first")
    for table in ("shadow_trial", "shadow_state", "shadow_alert"):
        database.execute(f"DELETE FROM {table}")  # noqa: S608 our own tables
    database.execute(_FORGET_OWN)
    rows = to_json([tuple(row) for row in asked.limits]).decode()
    database.execute(_ASK, (asked.file, rows, now, milliseconds_of(asked.lasts)))
    if asked.own:
        database.execute(_ASK_OWN, (to_json(asked.own).decode(),))


def _own(text: str) -> OwnRules:
    folder, digest, names = from_json(text)
    return OwnRules(folder, digest, tuple(names))


def ask_stop(database: sqlite3.Connection, now: Instant) -> None:
    """Ask the service to end the trial; one that it has not started ends at once."""
    trial = trial_of(database)
    if trial is None or trial.ended_at is not None:
        raise TrialRefused("no trial runs")
    if trial.started_at is None:
        query = "UPDATE shadow_trial SET stop_asked = 1, ended_at = ?, why = 'stopped'"
        database.execute(query, (now,))
    else:
        database.execute("UPDATE shadow_trial SET stop_asked = 1")


def comparisons(reader: sqlite3.Connection, trial: Trial) -> list[Comparison]:
    """Return the comparison of every rule that the trial tries."""
    live, shadow = _sides(reader, trial)
    return [_comparison(rule, live, shadow) for rule in trial.rules]


def one_sided(reader: sqlite3.Connection, trial: Trial) -> list[OneSided]:
    """Return the alerts that only one side raised, by rule, subject and start."""
    live, shadow = _sides(reader, trial)
    found = [OneSided("live", alert) for alert in alone(live, shadow, _lasting)]
    found += [OneSided("shadow", alert) for alert in alone(shadow, live, _lasting)]
    return sorted(found, key=lambda each: (each.alert.rule, each.alert.subject, each.alert[4]))


def _sides(reader: sqlite3.Connection, trial: Trial) -> tuple[list[Raised], list[Raised]]:
    if trial.started_at is None:
        return [], []
    end = _NO_END if trial.ended_at is None else trial.ended_at
    live = (Raised(*row) for row in reader.execute(_LIVE, (trial.started_at, end)))
    shadow = [Raised(*row) for row in reader.execute(_SHADOW)]
    return [alert for alert in live if alert.rule in trial.rules], shadow


def _comparison(rule: str, live: list[Raised], shadow: list[Raised]) -> Comparison:
    ours = [alert for alert in live if alert.rule == rule]
    theirs = [alert for alert in shadow if alert.rule == rule]
    only_live, only_shadow = alone(ours, theirs, _lasting), alone(theirs, ours, _lasting)
    both = len(ours) - len(only_live)
    return Comparison(rule, len(ours), len(theirs), both, len(only_live), len(only_shadow))


def _lasting(alert: Raised) -> Lasting:
    return Lasting(alert[1:4], alert.start_at, alert.end_at)
