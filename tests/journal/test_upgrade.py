"""A journal of the first released schema under this release."""

import logging
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from ingest.journal.alert_outgoing import last_change, told_after
from ingest.journal.alerts import Wanted, alert_of, alerts
from ingest.journal.database import VERSION, JournalError, open_reader, open_writer, version_of
from ingest.journal.upgrade import things, upgrade, wanted_things
from tests.alerts.gas import ALERT, MONITOR, RULE, WARNING, batch, gas, room
from tests.journal.readings import START, rows_of
from tests.journal.version_1 import UPGRADED_AT, make_version_1, upgrade_killed_at

FORGOTTEN = {"subject_state"}
RENAMED = {"ill_h": "seriously_ill_h", "child_h": "child_in_difficulty_h"}
"""Limits that are called otherwise than in version 1."""
OPEN = "leak:1"
"""The one alert that was open."""
GAS = (RULE.name, f"gas_monitor/{MONITOR}", f"{RULE.name}/device/gas_monitor/{MONITOR}/1", OPEN)
"""What makes it one of gas: rule, subject, identity, and that before."""
KILLS = 5


@pytest.fixture
def old(path: Path) -> Path:
    return make_version_1(path)


def rows_by_column(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table and view, by name."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        names = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        return {
            name: [dict(row) for row in database.execute(f"SELECT * FROM {name}")]  # noqa: S608
            for (name,) in database.execute(names).fetchall()
        }


def test_an_upgraded_journal_has_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    upgrade(old, UPGRADED_AT)
    open_writer(tmp_path / "new.db").close()

    with closing(open_reader(old)) as upgraded, closing(open_reader(tmp_path / "new.db")) as new:
        assert sorted(things(upgraded)) == sorted(things(new)) == sorted(wanted_things())
        assert version_of(upgraded) == VERSION
        assert upgraded.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert upgraded.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_upgrade_keeps_every_row_but_the_states_of_rules_and_ends_alerts(old: Path) -> None:
    before = rows_by_column(old)
    upgrade(old, UPGRADED_AT)
    after = rows_by_column(old)

    assert all(before.values())
    for name, rows in before.items():
        kept = [] if name in FORGOTTEN else [row for row in rows if row.get("id") != OPEN]
        for row in kept:
            if name == "registered_limits":
                row["parameter"] = RENAMED.get(row["parameter"], row["parameter"])
            if (name, row.get("name")) == ("sqlite_sequence", "alert_change"):
                row["seq"] += 1
        columns = rows[0].keys()
        shown = [{key: row[key] for key in columns} for row in after[name] if not _ended(row)]
        assert sorted(map(repr, shown)) == sorted(map(repr, kept)), name


def _ended(row: dict[str, Any]) -> bool:
    """Whether it is of the open alert, and of the upgrade."""
    return OPEN in (row.get("id"), row.get("alert")) and row.get("told_at") == UPGRADED_AT


def test_an_open_alert_whose_state_is_lost_ends_and_says_why(old: Path) -> None:
    with closing(open_reader(old, older=True)) as reader:
        told_to = last_change(reader)
    upgrade(old, UPGRADED_AT)

    with closing(open_reader(old)) as reader:
        assert alerts(reader, 9) == []
        assert {each.id for each in alerts(reader, 9, Wanted("unknown", resolved=True))} == {
            OPEN,
            "leak:0",
        }
        (told,) = told_after(reader, told_to, 9)
        alert = alert_of(reader, OPEN)
    assert (told.alert, told.transition, told.told_at) == (OPEN, "resolved", UPGRADED_AT)
    assert alert
    assert (alert.state, alert.last_at, alert.areas) == ("resolved", UPGRADED_AT, "")
    assert alert.text_en == told.text_en
    assert "did not carry over the state of the rules, so the alert ends" in told.text_en
    assert told.text_en.endswith("Before: a leak")
    assert told.text_zh.startswith("升级时未保留规则的状态")


