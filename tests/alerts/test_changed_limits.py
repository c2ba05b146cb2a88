"""Changed limits are in force without a restart; timers go on, and a bad file changes nothing."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ingest.health import Health
from ingest.journal.database import open_writer
from ingest.journal.journal import Journal
from ingest.judges import judges_of
from ingest.metrics import Metrics
from ingest.registry.facts import Sources
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from ingest.registry.refusal import RegistryError
from tests.alerts.gas import MONITOR, RULE, SECOND, StandingClock, batch, changes_in, gas
from tests.journal.readings import START, opened, rows_of

DEVICES = f"kind,device,area\ngas_monitor,{MONITOR},500103\ngas_monitor,gm-2,500103\n"
REMOVED = (
    f"kind,device,area,removed\ngas_monitor,{MONITOR},500103,2025-10-01\ngas_monitor,gm-2,500103,\n"
)
HEAD = "place,rule,parameter,value,strictest\n"
STRICT = f"{HEAD}500103,{RULE.name},level_1,12,\n"
DEFAULT = f"{HEAD}500103,{RULE.name},level_1,25,\n"
SLOW, QUICK = (f"{HEAD}500000,gas_silent,warn_min,{minutes},\n" for minutes in (60, 2))
BETWEEN, ABOVE = 15.0, 30.0
"""Gas in %LEL above the stricter limit alone, and above both."""


class Control:
    """What judges by the registry and a file, at a time of one's own."""

    def __init__(
        self, journal: Journal, folder: Path, *, with_file: bool, again: bool = False
    ) -> None:
        self._path = folder / "journal.db"
        self._folder = folder / "registry"
        self._folder.mkdir(exist_ok=True)
        self._writes = 0
        self.file = folder / "own.csv"
        if not again:
            self.import_(devices=DEVICES)
        if with_file and not again:
            self.write(STRICT)
        elif not again:
            self.import_(limits=STRICT)
        self._sources = Sources(self._path, self.file if with_file else None)
        self.restart(journal)

    def restart(self, journal: Journal) -> None:
        """Begin anew with what the journal has."""
        self.journal = journal
        self.clock, self.health, self._metrics = StandingClock(), Health(), Metrics()
        self.judging, self.watch = judges_of(
            self._sources, journal, self.clock, self._metrics, self.health
        )

    @property
    def refused(self) -> float | None:
        """What the metric says of limits that can't be used."""
        return self._metrics.registry.get_sample_value("gridwatch_registry_refused")

    def import_(self, **tables: str) -> None:
        for name, text in tables.items():
            (self._folder / f"{name}.csv").write_text(text, encoding="utf-8")
        database = open_writer(self._path)
        import_content(database, read_folder(self._folder), START)
        database.close()

    def write(self, text: str) -> None:
        """Write the file, each time at another instant whatever the file system keeps of it."""
        self._writes += 1
        self.file.write_text(text, encoding="utf-8")
        os.utime(self.file, (self._writes, self._writes))

    async def gas(self, second: int, level: float, device: str = MONITOR) -> None:
        self.clock.instant = START + second * SECOND
        await self.judging.commit(batch(gas(second, level, device)))

    async def at(self, second: int) -> None:
        self.clock.instant = START + second * SECOND
        while await self.judging.look(hears=True):
            pass


@asynccontextmanager
async def control(folder: Path, *, with_file: bool, again: bool = False) -> AsyncIterator[Control]:
    """Give a service; `again`: after a restart, with what is registered and written already."""
    async with opened(folder / "journal.db") as journal:
        yield Control(journal, folder, with_file=with_file, again=again)


def told(folder: Path) -> list[tuple[str, str, int]]:
    """Return what the rule told; the ventilation tells of the same gas."""
    return changes_in(folder / "journal.db", RULE.name)


@pytest.mark.parametrize("with_file", [False, True], ids=["registry", "file"])
async def test_timers_go_on_and_what_no_longer_exceeds_its_limit_resolves(
    tmp_path: Path, *, with_file: bool
) -> None:
    async with control(tmp_path, with_file=with_file) as here:
        await here.gas(0, BETWEEN)
        await here.gas(10, BETWEEN)
        await here.gas(20, ABOVE, "gm-2")
        if with_file:
            here.write(DEFAULT)
        else:
            here.import_(limits=DEFAULT)
        await here.watch.look()
        await here.at(49)
        assert told(tmp_path) == [(MONITOR, "raised", 10)]
        await here.at(51)
        await here.gas(60, BETWEEN)
        await here.gas(360, BETWEEN)

    assert told(tmp_path)[1:] == [("gm-2", "raised", 50), (MONITOR, "resolved", 360)]


async def test_a_device_that_was_removed_leaves_no_alert(tmp_path: Path) -> None:
    async with control(tmp_path, with_file=False) as here:
        await here.gas(0, ABOVE)
        await here.gas(10, ABOVE)
        here.import_(devices=REMOVED)
        await here.watch.look()
        await here.at(20)
        await here.at(9_000)

    assert told(tmp_path) == [(MONITOR, "raised", 10), (MONITOR, "resolved", 20)]
    silent = {device for device, *_ in changes_in(tmp_path / "journal.db", "gas_silent")}
    assert silent == {"gm-2"}, "named by the registry, and never heard"


