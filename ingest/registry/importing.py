"""Importing tables: checked against all that is held, then written as a whole."""

import sqlite3

from devices.instant import Instant
from ingest.registry.content import Content
from ingest.registry.references import check
from ingest.registry.store import Change, changes, read_content, revision_of, write
from ingest.registry.succession import check_emptied, check_validity


def import_content(database: sqlite3.Connection, given: Content, now: Instant) -> list[Change]:
    """Make each given table what the registry holds; the absent ones stay. RegistryError.

    Reading and checking block nobody; only the writing holds up what else writes.
    """
    database.execute("BEGIN")  # one snapshot
    try:
        revision, held = revision_of(database), read_content(database)
    finally:
        database.execute("COMMIT")
    content = given.over(held)
    check_emptied(given, held)
    check(content, now)
    check_validity(given, content, now)
    found = changes(given, held, now)
    write(database, found, revision)
    return found
