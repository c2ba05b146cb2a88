"""The lock of a journal: at most one service runs on it, and nobody replaces it under one."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.journal.database import JournalError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the journal while the context lasts; JournalError if another process does.

    The lock is on a file of its own beside the journal, which stays; it ends with the process,
    however that ends. Commands that read or write a row need none. Windows has no such locks.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl  # noqa: PLC0415 there is none on Windows

    beside = path.with_name(f"{path.name}-lock")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(f"{beside}: can't be made or written: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise JournalError(
                f"{path}: another process holds it, such as a service: stop that first"
            ) from None
        yield
    finally:
        os.close(descriptor)
