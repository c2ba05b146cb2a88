"""A place for a journal, and a journal in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.journal.journal import Journal
from tests.journal.readings import opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    async with opened(path) as journal:
        yield journal
