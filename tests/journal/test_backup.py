"""Backups beside a writer, restores in place of a journal, and what a check finds."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from stat import S_IMODE
from threading import Thread

import pytest
from typer.testing import CliRunner, Result

from ingest.cli import app
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from ingest.journal.backup import back_up, restore
from ingest.journal.database import open_writer, transaction
from ingest.journal.lock import held
from ingest.journal.soundness import soundness_of
from tests.journal.readings import START, batch, minutes_in, numbers_in, opened
from tests.journal.test_service import publish, stored, telemetry, until
from tests.journal.version_1 import make_version_1

FILED = 300
PUBLISHED = 4_000


@pytest.fixture
async def filled(path: Path) -> Path:
    async with opened(path) as journal:
        await journal.commit(batch(range(FILED)))
        await journal.forwarded("influx", FILED)
    return path


def silent(_: int, __: int) -> None:
    """Hear of the progress."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["journal", *map(str, arguments)])


def damage(path: Path) -> None:
    """Overwrite all pages but the first."""
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def test_a_backup_is_of_its_beginning_and_keeps_no_writer_waiting(filled: Path) -> None:
    written = 0

    with closing(open_writer(filled)) as writer:
        writer.execute("PRAGMA busy_timeout = 0")

        def write(_: int, __: int) -> None:
            nonlocal written
            with transaction(writer):
                writer.execute("INSERT INTO meta VALUES (?, '')", (f"k{written}",))
            written += 1

        copy = filled.with_name("copy.db")
        found = back_up(filled, copy, write, step_pages=1)

    assert written > 10
    assert found.faults == ()
    assert (found.counts["reading"], found.counts["meta"]) == (FILED, 1)
    assert soundness_of(filled).counts["meta"] == 1 + written


