"""Failures that pass: a full disk, a limit, another process. Nothing is kept by halves."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import pytest

from ingest.clock import pause
from ingest.journal.batch import Batch, Committed
from ingest.journal.database import (
    JournalUnavailable,
    open_writer,
    passing_failures,
    transaction,
)
from ingest.journal.dead_letters import DeadLetterTable
from ingest.journal.journal import Journal
from ingest.registry import Placed, import_registry
from tests.journal.readings import (
    batch,
    letter,
    letters_in,
    minutes_in,
    numbers_in,
    opened,
    reading,
)

HALF_A_MB = 500_000


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond: to SQLite a disk that takes no more."""
    before = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, before)


@contextmanager
def _moved(path: Path, instead: bytes | None) -> Iterator[None]:
    """Have the file elsewhere, and perhaps another in its place."""
    aside = path.rename(path.with_name("aside.db"))
    if instead is not None:
        path.write_bytes(instead)
    try:
        yield
    finally:
        aside.replace(path)


async def test_a_batch_that_the_disk_does_not_take_leaves_nothing_and_is_taken_later(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch(range(10)))
    large = batch(range(10, 10_000))
    large.dead_letters.append(letter(b"{"))
    with _largest_file(HALF_A_MB):
        for _ in range(3):
            with pytest.raises(JournalUnavailable, match="the disk"):
                await journal.commit(large)
        assert minutes_in(path) == list(range(10))
        assert journal.backlog(0) == 10

    committed = await journal.commit(large)

    assert (committed.stored.total(), committed.late.total()) == (9_990, 0)
    assert minutes_in(path) == list(range(10_000))
    assert [each.times for each in letters_in(path)] == [1]


async def test_a_cursor_does_not_move_while_the_disk_is_full(journal: Journal) -> None:
    await journal.commit(batch(range(100)))
    rejected = [letter(bytes(60_000) + b"%d" % number) for number in range(20)]
    with _largest_file(HALF_A_MB), pytest.raises(JournalUnavailable):
        await journal.forwarded("sink", 100, rejected)

    assert journal.cursor("sink") == 0
    await journal.forwarded("sink", 100, rejected)
    assert journal.cursor("sink") == 100


async def test_above_its_limit_the_journal_takes_nothing_until_there_is_room(path: Path) -> None:
    async with opened(path, HALF_A_MB) as journal:
        minute = 0
        while journal.size_bytes() < HALF_A_MB:
            await journal.commit(batch(range(minute, minute + 100)))
            minute += 100
        with pytest.raises(JournalUnavailable, match=r"its limit of 0\.5 MB is reached"):
            await journal.commit(batch([minute]))

        assert minutes_in(path) == list(range(minute))
        assert HALF_A_MB <= journal.size_bytes() < HALF_A_MB * 1.1
        while await journal.prune_readings(reading(minute // 2).received_at, None):
            pass
        await journal.commit(batch(range(minute, minute + 100)))

    assert minutes_in(path) == list(range(minute // 2, minute + 100))


async def test_a_file_that_is_moved_takes_nothing_until_it_is_back(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch(range(10)))
    for instead in (None, b"another file"):
        with _moved(path, instead), pytest.raises(JournalUnavailable, match="moved or removed"):
            await journal.commit(batch(range(10, 20)))

    await journal.commit(batch(range(10, 20)))

    assert minutes_in(path) == list(range(20))


async def test_what_fails_by_a_defect_leaves_nothing_and_is_not_hidden(
    journal: Journal, path: Path
) -> None:
    unreadable = reading(2, values={"cumulative_m3": object()})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="serialize"):
        await journal.commit(Batch(readings=[reading(1), unreadable]))

    await journal.commit(batch([3]))
    assert (minutes_in(path), numbers_in(path)) == ([3], [1])


async def test_a_commit_that_is_cancelled_is_whole_or_not_there_and_harms_no_other(
    journal: Journal, path: Path
) -> None:
    for turn in range(30):
        task = asyncio.create_task(journal.commit(batch(range(turn * 200, turn * 200 + 200))))
        for _ in range(turn % 6):
            await pause(timedelta())
        task.cancel()
        await pause(timedelta())
        task.cancel()
        outcome, _ = await asyncio.gather(
            task, journal.forwarded("sink", 0), return_exceptions=True
        )
        assert isinstance(outcome, asyncio.CancelledError | Committed)
    whole = len(minutes_in(path))

    await journal.commit(batch(range(6_000)))

    assert whole % 200 == 0
    assert sorted(minutes_in(path)) == list(range(6_000))
    assert numbers_in(path) == list(range(1, 6_001))


async def test_a_command_that_writes_for_long_holds_up_commits_and_not_the_loop(
    journal: Journal, path: Path
) -> None:
    with _another_writer(path) as other:
        commit = asyncio.create_task(journal.commit(batch([1])))
        await pause(timedelta(milliseconds=100))
        held_up = not commit.done()
        assert other.stdin
        other.stdin.close()
        await commit

    assert held_up
    assert minutes_in(path) == [1]


async def test_after_five_seconds_it_says_that_another_process_holds_it(
    journal: Journal, path: Path
) -> None:
    with _another_writer(path), pytest.raises(JournalUnavailable, match="another process holds it"):
        await journal.commit(batch([1]))

    await journal.commit(batch([1]))
    assert minutes_in(path) == [1]


async def test_what_a_command_stores_beside_the_service_is_heard_of(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch([1]))
    async with opened(path) as beside:
        await beside.commit(batch([5], "wm-1"))
        await beside.commit(batch([5], "wm-2"))
    committed = await journal.commit(Batch(readings=[reading(4), reading(4, "wm-2"), reading(6)]))

    assert (committed.stored.total(), committed.late.total()) == (3, 2)
    assert numbers_in(path) == [1, 2, 3, 4, 5, 6]


async def test_commands_place_devices_and_drop_letters_beside_the_service(
    journal: Journal, path: Path
) -> None:
    refused = batch([1])
    refused.dead_letters += [letter(b"1"), letter(b"2")]
    await journal.commit(refused)
    beside = open_writer(path)
    with passing_failures(), transaction(beside):
        DeadLetterTable(beside).drop([1])
    import_registry(beside, [Placed("water_meter", "wm-1", "500103")])
    beside.close()

    assert [each.payload for each in letters_in(path)] == [b"2"]
    assert [each.area for each in journal.deliveries_after(0, 9)] == ["500103"]


@contextmanager
def _another_writer(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is in the middle of writing until its input ends."""
    program = (
        "import sys; from pathlib import Path; from ingest.journal.database import open_writer;"
        "database = open_writer(Path(sys.argv[1])); database.execute('BEGIN IMMEDIATE');"
        "print('writing', flush=True); sys.stdin.read(); database.execute('ROLLBACK')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        writer.stdout.readline()
        yield writer
        if writer.stdin and not writer.stdin.closed:
            writer.stdin.close()
