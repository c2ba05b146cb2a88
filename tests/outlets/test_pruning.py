"""A resolved alert stays in the journal until every outlet that wants it has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.housekeeping import Housekeeping
from ingest.metrics import Metrics
from ingest.outlets.outlet import Count, Courier
from ingest.settings import JournalSettings
from tests.alerts.gas import WARNING
from tests.journal.readings import DAY, START, rows_of
from tests.outlets.incident import CLEAR, incident

SETTINGS = JournalSettings(retention_days=1)


@dataclass
class Standing:
    """An outlet that has come so far."""

    done_to: int | None
    name: str = "standing"
    backlog: int = 0

    async def step(self, sent: Count) -> bool:
        sent(0)
        return False

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("done_to", "kept"),
    [((), 0), ((None,), 0), ((0,), 2), ((1, None), 2), ((3, 2), 1), ((9, 4), 0)],
)
async def test_the_slowest_outlet_decides_and_one_that_needs_none_does_not(
    tmp_path: Path, done_to: Sequence[int | None], kept: int
) -> None:
    path = tmp_path / "journal.db"
    async with incident(path) as here:
        for device in ("gm-1", "gm-2"):
            await here.measures((0, WARNING), (10, WARNING), *CLEAR, device=device)
        here.room.clock.instant = START + 2 * DAY
        couriers = [Courier(Standing(each), timedelta(seconds=1)) for each in done_to]
        house = Housekeeping(here.room.journal, (), Metrics(), here.room.clock, couriers)
        await house.look(SETTINGS)

    assert rows_of(path, "SELECT count(*) FROM alert") == [(kept,)]
