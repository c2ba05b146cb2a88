"""Laws of areas in their time: nothing stands where no area is, and one heir takes all over."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from devices.instant import Instant, instant_of
from ingest.registry import RegistryError
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from ingest.registry.limits import limits_of
from ingest.registry.snapshot import register_of
from ingest.registry.store import read_content
from ingest.registry.tables import AREAS, TABLES
from rules.limits import Setting
from rules.subject import Subject
from tests.registry.sample import HOME, PERSON, SAMPLE, write_sample
from tests.registry.test_files import NOW

OVER = instant_of(datetime.fromisoformat("2026-10-01T00:00:00+08:00"))
"""When 500107 ends and 500157 begins, ten days after NOW."""
RENAMED = """500107,,,,,2026-09-30,
500107001,,,,,2026-09-30,
500157,,,,2026-10-01,,500107
500157001,,,,2026-10-01,,500107001
"""
SPLIT = """500107,,,,,2025-11-05,
500157,,,,2025-11-06,,500107
500158,,,,2025-11-06,,500107
"""
ENDED = "500107,,,,,2025-11-05,\n"
LATER = "500107,,,,2026-10-01,,\n"
OTHER = "d-00000000000000aa"
MERGED = "500105,oxygen,low,20,\n500112,oxygen,low,19.6,\n"


def _import(database: sqlite3.Connection, folder: Path, **more: str) -> Path:
    """Import the sample with more rows."""
    changed = {table: f"{SAMPLE[table]}{rows}" for table, rows in more.items()}
    import_content(database, read_folder(write_sample(folder / "registry", **changed)), NOW)
    return folder / "registry"


@pytest.mark.parametrize(
    ("areas", "added", "where"),
    [
        (ENDED, {"devices": "door,d-9,500107,,,,,,\n"}, "devices.csv: line 7: area"),
        (LATER, {"devices": "door,d-9,500107,,,,,,\n"}, "devices.csv: line 7: area"),
        (SPLIT, {"devices": "door,d-9,500107,,,,,,\n"}, "devices.csv: line 7: area"),
        (LATER, {"devices": "door,d-9,500107,,,,,2026-06-01,\n"}, "devices.csv: line 7: area"),
        (ENDED, {"devices": "door,d-9,500103,,,,,,500107\n"}, "devices.csv: line 7: bulk_of"),
        (ENDED, {"premises": f"{OTHER},500107,,\n"}, "premises.csv: line 4: area"),
        (ENDED, {"limits": "500107,oxygen,low,20,\n"}, "limits.csv: line 5: place"),
        (f"{ENDED}500107001,,,,,,\n", {}, "areas.csv: line 10: parent"),
    ],
)
def test_nothing_stands_in_an_area_that_is_not_valid_and_has_no_single_heir(
    database: sqlite3.Connection, tmp_path: Path, areas: str, added: dict[str, str], where: str
) -> None:
    with pytest.raises(RegistryError) as refusal:
        _import(database, tmp_path, areas=areas, **added)

    assert str(refusal.value) == (
        f"{tmp_path / 'registry'}/{where}: expected an area that is valid,"
        " or that a single valid one names as its predecessor"
    )


@pytest.mark.parametrize(
    ("areas", "row"),
    [
        (ENDED, "door,d-9,500107,,,,2025-01-01,2025-11-06,\n"),
        (LATER, "door,d-9,500107,,,,2026-10-01,,\n"),
        (RENAMED, "door,d-9,500107001,,,,,,\n"),
        (f"{ENDED}500157,,,,2025-11-06,,500107\n500107001,,,,,,\n", "door,d-9,500107001,,,,,,\n"),
    ],
)
def test_what_stands_in_an_area_in_its_time_is_accepted(
    database: sqlite3.Connection, tmp_path: Path, areas: str, row: str
) -> None:
    _import(database, tmp_path, areas=areas, devices=row)

    assert "door/d-9" in register_of(database, NOW).devices


@pytest.mark.parametrize(("now", "code"), [(NOW, "500107"), (OVER - 1, "500107"), (OVER, "500157")])
def test_on_its_day_an_heir_takes_over_devices_dwellings_zones_and_limits(
    database: sqlite3.Connection, tmp_path: Path, now: Instant, code: str
) -> None:
    _import(
        database,
        tmp_path,
        areas=RENAMED,
        premises=f"{OTHER},500107001,,\n",
        devices="door,d-9,500107001,,,,,,\nwater_meter,wm-9,500103,,,,,,500107001\n",
        limits="500107,oxygen,low,20,\n500107001,oxygen,low,20.2,\n",
    )

    register, limits = register_of(database, now), limits_of(database, now)
    chain = ("500000", code, f"{code}001")
    assert register.places_of(Subject("device", "door/d-9")) == chain
    assert register.premises[OTHER].areas == chain
    assert register.bulk["water_meter/wm-9"] == f"{code}001"
    assert limits.settings[code] == {"oxygen.low": Setting(20.0)}
    assert limits.settings[f"{code}001"] == {"oxygen.low": Setting(20.2)}


@pytest.mark.parametrize(
    ("limits", "value"),
    [
        ("500105,oxygen,low,20,\n", 20.0),
        (f"{MERGED}500199,oxygen,low,19.8,\n", 19.8),
        (f"500199,oxygen,low,19.8,\n{MERGED}", 19.8),
    ],
)
def test_an_own_limit_of_an_heir_goes_before_those_it_has_taken_over(
    database: sqlite3.Connection, tmp_path: Path, limits: str, value: float
) -> None:
    _import(database, tmp_path, limits=limits)

    assert limits_of(database, NOW).settings["500199"] == {"oxygen.low": Setting(value)}


@pytest.mark.parametrize(
    ("areas", "limits", "complaint"),
    [
        ("", MERGED, "5: place: expected a row for 500199, whose predecessors differ"),
        (
            RENAMED,
            "500107001,high_day,day_m3,2,\n500157,high_day,day_m3,1,\n",
            "5: value: 500157001: high_day.day_m3: expected 0.5 to 1 m3, found 2, from 2026-10-01",
        ),
    ],
)
def test_limits_that_do_not_fit_where_they_are_taken_over_are_refused_beforehand(
    database: sqlite3.Connection, tmp_path: Path, areas: str, limits: str, complaint: str
) -> None:
    with pytest.raises(RegistryError) as refusal:
        _import(database, tmp_path, areas=areas, limits=limits)

    assert str(refusal.value).startswith(
        f"{tmp_path / 'registry' / 'limits.csv'}: line {complaint}"
    )


def test_an_area_that_is_over_since_the_last_import_keeps_no_lease_from_being_imported(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    ending = {"areas": "500107,,,,,2026-09-30,\n", "devices": "door,d-9,500107,,,,,,\n"}
    folder = _import(database, tmp_path, **ending)
    leases = tmp_path / "leases"
    leases.mkdir()
    text = f"premises,person,until\n{HOME},{PERSON},2027-12-31\n"
    (leases / "leases.csv").write_text(text, encoding="utf-8")

    import_content(database, read_folder(leases), OVER)

    assert register_of(database, OVER).devices["door/d-9"].areas == ("500000", "500107")
    with pytest.raises(RegistryError, match=r"devices\.csv: line 7: area: expected an area that"):
        import_content(database, read_folder(folder), OVER)


HEADER = SAMPLE["areas"].splitlines()[0]


def test_the_last_areas_do_not_go_while_anything_stands_in_them(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    _import(database, tmp_path)
    folder = tmp_path / "emptied"
    folder.mkdir()
    (folder / "areas.csv").write_text(f"{HEADER}\n", encoding="utf-8")

    with pytest.raises(RegistryError) as refusal:
        import_content(database, read_folder(folder), NOW)

    assert str(refusal.value) == (
        f"{folder / 'areas.csv'}: line 1: code: expected the areas of"
        " 2 premises, 5 devices, 3 limits"
    )
    assert len(read_content(database).rows(AREAS)) == 7


def test_areas_go_together_with_all_that_stands_in_them(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    _import(database, tmp_path)
    emptied = {table: f"{text.splitlines()[0]}\n" for table, text in SAMPLE.items()}

    for _ in range(2):
        import_content(database, read_folder(write_sample(tmp_path / "none", **emptied)), NOW)

    assert not any(read_content(database).rows(table) for table in TABLES)
