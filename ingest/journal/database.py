"""The database file: opening it, its schema version, and telling its failures apart."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from secrets import token_hex

_LOG = logging.getLogger(__name__)
VERSION = 3
"""Of the schema: 1 was the first with rules; `ingest.journal.upgrade` brings older ones up."""
APPLICATION_ID = 0x4757_4A4C
"""The letters GWJL in the file's header: it tells a journal from any other SQLite database."""

_SCHEMAS = ("ingest.journal", "ingest.registry", "ingest.shadow")
"""Packages whose `schema.sql` make up the database, in this order."""
_BUSY_MS = 5_000
_CACHE_KIB = 65_536
_CHECKPOINT_PAGES = 8_192
"""32 MiB of write-ahead log before it is folded in: fewer, larger copies."""
_LONGEST_LOG_BYTES = 2 * _CHECKPOINT_PAGES * 4096
"""What a long reader made the write-ahead log grow to is given back down to this."""

_PASSING = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed, or a limit on the size of files is reached",
    sqlite3.SQLITE_BUSY: "another process holds it",
    sqlite3.SQLITE_PROTOCOL: "other processes hold it",
    sqlite3.SQLITE_READONLY: "it can't be written",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
}
_LASTING = {
    sqlite3.SQLITE_CORRUPT: (
        "damaged: move it aside, or `gridwatch journal restore` a backup;"
        " `sqlite3 FILE .recover` saves what is legible"
    ),
    sqlite3.SQLITE_NOTADB: "not a journal, nor any SQLite database: name another file",
}


class JournalUnavailable(Exception):  # noqa: N818 named after what the caller does: try again
    """The journal can't take anything now. Nothing of the transaction was kept: try it again."""


class JournalError(Exception):
    """The journal can't be used at all; the text says what to do."""


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the journal to write, making it if there is none; JournalError if it can't be used.

    Durable: a commit returns after the write-ahead log is synced.
    """
    _make_file(path)
    with _opening(path) as database:
        if not is_empty(database):
            check_header(database, path)
        (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise JournalError(f"{path}: needs a local file system, this one shares no memory")
        for pragma in (
            "synchronous = FULL",
            f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
            f"journal_size_limit = {_LONGEST_LOG_BYTES}",
        ):
            database.execute(f"PRAGMA {pragma}")
        if version_of(database) == 0:
            _create(database, path)
        return database


def open_reader(path: Path, *, older: bool = False) -> sqlite3.Connection:
    """Open the journal to read what is committed; JournalError if there is none.

    `older` also takes one of a version before this, for what looks at no table by its columns.
    """
    reader = open_present(path, older=older)
    reader.execute("PRAGMA query_only = ON")
    return reader


def open_present(path: Path, *, older: bool = False) -> sqlite3.Connection:
    """Open a journal that is there as it is; JournalError if there is none."""
    if not path.exists():
        raise JournalError(f"{path}: no journal here; `gridwatch run` makes it")
    with _opening(path) as database:
        if is_empty(database):
            raise JournalError(f"{path}: nothing in it yet; `gridwatch run` makes a journal of it")
        check_header(database, path, older=older)
        return database


def file_at(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at the path from any other, None if there is no file.

    A file that is removed or renamed while it is open still takes everything, and keeps nothing
    for whoever opens the path next.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def passing_failures() -> Iterator[None]:
    """Turn failures that time or an operator mends into JournalUnavailable.

    JournalError if the file is damaged.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = code_of(error)
        if code in _PASSING:
            raise JournalUnavailable(_PASSING[code]) from error
        if code in _LASTING:
            raise JournalError(f"journal: {_LASTING[code]}") from error
        raise


@contextmanager
def lasting_failures(path: Path) -> Iterator[None]:
    """Turn damage of the file, wherever it shows, into JournalError; all else goes its way."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        words = _LASTING.get(code_of(error))
        if words is None:
            raise
        raise JournalError(f"{path}: {words}") from error


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Make what is done inside durable as a whole or not at all; for commands, it may block."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        roll_back(database)
        raise


def roll_back(database: sqlite3.Connection) -> None:
    """Undo the transaction, unless the failure has already done so."""
    if database.in_transaction:
        database.execute("ROLLBACK")


def code_of(error: sqlite3.DatabaseError) -> int:
    """Return SQLite's primary result code; 0 for an error that is not SQLite's own."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return (code or 0) & 0xFF


def _make_file(path: Path) -> None:
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise JournalError(f"{path}: can't be made or written: {error.strerror}") from None


@contextmanager
def _opening(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection; JournalError, and none is left open, if it turns out to be of no use."""
    database: sqlite3.Connection | None = None
    try:
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_MS / 1000,
        )
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        yield database
    except BaseException as error:
        if database:
            database.close()
        if not isinstance(error, sqlite3.DatabaseError):
            raise
        words = {**_PASSING, **_LASTING}.get(code_of(error), str(error))
        raise JournalError(f"{path}: {words}") from None


def is_empty(database: sqlite3.Connection) -> bool:
    """Return whether nobody has made anything in the file yet."""
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(version_of(database) == tables == 0)


def check_header(database: sqlite3.Connection, path: Path, *, older: bool = False) -> None:
    """Raise JournalError unless it is a journal of this version, or of one before if `older`."""
    version = version_of(database)
    (application,) = database.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise JournalError(f"{path}: the database of another program: name another file")
    if version > VERSION or version < 1:
        raise JournalError(
            f"{path}: schema version {version}, this program knows {VERSION}:"
            " use the release that wrote it, or name another file"
        )
    if version < VERSION and not older:
        raise JournalError(
            f"{path}: schema version {version}, this program needs {VERSION}: back it up, then"
            " start `gridwatch run` or `gridwatch journal upgrade` once"
        )


def schema() -> str:
    """Return the statements that make an empty database a journal of this version."""
    return "".join(
        files(package).joinpath("schema.sql").read_text(encoding="utf-8") for package in _SCHEMAS
    )


def _create(database: sqlite3.Connection, path: Path) -> None:
    digest_key = f"INSERT INTO meta VALUES ('digest_key', '{token_hex(16)}');"  # noqa: S608 hex
    header = f"PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {VERSION};"
    try:
        database.executescript(f"BEGIN IMMEDIATE;{schema()}{digest_key}{header}COMMIT;")
    except sqlite3.OperationalError:
        roll_back(database)
        if version_of(database) != VERSION:  # otherwise another process was first
            raise
    else:
        _LOG.info("new journal %s", path)


def version_of(database: sqlite3.Connection) -> int:
    """Return the version of the schema; 0 in an empty file."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])
