"""A process killed in the middle: what it said is durable is there, and nothing by halves."""

import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from ingest.clock import block
from tests.journal.readings import minutes_in, numbers_in, opened, rows_of
from tests.journal.writer import READINGS

KILLS = 6


async def test_a_batch_is_durable_as_a_whole_or_not_at_all(path: Path) -> None:
    chance = random.Random(20_260_301)
    durable = 0
    for _ in range(KILLS):
        told = _killed_at(path, durable, chance)
        async with opened(path) as journal:
            cursor = journal.cursor("sink")
        minutes = minutes_in(path)
        durable, rest = divmod(len(minutes), READINGS)

        assert rest == 0
        assert durable in (told, told + 1)
        assert minutes == list(range(durable * READINGS))
        assert numbers_in(path) == list(range(1, durable * READINGS + 1))
        assert cursor in ((durable - 1) * READINGS, durable * READINGS)
        assert _others_in(path) == [durable, durable]
    assert durable >= KILLS


def _killed_at(path: Path, first: int, chance: random.Random) -> int:
    """Return how many batches are known to be durable after the process was killed."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.writer", str(path), str(first)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout
    writer.stdout.readline()
    block(timedelta(milliseconds=chance.uniform(0, 60)))
    writer.kill()
    rest, _ = writer.communicate()
    return first + 1 + len(rest.splitlines())


def _others_in(path: Path) -> list[int]:
    queries = ("SELECT count(*) FROM dead_letter", "SELECT count(*) FROM device WHERE kind='door'")
    return [rows_of(path, query)[0][0] for query in queries]
