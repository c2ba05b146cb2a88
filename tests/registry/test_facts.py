"""The registry in force changes with an import, without a restart."""

import asyncio
import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.clock import MachineClock
from ingest.health import Health
from ingest.journal.database import JournalError
from ingest.registry.facts import Facts, RegistryWatch, Sources, facts_of
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from rules.catalogue import catalogue
from tests.registry.sample import write_sample
from tests.registry.test_files import NOW

SOON = timedelta(milliseconds=5)


class _Memory:
    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def remembered(self, key: str) -> str | None:
        return self.words.get(key)

    async def remember(self, key: str, value: str) -> None:
        self.words[key] = value


async def test_an_import_is_in_force_without_a_restart(
    database: sqlite3.Connection, path: Path, tmp_path: Path
) -> None:
    found: asyncio.Queue[Facts] = asyncio.Queue()
    sources = Sources(path)
    before = facts_of(sources, catalogue(), MachineClock().now())
    memory = _Memory()
    watch = RegistryWatch(sources, MachineClock(), before, found.put_nowait, Health(), memory, SOON)
    running = asyncio.create_task(watch.run())
    import_content(database, read_folder(write_sample(tmp_path / "registry")), NOW)

    facts = await found.get()

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert (before.revision, facts.revision) == (0, 1)
    assert (len(before.register.devices), len(facts.register.devices)) == (0, 5)
    assert "500103003" in facts.rulebook.limits.settings
    assert found.empty()


def test_limits_that_another_release_allowed_are_refused_with_their_place(
    database: sqlite3.Connection, path: Path, tmp_path: Path
) -> None:
    import_content(database, read_folder(write_sample(tmp_path / "registry")), NOW)
    database.execute("UPDATE registered_limits SET value = 90 WHERE place = '500103003'")

    with pytest.raises(
        JournalError, match=r"registry: 500103003: gas_level_ch4\.level_1: expected"
    ):
        facts_of(Sources(path), catalogue(), NOW)
