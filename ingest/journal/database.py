"""The database file: opening it, its schema version, and telling its failures apart."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from secrets import token_hex

_LOG = logging.getLogger(__name__)
VERSION = 1
_BUSY_MS = 5_000
_CACHE_KIB = 65_536
_CHECKPOINT_PAGES = 8_192
"""32 MiB of write-ahead log before it is folded in: fewer, larger copies."""

_PASSING = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_BUSY: "another process holds it",
    sqlite3.SQLITE_READONLY: "it can't be written",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
}


class JournalUnavailable(Exception):  # noqa: N818 named after what the caller does: try again
    """The journal can't take anything now. Nothing of the transaction was kept: try it again."""


class JournalError(Exception):
    """The journal can't be used at all; the text says what to do."""


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the journal to write, making it if there is none; JournalError if it can't be used.

    Durable: a commit returns after the write-ahead log is synced.
    """
    path.touch(mode=0o600) if _may_be_made(path) else None
    database = _connect(f"file:{path}?mode=rw", path)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = OFF"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    _migrate(database, path)
    return database


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the journal to read what is committed; JournalError if there is none."""
    if not path.exists():
        raise JournalError(f"{path}: no journal here; `gridwatch run` makes it")
    reader = _connect(f"file:{path}?mode=rw", path)
    reader.execute("PRAGMA query_only = ON")
    return reader


@contextmanager
def passing_failures() -> Iterator[None]:
    """Turn failures that time or an operator mends into JournalUnavailable."""
    try:
        yield
    except sqlite3.OperationalError as error:
        why = _PASSING.get((error.sqlite_errorcode or 0) & 0xFF)
        if why is None:
            raise
        raise JournalUnavailable(f"journal: {why}") from error


def _may_be_made(path: Path) -> bool:
    return path.parent.is_dir() and not path.exists()


def _connect(uri: str, path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000
        )
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        raise JournalError(f"{path}: not a journal that can be opened: {error}") from None
    return database


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version != 0:
        raise JournalError(f"{path}: schema version {version}, this program knows {VERSION}")
    schema = files("ingest.journal").joinpath("schema.sql").read_text(encoding="utf-8")
    digest_key = f"INSERT INTO meta VALUES ('digest_key', '{token_hex(16)}');"  # noqa: S608 hex
    database.executescript(
        f"BEGIN IMMEDIATE;{schema}{digest_key}PRAGMA user_version = {VERSION};COMMIT;"
    )
    _LOG.info("new journal %s", path)
