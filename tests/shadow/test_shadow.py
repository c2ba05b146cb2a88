"""A trial of limits counts what they would have told, and touches nothing that is in force."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.journal.database import JournalUnavailable, open_reader, open_writer
from ingest.journal.journal import Journal
from ingest.journal.writer import Writer
from ingest.registry.tables import LimitRow
from ingest.rule_tools.library import digest_of
from ingest.shadow.shadow import Shadow
from ingest.shadow.trial import (
    Asked,
    Comparison,
    OwnRules,
    Trial,
    TrialRefused,
    ask_start,
    ask_stop,
    comparisons,
    one_sided,
    trial_of,
)
from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.limits import LimitBook, Setting
from rules.register import DeviceFacts, TableRegister
from tests.alerts.gas import MONITOR, RULE, WARNING, Room, batch, changes_in, gas
from tests.journal.readings import START, opened, rows_of
from tests.rule_tools import own

STRICTER = LimitRow("500000", RULE.name, "level_1", 12.0, None)
BETWEEN = 15.0
"""Gas in %LEL that only the stricter limit tells of."""


class _InForce:
    def __init__(self, limits: LimitBook, areas: tuple[str, ...] = ("500000",)) -> None:
        self.limits = limits
        self.register = TableRegister(
            {f"gas_monitor/gm-{number}": DeviceFacts(areas=areas) for number in (1, 2)}
        )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


class Shadowed(Room):
    """A room with a shadow beside its rules."""

    def __init__(self, journal: Journal, level_1: float = 25.0) -> None:
        super().__init__(journal)
        limits = LimitBook({"500000": {f"{RULE.name}.level_1": Setting(level_1)}})
        in_force = _InForce(limits)
        self.engine.replace(Rulebook((RULE,), limits), in_force.register)
        self.shadow = Shadow(journal.reader, catalogue(), in_force)
        self.judging.shadow = self.shadow

    async def alert(self, level: float, *seconds: int, device: str = MONITOR) -> None:
        for second in seconds:
            await self.judging.commit(batch(gas(second, level, device)))
            await self.at(second)


@contextmanager
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Give what another process writes by."""
    database = open_writer(path)
    yield database
    database.close()


def ask(path: Path, *rows: LimitRow, hours: float = 1, mine: OwnRules | None = None) -> None:
    with other(path) as database:
        ask_start(database, Asked("stricter.csv", rows, timedelta(hours=hours), mine), START)


def seen(path: Path) -> tuple[Trial, Comparison]:
    reader = open_reader(path)
    trial = trial_of(reader)
    assert trial
    (comparison,) = comparisons(reader, trial)
    reader.close()
    return trial, comparison


async def test_what_only_the_tried_limits_tell_is_counted_and_told_to_nobody(path: Path) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, STRICTER)
        await here.at(0)
        await here.alert(BETWEEN, 10, 20)
        await here.alert(WARNING, 10, 20, device="gm-2")

    assert seen(path)[1] == Comparison(RULE.name, 1, 2, 1, 0, 1)
    assert changes_in(path) == [("gm-2", "raised", 20)]
    reader = open_reader(path)
    trial = trial_of(reader)
    assert trial
    ((side, alert),) = one_sided(reader, trial)
    reader.close()
    assert (side, alert.subject, alert.start_at) == (
        "shadow",
        f"gas_monitor/{MONITOR}",
        START + 10_000,
    )
    assert "12 %LEL" in alert.text_en


async def test_a_hold_under_way_goes_on_in_the_trial(path: Path) -> None:
    """The second sample would tell at once, the trial begins after the first."""
    async with opened(path) as journal:
        here = Shadowed(journal)
        await here.alert(WARNING, 0)
        ask(path, STRICTER)
        await here.at(5)
        await here.at(31)

    assert seen(path)[1] == Comparison(RULE.name, 1, 1, 1, 0, 0)


async def test_alerts_that_are_on_at_the_beginning_count_on_both_sides(path: Path) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal)
        await here.alert(WARNING, 0, 10)
        ask(path, STRICTER)
        await here.at(20)

    assert seen(path)[1] == Comparison(RULE.name, 1, 1, 1, 0, 0)


async def test_looser_limits_leave_alerts_that_only_those_in_force_tell(path: Path) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal, level_1=12.0)
        ask(path, STRICTER._replace(value=20.0))
        await here.at(0)
        await here.alert(BETWEEN, 10, 20)

    assert seen(path)[1] == Comparison(RULE.name, 1, 0, 0, 1, 0)


async def test_a_trial_goes_on_over_a_restart_and_ends_with_its_time(path: Path) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, STRICTER, hours=1)
        await here.at(0)
        await here.alert(BETWEEN, 10)
    async with opened(path) as journal:
        here = Shadowed(journal)
        await here.at(15)
        await here.alert(BETWEEN, 20)
        await here.at(3_600)
        await here.alert(BETWEEN, 3_610, 3_620, device="gm-2")

    trial, comparison = seen(path)
    assert (trial.state, trial.why, trial.readings) == ("ended", "its time is up", 2)
    assert comparison == Comparison(RULE.name, 0, 1, 0, 0, 1)
    assert rows_of(path, "SELECT count(*) FROM shadow_state") == [(0,)]


