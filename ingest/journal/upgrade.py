"""The upgrade: a journal of an earlier release is brought to the schema of this one.

Context: a journal holds tens of gigabytes, nearly all of them readings, whose table seldom changes.
Decision: the tables of the schema files are what is wanted; whatever differs is made again with its
rows, the rest is left alone, and a version says only what its rows need besides. All of it is one
transaction. Given up: a script for each version, and going back to an earlier release.
"""

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from devices.instant import Instant
from ingest.clock import stopwatch
from ingest.journal.alert_table import AlertTable
from ingest.journal.alerts import ALERT_COLUMNS, alert_from
from ingest.journal.database import (
    VERSION,
    open_present,
    open_reader,
    passing_failures,
    schema,
    transaction,
    version_of,
)
from ingest.journal.ending import ending
from rules.explanation import Text

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Step:
    """What the rows of one version need to become those of the next."""

    emptied: frozenset[str] = frozenset()
    """Tables whose rows nobody can read any more."""
    filled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """New columns that can't be NULL: table to column to the SQL of its value."""
    statements: tuple[str, ...] = ()
    """What else changes in the rows; run while the tables are as they were."""
    ends_alerts: bool = False
    """The states that would have ended the open alerts are among what is emptied."""


_RENAMED_LIMIT = """
UPDATE registered_limits SET parameter = '{0}' || substr(parameter, 1 + length('{1}'))
WHERE parameter IN ('{1}_h', '{1}_days')
"""
_STEPS = {
    1: _Step(
        emptied=frozenset({"subject_state", "shadow_state"}),
        filled={"alert": {"areas": "''"}},
        statements=(
            _RENAMED_LIMIT.format("child_in_difficulty", "child"),
            _RENAMED_LIMIT.format("seriously_ill", "ill"),
        ),
        ends_alerts=True,
    ),
    2: _Step(),
}
"""By the version they start from. States are saved in the form of the release that wrote them; the
area where an alert was raised was not kept, and empty text is the area `unknown`."""
_NOT_CARRIED_OVER = Text(
    "升级时未保留规则的状态，告警随之结束，并未有人确认已恢复；若故障仍在，将重新告警。",
    "The upgrade did not carry over the state of the rules, so the alert ends; nobody has seen that"
    " it is over. A fault that lasts is told anew.",
)
_LIVE = f"SELECT {ALERT_COLUMNS} FROM alert WHERE state <> 'resolved'"  # noqa: S608 constants


class Upgrade(NamedTuple):
    """What an upgrade did."""

    version_before: int
    states_dropped: int
    """States of subjects: the rules begin anew with the next reading of each."""
    alerts_ended: int
    """Alerts that were open, and that no state of a rule would ever have ended."""


class Thing(NamedTuple):
    """A table, index, view or trigger and how it was made, its spaces made one."""

    type: str
    name: str
    table: str
    sql: str


def upgrade(path: Path, now: Instant) -> Upgrade | None:
    """Bring the journal up, or return None if there is nothing to do; JournalError if it can't be.

    `now` is when alerts end by it. After a failure or a kill it is as it was.
    """
    if not path.exists() or path.stat().st_size == 0 or _is_current(path):
        return None
    started = stopwatch()
    with closing(open_present(path, older=True)) as database, passing_failures():
        database.execute("PRAGMA legacy_alter_table = ON")  # a renamed table takes nothing along
        with transaction(database):
            done = bring_up(database, now)
    _tell(path, done, stopwatch() - started)
    return done


def bring_up(database: sqlite3.Connection, now: Instant) -> Upgrade:
    """Make the schema that of this version and carry the rows over; in the caller's transaction."""
    before = version_of(database)
    steps = [_STEPS[version] for version in range(before, VERSION)]
    states = _count(database, "subject_state")
    for name in {name for step in steps for name in step.emptied} & _names(database, "table"):
        database.execute(f"DELETE FROM {name}")  # noqa: S608 names of ours
    for statement in (each for step in steps for each in step.statements):
        database.execute(statement)
    states -= _count(database, "subject_state")
    _converge(database, _values(steps))
    ended = _end_alerts(database, now) if any(step.ends_alerts for step in steps) else 0
    database.execute(f"PRAGMA user_version = {VERSION}")
    return Upgrade(before, states, ended)


