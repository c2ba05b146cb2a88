"""A journal, and the sample registry beside it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.journal.database import open_writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gridwatch.db"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_writer(path)) as database:
        yield database
