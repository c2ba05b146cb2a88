"""A folder that is wrong in one place is refused with file, line, column and what was expected."""

import sqlite3
from pathlib import Path

import pytest

from ingest.registry import RegistryError
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from tests.registry.sample import HOME, PERSON, SAMPLE, write_sample

NOW = 1_790_000_000_000
MOBILE = "13912345678"
DISGUISED = f"p-{MOBILE}00000"


def _more(table: str, row: str) -> str:
    return f"{SAMPLE[table]}{row}\n"


REFUSED = {
    "no header": ("care", "", "1: expected also the columns premises,person,care"),
    "unknown column": ("care", "premises,person,care,age\n", "1: column 4: expected one of"),
    "name": ("care", "premises,person,care,name\n", "1: column 4: expected no personal data, only"),
    "phone": ("contacts", "place,rank,contact,手机\n", "1: column 4: expected no personal data"),
    "twice": ("care", "premises,person,care,care\n", "1: column 4: care stands there twice"),
    "missing": ("devices", "kind,device\n", "1: expected also the columns area"),
    "width": ("care", _more("care", f"{HOME},{PERSON}"), "4: expected 3 columns, found 2"),
    "no value": ("care", _more("care", f"{HOME},,disabled"), "4: person: expected a value"),
    "class": ("care", _more("care", f"{HOME},{PERSON},tired"), "4: care: expected one of elderly"),
    "same key": ("care", _more("care", f"{HOME},{PERSON},disabled"), "4: premises: already on"),
    "a name": ("care", _more("care", f"{HOME},王小明,disabled"), "4: person: expected p- and 16"),
    "a mobile": ("care", _more("care", f"{HOME},{MOBILE},disabled"), "4: person: expected p- and"),
    "disguised": ("care", _more("care", f"{HOME},{DISGUISED},disabled"), "4: person: expected no"),
    "address": ("areas", _more("areas", "500108,南坪街3栋,,,,,"), "9: name: expected the name"),
    "mobile area": ("areas", _more("areas", f"500108,{MOBILE},,,,,"), "9: name: expected the name"),
    "contact": ("contacts", f"place,rank,contact\n{HOME},1,{MOBILE}\n", "2: contact: expected c-"),
    "model": (
        "devices",
        _more("devices", f"door,d-9,500103,{MOBILE},,,,,"),
        "7: model: expected no",
    ),
    "device": (
        "devices",
        _more("devices", "door,11010519491231002X,500103,,,,,,"),
        "7: device: expected no number of a person",
    ),
    "kind": ("devices", _more("devices", "boat,b-1,500103,,,,,,"), "7: kind: expected one of"),
    "code": ("areas", _more("areas", "5001,,,,,,"), "9: code: expected a code of 6, 9, 12"),
    "day": ("leases", _more("leases", f"{HOME},{PERSON},,2026-02-30"), "4: until: expected a day"),
    "zone": ("leases", _more("leases", f"{HOME},{PERSON},,2026-02-03T00:00:00"), "4: until: expec"),
    "year": ("leases", _more("leases", f"{HOME},{PERSON},,0001-01-01"), "4: until: expected a day"),
    "rooms": ("premises", _more("premises", "d-00000000000000aa,500103,0,"), "4: rooms: expected"),
    "number": ("limits", _more("limits", "500103,oxygen,low,nan,"), "5: value: expected a number"),
    "quotes": ("care", 'premises,person,care\n"' + "x" * 200_000, "2: expected CSV"),
    "no parent": ("areas", _more("areas", "500108,,,500999,,,"), "9: parent: expected one of"),
    "own parent": ("areas", _more("areas", "500108,,,500108,,,"), "9: level: expected one below"),
    "level": ("areas", _more("areas", "500108,,street,500103003,,,"), "9: level: expected one"),
    "validity": ("areas", _more("areas", "500108,,,,2026-01-02,2025-01-01,"), "9: valid_to: expec"),
    "predecessor": ("areas", _more("areas", "500108,,,,,,500108"), "9: predecessors: expected"),
    "area": ("premises", _more("premises", "d-00000000000000aa,500104,,"), "4: area: expected one"),
    "dwelling": (
        "devices",
        _more("devices", "door,d-9,500103,,,d-00000000000000aa,,,"),
        "7: premises: expected one of the registered premises",
    ),
    "elsewhere": (
        "devices",
        _more("devices", f"door,d-9,500103,,,{HOME},,,"),
        "7: area: expected 500103003001, that of its premises",
    ),
    "future": ("devices", _more("devices", "door,d-9,500103,,,,,2099-01-01,"), "7: removed: expec"),
    "bulk home": (
        "devices",
        _more("devices", f"water_meter,wm-9,500103003,,,{HOME},,,500103"),
        "7: premises: expected none",
    ),
    "bulk": ("devices", _more("devices", "door,d-9,500103,,,,,,500104"), "7: bulk_of: expected"),
    "order": (
        "devices",
        _more("devices", "door,d-9,500103,,,,2026-01-02,2026-01-01,"),
        "7: removed: expected no earlier than installed",
    ),
    "door": (
        "authorisations",
        _more("authorisations", f"{HOME},{PERSON},door-2,,"),
        "4: door: expected one of the registered doors",
    ),
    "no door": (
        "authorisations",
        _more("authorisations", f"{HOME},{PERSON},wm-1,,"),
        "4: door: expected one of the registered doors",
    ),
    "of nothing": ("quiet", _more("quiet", "away,,,,,2026-03-08"), "4: premises: expected either"),
    "device away": ("quiet", _more("quiet", "away,,door,door-1,,2026-03-08"), "4: premises: expec"),
    "half device": ("quiet", _more("quiet", "maintenance,,door,,,2026-03-08"), "4: device: expec"),
    "place": ("contacts", _more("contacts", "500107,1,c-0123456789abcdef"), "4: place: expected"),
    "rule": ("limits", _more("limits", "500103,no_rule,x,1,"), "5: rule: expected one of"),
    "parameter": ("limits", _more("limits", "500103,oxygen,x,1,"), "5: parameter: expected one of"),
    "looser than the default": (
        "limits",
        _more("limits", "500103003,high_day,day_m3,3,"),
        "5: value: 500103003: high_day.day_m3: expected 0.5 to 2 m3, found 3",
    ),
    "loosened": (
        "limits",
        _more("limits", "500103003001,gas_level_ch4,level_1,18,"),
        "5: value: 500103003001: gas_level_ch4.level_1: expected 12 to 15 %LEL, found 18",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_one_fault_refuses_everything_and_is_told_with_its_place(
    database: sqlite3.Connection, tmp_path: Path, case: str
) -> None:
    table, text, complaint = REFUSED[case]
    folder = write_sample(tmp_path / "registry", **{table: text})

    with pytest.raises(RegistryError) as refusal:
        import_content(database, read_folder(folder), NOW)

    told = str(refusal.value).splitlines()[0]
    assert told.startswith(f"{folder / table}.csv: line {complaint}")
    assert MOBILE not in str(refusal.value)
    assert database.execute("SELECT count(*) FROM device").fetchone() == (0,)


def test_faults_of_all_files_are_told_together_up_to_twenty(tmp_path: Path) -> None:
    rows = "".join(f"{HOME},nobody {number},none\n" for number in range(10))
    care, leases = f"premises,person,care\n{rows}", f"premises,person,until\n{HOME},x,soon\n"

    with pytest.raises(RegistryError) as refusal:
        read_folder(write_sample(tmp_path / "registry", care=care, leases=leases))

    told = str(refusal.value).splitlines()
    assert len(told) == 21
    assert told[20] == "and 2 more"


def test_a_file_that_is_no_table_is_refused_and_so_is_an_empty_folder(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "registry")
    (folder / "phones.csv").touch()
    with pytest.raises(RegistryError, match=r"phones.csv: expected one of areas.csv"):
        read_folder(folder)

    (tmp_path / "empty").mkdir()
    with pytest.raises(RegistryError, match="expected at least one of"):
        read_folder(tmp_path / "empty")


def test_columns_may_stand_in_any_order_and_those_not_required_may_be_absent(
    tmp_path: Path,
) -> None:
    (tmp_path / "devices.csv").write_text("﻿area,device,kind\r\n\r\n500103,d-1,door\r\n")

    content = read_folder(tmp_path)

    (row,) = content.tables["devices"].by_key.values()
    assert row == ("door", "d-1", "500103", None, None, None, None, None, None)
