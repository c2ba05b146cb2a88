"""A small journal, and the command line against it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest.cli import app
from ingest.journal.batch import Batch
from ingest.journal.journal import Journal
from ingest.settings import ENVIRONMENT_PREFIX
from tests.cli.contents import DEAD_LETTERS, READINGS, SILENT

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def gridwatch() -> Command:
    """Return what runs `gridwatch` in this process, at a terminal 80 columns wide."""
    runner = CliRunner(env={"COLUMNS": "80"})
    return lambda *arguments, **extra: runner.invoke(app, [*map(str, arguments)], **extra)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "gridwatch.db"
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path) -> None:
    journal = Journal(path, 10**9)
    await journal.commit(Batch(list(READINGS), [SILENT], [], list(DEAD_LETTERS)))
    await journal.close()
