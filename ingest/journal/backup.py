"""Backup and restore: a copy of the journal as of one instant, and a copy put in its place.

Context: a backup that reads through a connection without a transaction begins anew whenever the
service writes, so beside a busy one it never ends.
Decision: all steps are in one read transaction. The service is never kept waiting; given up is the
space of what it writes meanwhile, by which the write-ahead log grows until the copy is done.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeAlias

from devices.instant import Instant, iso_of
from ingest.clock import stopwatch
from ingest.journal.database import JournalError, open_reader, passing_failures
from ingest.journal.lock import held
from ingest.journal.soundness import Soundness, require_sound

Told: TypeAlias = Callable[[int, int], None]
"""Hears after each step how many pages are copied, of how many."""
_STEP_PAGES = 1_024
"""4 MiB a step."""
_STALLED_S = 30.0
"""So long may no page be copied; the file to copy to is held by nobody else."""


def back_up(path: Path, file: Path, told: Told, step_pages: int = _STEP_PAGES) -> Soundness:
    """Copy the journal as it is now to a new file of mode 0600, and return how sound the copy is.

    The service may run. JournalError if the file is there or can't be written, or if the copy is
    not sound; then no file of that name is made.
    """
    if file.exists():
        raise JournalError(f"{file}: is there already: name a new file")
    partial = file.with_name(f"{file.name}.partial")
    _make(partial)
    try:
        with closing(open_reader(path, older=True)) as source:
            _copy(source, partial, told, step_pages)
        found = require_sound(partial)
        _name(partial, file)
    finally:
        _remove(partial)
    return found


def restore(file: Path, path: Path, now: Instant, told: Told) -> Path | None:
    """Put a backup in the journal's place; return where the journal before is kept, None if none.

    JournalError, and the journal is as it was, if the backup is not sound or a service runs.
    """
    require_sound(file)
    with held(path):
        fresh = path.with_name(f"{path.name}.restoring")
        _remove(fresh)
        try:
            _make(fresh)
            with closing(open_reader(file, older=True)) as source:
                _copy(source, fresh, told, _STEP_PAGES)
            require_sound(fresh)
            aside = _set_aside(path, now) if path.exists() else None
            fresh.replace(path)
            _sync_folder(path)
        finally:
            _remove(fresh)
        return aside


def _copy(source: sqlite3.Connection, target: Path, told: Told, step_pages: int) -> None:
    moved_at, before = stopwatch(), -1

    def heard(_: int, remaining: int, total: int) -> None:
        nonlocal moved_at, before
        if remaining != before:
            moved_at, before = stopwatch(), remaining
        elif stopwatch() - moved_at > _STALLED_S:
            raise JournalError(f"{target}: nothing could be written for {_STALLED_S:g} s")
        told(total - remaining, total)

    with passing_failures(), closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=step_pages, progress=heard)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it


def _set_aside(path: Path, now: Instant) -> Path:
    """Give the journal a second name, and leave no log that the next one would take for its own.

    The file is not opened: what is damaged stays as it was found. Where a service was killed there
    is a log; cut off between here and the end, it is with the file of the second name.
    """
    stamp = iso_of(now).replace("-", "").replace(":", "")
    aside = path.with_name(f"{path.name}.before-{stamp}")
    try:
        os.link(path, aside)
        for end in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    except OSError as error:
        raise JournalError(f"{aside}: can't be made: {error.strerror}") from None
    return aside


def _make(file: Path) -> None:
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise JournalError(
            f"{file}: another backup is under way, or was cut off: remove it"
        ) from None
    except OSError as error:
        raise JournalError(f"{file}: can't be made: {error.strerror}") from None


def _name(partial: Path, file: Path) -> None:
    """Give the finished copy its name, unless another took that meanwhile."""
    try:
        os.link(partial, file)
    except FileExistsError:
        raise JournalError(f"{file}: is there already: name a new file") from None
    except OSError as error:
        raise JournalError(f"{file}: can't be made: {error.strerror}") from None
    _sync_folder(file)


def _remove(file: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + end).unlink(missing_ok=True)


def _sync_folder(file: Path) -> None:
    descriptor = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
