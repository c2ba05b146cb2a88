"""A device that the registry names and that was never heard is silent, told once, and no storm."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devices.message import StatusReport
from ingest.health import Health
from ingest.journal.batch import Batch
from ingest.journal.database import open_writer
from ingest.journal.journal import Journal
from ingest.judges import judges_of
from ingest.metrics import Metrics
from ingest.registry.facts import Sources
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from tests.alerts.gas import GOOD, MONITOR, SECOND, StandingClock, batch, changes_in, gas
from tests.journal.readings import START, opened, rows_of

HEAD = "kind,device,area,installed,removed\n"
OLD = f"{HEAD}gas_monitor,{MONITOR},500103,2019-05-01,\ngas_monitor,gm-2,500103,,\n"
LATER = OLD.replace("2019-05-01", "2025-10-10")
"""Later than START, 2025-10-09 16:53 +08:00, by 7 h and 6 min."""
REMOVED = OLD.replace("2019-05-01,", "2019-05-01,2025-10-01")
STRUCK_OFF = f"{HEAD}gas_monitor,gm-2,500103,,\n"
MANY = f"{HEAD}" + "".join(f"gas_monitor,gm-{each},500103003001,2019-05-01,\n" for each in range(9))


class Town:
    """A service, its registry, and a clock of one's own."""

    def __init__(self, path: Path, journal: Journal) -> None:
        self.path = path
        self.clock = StandingClock()
        judges = judges_of(
            Sources(path / "journal.db"),
            journal,
            self.clock,
            Metrics(),
            Health(),
        )
        self.judging, self.watch = judges

    async def at(self, second: int) -> None:
        """Let time pass, while the second monitor is heard."""
        self.clock.instant = START + second * SECOND
        await self.judging.commit(batch(gas(second, GOOD, "gm-2")))
        while await self.judging.look(hears=True):
            pass


def register(path: Path, devices: str) -> None:
    folder = path / "registry"
    folder.mkdir(exist_ok=True)
    (folder / "devices.csv").write_text(devices, encoding="utf-8")
    database = open_writer(path / "journal.db")
    import_content(database, read_folder(folder), START)
    database.close()


@asynccontextmanager
async def town(path: Path) -> AsyncIterator[Town]:
    """Give a service over the journal; leave it, and another one over the same is a restart."""
    async with opened(path / "journal.db") as journal:
        yield Town(path, journal)


def told(path: Path) -> list[tuple[str, str, int]]:
    return changes_in(path / "journal.db", "gas_silent")


async def named(path: Path, devices: str) -> None:
    """Let a registry be in force, for a moment."""
    async with town(path) as here:
        register(path, devices)
        await here.watch.look()
        await here.at(1)


@pytest.mark.parametrize("says", ["nothing", "that it is connected"])
async def test_it_is_told_once_over_restarts_and_resolves_when_it_speaks(
    tmp_path: Path, says: str
) -> None:
    await named(tmp_path, OLD)
    for second in (2, 300, 590, 700):
        async with town(tmp_path) as here:
            if says != "nothing":
                status = StatusReport(
                    "gas_monitor", MONITOR, online=True, at=START + second * SECOND
                )
                await here.judging.commit(Batch(statuses=[status]))
            await here.at(second)
            await here.at(second + 10)
            await here.at(second + 288)
    assert told(tmp_path) == [(MONITOR, "raised", 632)]
    text = "SELECT text_en FROM alert WHERE rule = 'gas_silent'"
    assert (
        "Never heard: expected since 2025-10-09 16:53"
        in rows_of(tmp_path / "journal.db", text)[0][0]
    )

    async with town(tmp_path) as here:
        await here.judging.commit(batch(gas(999, GOOD)))
    assert told(tmp_path)[1:] == [(MONITOR, "resolved", 999)]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    "devices", [REMOVED, STRUCK_OFF, LATER], ids=["removed", "struck", "later"]
)
@pytest.mark.parametrize("second", [30, 700], ids=["before it is told", "when it was told"])
async def test_one_that_need_not_be_heard_leaves_no_alert(
    tmp_path: Path, devices: str, second: int, *, restart: bool
) -> None:
    await named(tmp_path, OLD)
    async with town(tmp_path) as here:
        await here.at(2)
        await here.at(12)
        await here.at(second)
        register(tmp_path, devices)
        if not restart:
            await here.watch.look()
            await here.at(second + 1)
    async with town(tmp_path) as here:
        for later in (second + 2, second + 12, 7_500, 20_000):
            await here.at(later)

    changes = [name for device, name, _ in told(tmp_path) if device == MONITOR]
    assert changes == ([] if second == 30 else ["raised", "resolved"])


async def test_a_registry_of_old_devices_is_no_storm_the_day_it_is_imported(tmp_path: Path) -> None:
    await named(tmp_path, MANY)
    async with town(tmp_path) as here:
        for second in (2, 12, 300):
            await here.at(second)
        assert told(tmp_path) == []
        await here.at(700)

    query = "SELECT rule FROM alert WHERE state = 'firing' AND NOT suppressed"
    assert Counter(rows_of(tmp_path / "journal.db", query)) == {("blind_area",): 1}
