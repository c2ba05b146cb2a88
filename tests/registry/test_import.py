"""What an import leaves in the journal, and what it brings out again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from devices.instant import iso_of
from ingest.journal.database import open_writer
from ingest.registry import Placed, RegistryError, import_registry
from ingest.registry.files import read_folder, write_folder
from ingest.registry.importing import import_content
from ingest.registry.store import changes, read_content, revision_of, write
from ingest.registry.tables import DEVICES, LEASES, PLACEMENTS, QUIET_TIMES, TABLES
from tests.journal.readings import batch, opened
from tests.registry.sample import HOME, PERSON, SAMPLE, write_sample
from tests.registry.test_files import NOW


def test_an_export_imported_again_gives_the_same(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    import_content(database, read_folder(write_sample(tmp_path / "registry")), NOW)
    held = read_content(database)
    write_folder(tmp_path / "exported", held)
    with closing(open_writer(tmp_path / "other.db")) as other:
        import_content(other, read_folder(tmp_path / "exported"), NOW)

        assert read_content(other).tables == held.tables
    assert all(held.rows(table) for table in TABLES)


def test_an_import_of_the_same_changes_nothing(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    given = read_folder(write_sample(tmp_path / "registry"))
    import_content(database, given, NOW)

    again = import_content(database, given, NOW + 1)

    assert {(each.added, each.changed, each.removed) for each in again} == {(0, 0, 0)}


def test_a_table_becomes_what_its_file_says_and_the_others_stay(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    import_content(database, read_folder(write_sample(tmp_path / "registry")), NOW)
    folder = tmp_path / "later"
    folder.mkdir()
    quiet = f"reason,premises,since,until\naway,{HOME},2026-02-01,2027-01-01\n"
    (folder / "quiet.csv").write_text(quiet)

    (change,) = import_content(database, read_folder(folder), NOW)

    assert (change.added, change.changed, change.removed) == (0, 1, 1)
    assert len(read_content(database).rows(QUIET_TIMES)) == 1
    assert len(read_content(database).rows(LEASES)) == 2


def test_what_was_imported_before_must_agree_with_the_new(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    import_content(database, read_folder(write_sample(tmp_path / "registry")), NOW)
    folder = tmp_path / "later"
    folder.mkdir()
    (folder / "devices.csv").write_text("kind,device,area\nwater_meter,wm-1,500103\n")

    with pytest.raises(RegistryError) as refusal:
        import_content(database, read_folder(folder), NOW)

    first = str(refusal.value).splitlines()[0]
    assert first.startswith(f"already imported, authorisations {HOME} {PERSON} door-1: door: expec")


def test_a_device_that_is_placed_elsewhere_keeps_its_history_and_its_readings(
    tmp_path: Path,
) -> None:
    path = tmp_path / "gridwatch.db"
    moved = SAMPLE["devices"].replace("gm-1,500103,", "gm-1,500199,")
    with closing(open_writer(path)) as database:
        import_content(database, read_folder(write_sample(tmp_path / "registry")), NOW)
        before = database.execute("SELECT id FROM device WHERE name = 'gm-1'").fetchone()
        folder = write_sample(tmp_path / "registry", devices=moved)
        import_content(database, read_folder(folder), NOW)

        found = read_content(database)
        assert database.execute("SELECT id FROM device WHERE name = 'gm-1'").fetchone() == before
    placements = found.rows(PLACEMENTS).values()
    assert ("gas_monitor", "gm-1", NOW, "500103", None) in placements
    assert {placement.device for placement in placements} == {"gm-1", "wm-2"}
    assert found.rows(DEVICES)["gas_monitor", "gm-1"].area == "500199"


def test_an_import_that_came_between_is_not_written_over(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    given, held = read_folder(write_sample(tmp_path / "registry")), read_content(database)
    revision = revision_of(database)
    import_registry(database, [Placed("door", "d-1", "500103")])

    with pytest.raises(RegistryError, match="import again"):
        write(database, changes(given, held, NOW), revision)

    assert database.execute("SELECT name FROM device").fetchall() == [("d-1",)]
    assert revision_of(database) == 1


async def test_a_device_nobody_registered_is_stored_and_counted(path: Path) -> None:
    async with opened(path) as journal:
        await journal.commit(batch([1], "wm-1"))
        await journal.commit(batch([1], "wm-2"))
        with closing(open_writer(path)) as beside:
            import_registry(beside, [Placed("water_meter", "wm-1", "500103")])
            import_registry(beside, [Placed("water_meter", "never-seen", "500103")])

        assert journal.unregistered_count() == 1
        assert journal.device_count() == 2
        assert len(journal.deliveries_after(0, 9)) == 2


@pytest.mark.parametrize(
    ("column", "instant"),
    [
        ("since", "2025-12-31T16:00:00.000Z"),
        ("until", "2026-12-31T16:00:00.000Z"),
    ],
)
def test_a_day_begins_when_it_is_a_start_and_is_over_when_it_is_an_end(
    database: sqlite3.Connection, tmp_path: Path, column: str, instant: str
) -> None:
    import_content(database, read_folder(write_sample(tmp_path / "registry")), NOW)

    lease = list(read_content(database).rows(LEASES).values())[1]

    assert iso_of(getattr(lease, column)) == instant