async def test_a_trial_ends_when_it_is_told_and_another_may_begin_then(path: Path) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, STRICTER)
        with pytest.raises(TrialRefused, match=r"a trial of limits stricter\.csv is asked for"):
            ask(path, STRICTER)
        await here.at(0)
        with other(path) as database:
            ask_stop(database, START)
        await here.at(1)
        assert seen(path)[0].why == "stopped"
        ask(path, STRICTER)
        await here.at(2)

    assert seen(path)[0].state == "running"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (STRICTER._replace(value=99.0), "failed: limits of the registry: 500000: gas_level_ch4"),
        (STRICTER._replace(rule="unheard_of"), "failed: no rule unheard_of"),
    ],
    ids=["out of bounds", "no such rule"],
)
async def test_a_trial_that_fails_ends_and_leaves_what_is_in_force_alone(
    path: Path, row: LimitRow, why: str
) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, row)
        await here.at(0)
        await here.at(1)
        await here.alert(WARNING, 10, 20)

    trial = seen(path)[0]
    assert trial.state == "ended"
    assert str(trial.why).startswith(why)
    assert changes_in(path) == [(MONITOR, "raised", 20)]


async def test_limits_that_change_below_a_trial_keep_it_or_end_it(path: Path) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, STRICTER)
        await here.at(0)
        here.shadow.follow(_InForce(LimitBook()))
        await here.at(1)
        assert seen(path)[0].state == "running"
        district = LimitBook({"500103": {f"{RULE.name}.level_1": Setting(20.0)}})
        here.shadow.follow(_InForce(district, areas=("500000", "500103")))
        await here.at(2)

    assert "500103: gas_level_ch4.level_1: expected" in str(seen(path)[0].why)


async def test_a_state_of_the_trial_that_can_not_be_read_ends_the_trial_alone(path: Path) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, STRICTER)
        await here.at(0)
        await here.alert(WARNING, 0)
    with other(path) as database:
        database.execute("UPDATE shadow_state SET state = '[99, {}, {}]'")
    async with opened(path) as journal:
        here = Shadowed(journal)
        await here.at(5)
        await here.alert(WARNING, 10)

    assert seen(path)[0].why == "failed: ValueError"
    assert changes_in(path) == [(MONITOR, "raised", 10)]


async def test_of_a_batch_that_fails_the_trial_counts_nothing_and_again_it_counts_it_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, STRICTER)
        await here.at(0)
        whole = batch(gas(10, BETWEEN), gas(20, BETWEEN))

        async def unavailable(*_: object) -> None:
            raise JournalUnavailable("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(Writer, "in_thread", unavailable)
            with pytest.raises(JournalUnavailable):
                await here.judging.commit(whole)
        await here.judging.commit(whole)

    trial, comparison = seen(path)
    assert trial.readings == 2
    assert comparison.only_shadow == 1


def written(tmp_path: Path, name: str) -> OwnRules:
    folder = own.write(tmp_path / "mine", name, own.STRICTER.format(name=name))
    return OwnRules(str(folder), digest_of(folder), (name,))


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        (RULE.name, Comparison(RULE.name, 1, 2, 1, 0, 1)),
        ("gas_from_12", Comparison("gas_from_12", 0, 2, 0, 0, 2)),
    ],
    ids=["in place of one", "beside them"],
)
async def test_what_rules_of_ones_own_tell_is_counted_and_told_to_nobody(
    path: Path, tmp_path: Path, name: str, counted: Comparison
) -> None:
    mine = written(tmp_path, name)
    async with opened(path) as journal:
        here = Shadowed(journal)
        await here.alert(WARNING, 0, device="gm-2")
        ask(path, mine=mine)
        await here.at(5)
        await here.alert(BETWEEN, 10, 20)
        await here.alert(WARNING, 10, 20, device="gm-2")

    trial, comparison = seen(path)
    assert (trial.state, trial.failures, trial.readings) == ("running", 0, 4)
    assert comparison == counted
    assert changes_in(path) == [("gm-2", "raised", 10)]


async def test_a_rule_of_ones_own_goes_on_over_a_restart_from_its_own_state(
    path: Path, tmp_path: Path
) -> None:
    mine = written(tmp_path, RULE.name)
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, mine=mine)
        await here.at(0)
        await here.alert(BETWEEN, 10)
    async with opened(path) as journal:
        here = Shadowed(journal)
        await here.at(15)
        await here.alert(BETWEEN, 20)

    trial, comparison = seen(path)
    assert (trial.state, trial.failures) == ("running", 0)
    assert comparison == Comparison(RULE.name, 0, 1, 0, 0, 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rule: rule.write_text("RULE = 1", encoding="utf-8"), "changed since the trial was"),
        (lambda rule: rule.chmod(0o666), "others can change it"),
        (lambda rule: rule.unlink(), "changed since the trial was asked for"),
    ],
    ids=["other code", "open to others", "gone"],
)
async def test_only_the_code_that_a_person_asked_for_is_run(
    path: Path, tmp_path: Path, change: Callable[[Path], object], why: str
) -> None:
    mine = written(tmp_path, RULE.name)
    change(tmp_path / "mine" / RULE.name / "rule.py")
    async with opened(path) as journal:
        here = Shadowed(journal)
        ask(path, mine=mine)
        await here.at(0)
        await here.at(1)
        await here.alert(WARNING, 10, 20)

    trial = seen(path)[0]
    assert trial.state == "ended"
    assert why in str(trial.why)
    assert changes_in(path) == [(MONITOR, "raised", 20)]