@pytest.mark.parametrize("restart", [False, True])
async def test_a_silent_device_does_not_wait_for_the_timer_of_a_looser_limit(
    tmp_path: Path, *, restart: bool
) -> None:
    async with control(tmp_path, with_file=True) as here:
        here.write(SLOW)
        await here.watch.look()
        await here.gas(0, BETWEEN)
        for early in (1, 11, 500, 1_200):
            await here.at(early)
        assert changes_in(tmp_path / "journal.db", "gas_silent") == []
        here.write(QUICK)
        if not restart:
            await here.watch.look()
            await here.at(1_201)
    if restart:
        async with control(tmp_path, with_file=True, again=True) as here:
            for later in (1_201, 1_211, 1_300):
                await here.at(later)

    assert sorted(changes_in(tmp_path / "journal.db", "gas_silent")) == [
        (MONITOR, "raised", 120),
        ("gm-2", "raised", 121),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HEAD}500103,{RULE.name},level_1,99,\n", "line 2: value: 500103: gas_level_ch4"),
        (f"{HEAD}500103,{RULE.name},level_1,99,\n", ": expected 10 to 25 %LEL, found 99"),
        (f"{HEAD}500103,{RULE.name},level_1,x,\n", "line 2: value: expected a number such as 12.5"),
        (f"{HEAD}500103,gas,level_1,12,\n", "line 2: rule: expected one of "),
        (f"{STRICT}5001,{RULE.name},level_1,12,\n", "line 3: place: expected an area code"),
        ("place,rule\n", "line 1: expected also the columns parameter,value"),
        (None, "can't read: No such file or directory"),
    ],
    ids=["place", "bounds", "no number", "no rule", "no place", "no columns", "gone"],
)  # fmt: skip
async def test_a_bad_file_changes_nothing_and_health_says_where_it_is_bad(
    tmp_path: Path, text: str | None, expected: str
) -> None:
    async with control(tmp_path, with_file=True) as here:
        if text is None:
            here.file.unlink()
        else:
            here.write(text)
        await here.watch.look()
        trouble = here.health.troubles["registry"]
        await here.gas(0, BETWEEN)
        await here.gas(10, BETWEEN)
        here.write(STRICT)
        await here.watch.look()

    assert trouble.startswith(f"what was in force before stays in force: {tmp_path}/own.csv: ")
    assert expected in trouble
    assert here.health.healthy
    assert here.health.troubles == {}
    assert told(tmp_path) == [(MONITOR, "raised", 10)]


async def test_a_row_of_the_file_takes_the_place_of_the_same_one_of_the_registry(
    tmp_path: Path,
) -> None:
    async with control(tmp_path, with_file=True) as here:
        here.import_(limits=f"{DEFAULT}500000,{RULE.name},level_2,45,\n")
        await here.watch.look()
        settings = here.watch.facts.limits.settings

    assert settings["500103"][f"{RULE.name}.level_1"].value == 12.0
    assert settings["500000"][f"{RULE.name}.level_2"].value == 45.0


async def test_a_service_does_not_start_for_the_first_time_by_a_bad_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(STRICT.replace("12", "99"), encoding="utf-8")
    async with opened(tmp_path / "journal.db") as journal:
        with pytest.raises(RegistryError, match=r"bad\.csv: line 2: value: .* expected 10 to 25"):
            judges_of(
                Sources(tmp_path / "journal.db", bad), journal, StandingClock(), Metrics(), Health()
            )
    assert rows_of(tmp_path / "journal.db", "SELECT count(*) FROM alert") == [(0,)]


async def test_a_service_starts_by_the_limits_that_were_in_force_where_those_given_are_bad(
    tmp_path: Path,
) -> None:
    async with control(tmp_path, with_file=True) as here:
        await here.watch.keep()
    async with opened(tmp_path / "journal.db") as journal:
        here.write(STRICT.replace("12", "99"))
        here.restart(journal)
        await here.gas(0, BETWEEN)
        await here.gas(10, BETWEEN)
        trouble, refused = here.health.troubles["registry"], here.refused
        here.write(DEFAULT)
        await here.watch.look()

    assert "own.csv: line 2: value: 500103: gas_level_ch4.level_1: expected 10 to 25" in trouble
    assert told(tmp_path) == [(MONITOR, "raised", 10)]
    assert (refused, here.refused, here.health.troubles) == (1, 0, {})


async def test_limits_of_the_registry_that_no_longer_fit_give_way_to_those_in_force_before(
    tmp_path: Path,
) -> None:
    async with control(tmp_path, with_file=False) as here:
        await here.watch.keep()
        database = open_writer(tmp_path / "journal.db")
        database.execute("UPDATE registered_limits SET value = 90")
        database.close()
        here.restart(here.journal)

    assert "gas_level_ch4.level_1: expected 10 to 25" in here.health.troubles["registry"]
    assert here.watch.facts.limits.settings["500103"][f"{RULE.name}.level_1"].value == 12.0
