"""A journal as the release of schema version 1 left it, and an upgrade of it that is killed."""

import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from ingest.journal.database import open_present, transaction
from ingest.journal.upgrade import bring_up

UPGRADED_AT = 1_770_000_000_000
"""Some months after the last row."""
_SCHEMA = Path(__file__).with_name("schema-1.sql")


def make_version_1(path: Path) -> Path:
    """Make a journal of version 1 with rows in each table."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(_SCHEMA.read_text(encoding="utf-8"))
    path.chmod(0o600)
    return path


def upgrade_killed_at(path: Path, last: int) -> int:
    """Upgrade, and kill this very process before statement number `last`; return how many ran."""
    seen = 0

    def count(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    with closing(open_present(path, older=True)) as database:
        database.execute("PRAGMA legacy_alter_table = ON")
        database.set_trace_callback(count)
        with transaction(database):
            bring_up(database, UPGRADED_AT)
    return seen


if __name__ == "__main__":
    upgrade_killed_at(Path(sys.argv[1]), int(sys.argv[2]))