def _end_alerts(database: sqlite3.Connection, now: Instant) -> int:
    """Resolve what is open, and return how many: the outlets tell of it as of any other end."""
    alerts = [alert_from(row) for row in database.execute(_LIVE)]
    AlertTable(database).write(ending(alert, now, _NOT_CARRIED_OVER) for alert in alerts)
    return len(alerts)


def things(database: sqlite3.Connection) -> list[Thing]:
    """Return all that makes up the schema, tables first, each in the order it was made."""
    query = (
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type <> 'table', rowid"
    )
    return [
        Thing(type_, name, table, _plain(sql))
        for type_, name, table, sql in database.execute(query)
    ]


def wanted_things() -> list[Thing]:
    """Return what makes up the schema of this version."""
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(schema())
        return things(model)


def _is_current(path: Path) -> bool:
    with closing(open_reader(path, older=True)) as reader:
        return version_of(reader) == VERSION


def _converge(database: sqlite3.Connection, values: Mapping[str, Mapping[str, str]]) -> None:
    wanted, present = wanted_things(), things(database)
    same = set(wanted) & set(present)
    remade = {each.name for each in present if each.type == "table" and each not in same}
    kept = {
        each
        for each in same
        if each.type == "table" or (each.type == "index" and each.table not in remade)
    }
    for thing in reversed(present):
        if thing not in kept and thing.type != "table":
            database.execute(f"DROP {thing.type} IF EXISTS {thing.name}")
    for thing in wanted:
        if thing in kept:
            continue
        if thing.name in remade:
            _make_again(database, thing, values.get(thing.name, {}))
        else:
            database.execute(thing.sql)
    for name in remade - {thing.name for thing in wanted}:
        database.execute(f"DROP TABLE {name}")


def _make_again(database: sqlite3.Connection, table: Thing, values: Mapping[str, str]) -> None:
    """Make the table anew with its rows; columns that are gone are left, new ones filled."""
    name, old = table.name, f"{table.name}_before"
    database.execute(f"ALTER TABLE {name} RENAME TO {old}")
    database.execute(table.sql)
    has = set(_columns(database, old))
    sources = {
        column: f'"{column}"' if column in has else values.get(column)
        for column in _columns(database, name)
    }
    carried = {column: source for column, source in sources.items() if source is not None}
    into = ", ".join(f'"{column}"' for column in carried)
    database.execute(
        f"INSERT INTO {name} ({into}) SELECT {', '.join(carried.values())} FROM {old}"  # noqa: S608 names of ours
    )
    database.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
    database.execute("UPDATE sqlite_sequence SET name = ? WHERE name = ?", (name, old))
    database.execute(f"DROP TABLE {old}")


def _columns(database: sqlite3.Connection, table: str) -> Iterator[str]:
    """Yield the columns that rows are written with, so none that is computed."""
    for _, name, *_, hidden in database.execute(f"PRAGMA table_xinfo({table})"):
        if not hidden:
            yield name


def _values(steps: list[_Step]) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for step in steps:
        for table, columns in step.filled.items():
            values.setdefault(table, {}).update(columns)
    return values


def _names(database: sqlite3.Connection, type_: str) -> set[str]:
    return {each.name for each in things(database) if each.type == type_}


def _count(database: sqlite3.Connection, what: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608 ours


def _plain(sql: str) -> str:
    """Return the statement without comments and with single spaces."""
    lines = (line.split("--")[0] for line in sql.splitlines())
    return " ".join(" ".join(lines).split())


def _tell(path: Path, done: Upgrade, seconds: float) -> None:
    _LOG.warning(
        "journal %s: schema version %d brought to %d in %.1f s; %d states of rules were left behind"
        " and begin anew; %d open alerts were ended with them",
        path,
        done.version_before,
        VERSION,
        seconds,
        done.states_dropped,
        done.alerts_ended,
    )
