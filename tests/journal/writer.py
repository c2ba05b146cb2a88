"""A process that commits batch after batch, tells of each when it is durable, and never ends."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from devices.message import StatusReport
from ingest.journal.journal import Journal
from tests.journal.readings import NO_LIMIT, START, batch, letter

READINGS = 300


async def write(path: Path, first: int) -> None:
    journal = Journal(path, NO_LIMIT)
    for number in count(first):
        whole = batch(range(number * READINGS, (number + 1) * READINGS))
        whole.dead_letters.append(letter(b"%d" % number))
        whole.statuses.append(StatusReport("door", f"d-{number}", online=True, at=START))
        await journal.commit(whole)
        await journal.forwarded("sink", (number + 1) * READINGS)
        print(number, flush=True)  # noqa: T201 the parent reads it


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
