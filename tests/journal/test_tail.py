"""What is handed on from memory is what was stored, and as it was stored."""

from pathlib import Path
from random import Random

import pytest

from devices.reading import Reading, Value
from ingest.journal import tail
from ingest.journal.batch import Batch
from ingest.journal.database import open_reader
from ingest.journal.outgoing import deliveries_after
from ingest.sink import Delivery
from tests.journal.readings import START, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def reading(number: int, device: int) -> Reading:
    values: dict[str, Value] = {
        "cumulative_m3": number / 7,
        "battery_v": 3.0,
        "rsrp_dbm": -number,
        "flags": "亮",
    }
    return Reading(f"wm-{device}", "water_meter", START + number, START + 9, values)


def batches(random: Random) -> list[Batch]:
    """Return batches with repeats, late readings, and some that hold nothing."""
    return [
        Batch(
            readings=[
                reading(random.randrange(200), random.randrange(3))
                for _ in range(random.randrange(12))
            ]
        )
        for _ in range(60)
    ]


@pytest.mark.parametrize("most", [1, 7, 500])
async def test_a_sink_that_keeps_up_gets_what_one_reads_from_the_file(
    path: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "MOST", 40)
    random, taken, cursor = Random(5), list[Delivery](), 0
    async with opened(path) as journal:
        for batch in batches(random):
            await journal.commit(batch)
            for _ in range(random.randrange(3)):
                found = journal.deliveries_after(cursor, most)
                taken += found
                cursor = found[-1].seq if found else cursor
        while found := journal.deliveries_after(cursor, most):
            taken += found
            cursor = found[-1].seq
    assert taken == deliveries_after(open_reader(path), 0, 10_000)
    assert len(taken) > 100