async def test_after_an_upgrade_a_fault_that_lasts_is_another_alert(old: Path) -> None:
    with closing(sqlite3.connect(old)) as database, database:
        database.execute("UPDATE alert SET rule = ?, subject = ?, id = ? WHERE id = ?", GAS)
        database.execute("UPDATE alert_change SET alert = ? WHERE alert = ?", GAS[2:])
    upgrade(old, START)

    async with room(old) as here:
        told_to = last_change(here.journal.reader)
        await here.judging.commit(batch(gas(0, WARNING), gas(10, WARNING)))
        told = here.journal.read(told_after, told_to, 9)

    assert [(each.rule, each.transition) for each in told] == [(RULE.name, "raised")]
    with closing(open_reader(old)) as reader:
        assert [each.id for each in alerts(reader, 9)] == [ALERT]
        ended = alert_of(reader, GAS[2])
    assert ended
    assert ended.state == "resolved"


def test_the_upgrade_says_what_it_did_and_the_second_does_nothing(
    old: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        first, second = upgrade(old, UPGRADED_AT), upgrade(old, UPGRADED_AT)

    assert (first, second) == ((1, 2, 1), None)
    assert len(caplog.messages) == 1
    assert f"schema version 1 brought to {VERSION} in " in caplog.text
    assert "2 states of rules were left behind" in caplog.text
    assert "1 open alerts were ended" in caplog.text


def test_a_journal_of_version_2_keeps_states_alerts_and_who_has_taken_what_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "two.db"
    with closing(open_writer(path)) as database:
        database.executescript(
            "INSERT INTO subject_state VALUES ('device', 'gas_monitor/gm-1', x'00', NULL);"
            " ALTER TABLE override_request DROP COLUMN asked_by;"
            " INSERT INTO override_request VALUES ('gas_monitor/gm-1', 'v', 'off', 9, 1, NULL);"
            " PRAGMA user_version = 2"
        )
    assert upgrade(path, UPGRADED_AT) == (2, 0, 0)

    rows = rows_by_column(path)
    assert len(rows["subject_state"]) == 1
    assert [(each["until"], each["asked_by"]) for each in rows["override_request"]] == [(9, "")]


def test_nothing_but_the_upgrade_touches_a_journal_of_an_older_version(old: Path) -> None:
    for open_ in (open_reader, open_writer):
        with pytest.raises(JournalError, match=r"schema version 1, this .* `gridwatch run` or"):
            open_(old)

    assert version_in(old) == 1


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_an_upgrade_refuses_a_version_that_it_does_not_know(old: Path, version: int) -> None:
    with closing(sqlite3.connect(old)) as database:
        database.execute(f"PRAGMA user_version = {version}")

    with pytest.raises(JournalError, match=f"schema version {version}, this program knows"):
        upgrade(old, UPGRADED_AT)


def test_a_kill_in_the_midst_of_an_upgrade_leaves_the_journal_as_it_was(old: Path) -> None:
    copy = old.with_name("copy.db")
    shutil.copy(old, copy)
    before = rows_by_column(old)
    steps = upgrade_killed_at(copy, -1)
    for kill in range(1, KILLS + 1):
        at = str(max(1, steps * kill // KILLS))
        command = [sys.executable, "-m", "tests.journal.version_1", str(old), at]
        done = subprocess.run(command, check=False, timeout=60)

        assert done.returncode == -signal.SIGKILL
        assert version_in(old) == 1
        assert rows_by_column(old) == before
    assert upgrade(old, UPGRADED_AT)


@pytest.mark.servers
def test_the_service_runs_on_a_journal_of_version_1(tmp_path: Path, mosquitto: Mosquitto) -> None:
    tables: Tables = {
        "mqtt": mqtt_table(mosquitto.port),
        "rules": {"judge": True},
        "journal": {"retention_days": 3650},
    }
    folder = tmp_path / "gridwatch"
    folder.mkdir()
    make_version_1(folder / "gridwatch.db")
    with Gridwatch(folder, tables) as service:
        metrics = service.metrics()
        log = service.log.read_text()

    assert "gridwatch_alerts" not in metrics
    query = "SELECT state, told_at > last_at - 60000 FROM alert WHERE id = 'leak:1'"
    assert rows_of(service.journal, query) == [("resolved", 1)]
    assert f"schema version 1 brought to {VERSION}" in log
    assert rows_of(service.journal, "SELECT count(*) FROM reading") == [(3,)]


def version_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return version_of(database)