def test_a_backup_is_one_file_for_its_owner_alone(filled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()

    assert run("backup", folder / "b.db", "--journal", filled).exit_code == 0
    assert [each.name for each in folder.iterdir()] == ["b.db"]
    assert S_IMODE((folder / "b.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("taken", ["b.db", "b.db.partial"])
def test_a_backup_overwrites_nothing(filled: Path, taken: str) -> None:
    there = filled.with_name(taken)
    there.write_text("mine")
    outcome = run("backup", filled.with_name("b.db"), "--journal", filled)

    assert outcome.exit_code == 1
    assert there.name in outcome.stderr
    assert there.read_text() == "mine"


def test_a_damaged_journal_makes_no_backup_and_says_so(filled: Path) -> None:
    damage(filled)
    outcome = run("backup", filled.with_name("b.db"), "--journal", filled)

    assert outcome.exit_code == 1
    assert "damaged" in outcome.stderr
    assert [each.name for each in filled.parent.iterdir()] == [filled.name]


async def test_a_restored_journal_is_that_of_the_backup_and_the_one_before_is_kept(
    filled: Path,
) -> None:
    copy = filled.with_name("b.db")
    back_up(filled, copy, silent)
    async with opened(filled) as journal:
        await journal.commit(batch([FILED]))
    aside = restore(copy, filled, START, silent)

    assert aside
    assert minutes_in(filled) == list(range(FILED))
    assert minutes_in(aside) == list(range(FILED + 1))
    async with opened(filled) as journal:
        await journal.commit(batch([FILED + 1]))
    assert numbers_in(filled) == list(range(1, FILED + 2))


def test_a_restore_puts_a_damaged_journal_aside_with_its_log(filled: Path) -> None:
    copy = filled.with_name("b.db")
    back_up(filled, copy, silent)
    filled.write_bytes(b"\xff" * 8192)
    filled.with_name("journal.db-wal").write_bytes(b"its log")
    outcome = run("restore", copy, "--journal", filled, "--json")

    assert outcome.exit_code == 0
    kept = Path(json.loads(outcome.stdout)["kept"])
    assert kept.read_bytes() == b"\xff" * 8192
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"its log"
    assert not filled.with_name("journal.db-wal").exists()
    assert minutes_in(filled) == list(range(FILED))


def test_a_restore_makes_a_journal_where_there_is_none(filled: Path, tmp_path: Path) -> None:
    place = tmp_path / "new.db"

    assert restore(filled, place, START, silent) is None
    assert minutes_in(place) == list(range(FILED))
    assert S_IMODE(place.stat().st_mode) == 0o600


def test_a_backup_that_is_not_sound_replaces_nothing(filled: Path) -> None:
    copy = filled.with_name("b.db")
    back_up(filled, copy, silent)
    damage(copy)
    before = filled.read_bytes()
    outcome = run("restore", copy, "--journal", filled)

    assert outcome.exit_code == 1
    assert "damaged" in outcome.stderr
    assert filled.read_bytes() == before


def test_a_journal_that_is_held_is_neither_restored_nor_upgraded(filled: Path) -> None:
    copy = filled.with_name("b.db")
    back_up(filled, copy, silent)
    with held(filled):
        for arguments in (["restore", copy], ["upgrade"]):
            outcome = run(*arguments, "--journal", filled)

            assert outcome.exit_code == 1
            assert "another process holds it" in outcome.stderr
    assert run("restore", copy, "--journal", filled).exit_code == 0


def test_a_journal_of_version_1_is_backed_up_checked_and_upgraded_by_command(path: Path) -> None:
    make_version_1(path)
    copy = path.with_name("b.db")

    assert run("backup", copy, "--journal", path).exit_code == 0
    assert "sound, schema version 1" in run("check", copy).stdout
    assert "upgraded from schema version 1" in run("upgrade", "--journal", path).stdout
    assert "nothing to do" in run("upgrade", "--journal", path).stdout
    assert soundness_of(path).faults == ()


BREACHES = {
    "UPDATE cursor SET seq = 301": "cursor of sink influx at 301, the last reading is 300",
    "INSERT INTO outlet_cursor VALUES ('mqtt', 1)": "cursor of outlet mqtt at 1, the last change",
    "INSERT INTO unjudged VALUES (999)": "reading 999 waits to be judged and is not there",
    "DELETE FROM reading WHERE seq = 7": "numbered with gaps: 299 from 1 to 300",
    "UPDATE dead_letter_total SET weight = 1": "weigh other than counted: 1",
    "DELETE FROM device": "of reading refers to none of device",
}


@pytest.mark.parametrize(("breach", "words"), BREACHES.items(), ids=BREACHES)
def test_a_check_finds_what_can_not_be(filled: Path, breach: str, words: str) -> None:
    assert run("check", "--journal", filled).exit_code == 0
    with closing(open_writer(filled)) as writer:
        writer.execute(breach)
    outcome = run("check", "--journal", filled, "--json", "--quick")
    told = json.loads(outcome.stdout)

    assert outcome.exit_code == 1
    assert told["sound"] is False
    assert words in told["faults"][0]


@contextmanager
def publishing(broker: Mosquitto, payloads: list[str]) -> Iterator[None]:
    """Publish beside what is done in the context; at its end all of them are at the broker."""
    thread = Thread(target=publish, args=(broker, payloads))
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.servers
def test_all_that_was_acknowledged_before_a_backup_began_is_in_it(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "batch": {"messages": 20}}
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        backups = []
        with publishing(mosquitto, [telemetry(number) for number in range(PUBLISHED)]):
            until(lambda: stored(service) > 100)
            for number in range(3):
                copy = tmp_path / f"{number}.db"
                before = stored(service)
                _in_a_process("backup", copy, "--journal", service.journal)
                backups.append((before, copy, stored(service)))
        until(lambda: stored(service) == PUBLISHED)
        refusal = run("restore", backups[0][1], "--journal", service.journal)

    assert refusal.exit_code == 1
    assert "another process holds it" in refusal.stderr
    assert backups[0][0] < backups[0][2]
    for before, copy, after in backups:
        numbers = numbers_in(copy)
        assert numbers == list(range(1, len(numbers) + 1))
        assert before <= len(numbers) <= after
    assert soundness_of(service.journal).faults == ()


@pytest.mark.servers
def test_a_service_that_finds_its_journal_damaged_runs_again_on_the_backup(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port)}
    copy = tmp_path / "b.db"
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        publish(mosquitto, map(telemetry, range(50)))
        until(lambda: stored(service) == 50)
        _in_a_process("backup", copy, "--journal", service.journal)
    damage(service.journal)
    start = [sys.executable, "-m", "ingest", "run", "--settings", str(service.settings)]
    ended = subprocess.run(start, capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode != 0
    assert "damaged" in ended.stderr
    assert run("check", "--journal", service.journal).exit_code == 1
    _in_a_process("restore", copy, "--journal", service.journal)
    with service:
        publish(mosquitto, map(telemetry, range(40, 60)))
        until(lambda: len(numbers_in(service.journal)) == 60)


def _in_a_process(*arguments: object) -> None:
    command = [sys.executable, "-m", "ingest", "journal", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
