"""The register that the engine judges by."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from devices.instant import instant_of
from devices.reading import Reading
from ingest.clock import MachineClock
from ingest.demo.plays import PLAN, demo_fleet
from ingest.registry import Placed, import_registry
from ingest.registry.cells import CARE_CLASSES
from ingest.registry.demo import community_content
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from ingest.registry.limits import limits_of
from ingest.registry.snapshot import register_of
from rules.bound import Rulebook
from rules.care import CLASSES
from rules.catalogue import catalogue
from rules.register import FOR_GOOD, DeviceFacts, Opening, Quiet, Traits
from rules.subject import Subject
from tests.registry.sample import HOME, OTHER_HOME, OTHER_PERSON, PERSON, SAMPLE, write_sample
from tests.registry.test_files import NOW

STREET = ("500000", "500103", "500103003")
_DAY = 86_400_000
_LEASED = instant_of(datetime.fromisoformat("2027-01-01T00:00:00+08:00"))


def _day(day: int) -> int:
    """The beginning of a day of March 2026."""
    return instant_of(datetime.fromisoformat(f"2026-03-{day:02}T00:00:00+08:00"))


@pytest.fixture
def filled(database: sqlite3.Connection, tmp_path: Path) -> sqlite3.Connection:
    import_content(database, read_folder(write_sample(tmp_path / "registry")), NOW)
    return database


def test_places_go_from_the_city_down_to_the_dwelling(filled: sqlite3.Connection) -> None:
    register = register_of(filled)

    meter, home = Subject("device", "water_meter/wm-1"), Subject("premises", HOME)
    assert register.places_of(meter) == (*STREET, "500103003001", HOME)
    assert register.places_of(home) == (*STREET, "500103003001", HOME)
    assert register.traits_of(meter) == Traits(model="LXS-15E", size="DN15")
    assert register.premises_of("water_meter", "wm-1") == HOME
    assert register.premises[OTHER_HOME].areas == ("500000", "500199")


def test_of_several_care_classes_the_most_urgent_counts(filled: sqlite3.Connection) -> None:
    home = register_of(filled).premises[HOME]

    assert (home.care, home.rooms) == ("elderly_alone", 2)
    assert home.persons == {PERSON, OTHER_PERSON}


def test_a_door_of_a_building_is_shared_by_the_dwellings_in_care_behind_it(
    filled: sqlite3.Connection,
) -> None:
    assert register_of(filled).shared == {"door/door-1": (HOME,)}


def test_a_person_counts_until_lease_and_authorisation_have_ended(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    care = f"premises,person,care\n{HOME},{OTHER_PERSON},disabled\n"
    import_content(database, read_folder(write_sample(tmp_path / "registry", care=care)), NOW)
    end = instant_of(datetime.fromisoformat("2027-01-01T00:00:00+08:00"))

    assert register_of(database, end - 1).premises[HOME].persons == {PERSON, OTHER_PERSON}
    assert register_of(database, end).premises[HOME].persons == {OTHER_PERSON}
    assert register_of(database, end).premises[HOME].leases[0].ends_at == end


@pytest.mark.parametrize(
    ("rows", "shared"),
    [
        (f"{OTHER_HOME},{PERSON},door-2,,", ()),
        (f"{OTHER_HOME},{OTHER_PERSON},door-1,,", ()),
        (f"{OTHER_HOME},{PERSON},door-1,,", (Opening("door-1", FOR_GOOD),)),
        (f"{OTHER_HOME},{PERSON},door-1,,2026-03-01", (Opening("door-1", _LEASED),)),
    ],
)
def test_a_door_that_opens_to_a_tenant_for_another_dwelling_is_shared(
    database: sqlite3.Connection, tmp_path: Path, rows: str, shared: tuple[Opening, ...]
) -> None:
    text = f"premises,person,door,since,until\n{HOME},{PERSON},door-1,,\n{rows}\n"
    devices = f"{SAMPLE['devices']}door,door-2,500103,,,,,,\n"
    folder = write_sample(tmp_path / "registry", authorisations=text, devices=devices)
    import_content(database, read_folder(folder), NOW)

    (lease,) = register_of(database).premises[HOME].leases
    assert (lease.ends_at, lease.shared) == (_LEASED, shared)


def test_away_and_maintenance_have_their_end(filled: sqlite3.Connection) -> None:
    register = register_of(filled)

    away_until = instant_of(datetime.fromisoformat("2026-03-09T00:00:00+08:00"))
    away_since = instant_of(datetime.fromisoformat("2026-02-01T00:00:00+08:00"))
    assert register.premises[HOME].away == (away_since, away_until)
    noon = instant_of(datetime.fromisoformat("2026-03-01T12:00:00+08:00"))
    assert register.devices["gas_monitor/gm-1"].maintenance == (0, noon)


def test_of_several_quiet_times_the_present_one_holds_then_the_next(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    days = ((1, 3), (3, 5), (4, 4), (9, 10))
    rows = "".join(f"away,{HOME},2026-03-{one:02},2026-03-{end:02}\n" for one, end in days)
    quiet = f"reason,premises,since,until\n{rows}"
    import_content(database, read_folder(write_sample(tmp_path / "registry", quiet=quiet)), NOW)

    def away(day: int) -> tuple[int, int] | None:
        span = register_of(database, _day(day)).premises[HOME].away
        return span and ((span.since - _day(1)) // _DAY + 1, (span.until - _day(1)) // _DAY + 1)

    def been_away(day: int) -> int | None:
        span = register_of(database, _day(day)).premises[HOME].been_away
        return span and (span.until - _day(1)) // _DAY + 1

    assert [away(day) for day in (1, 5, 6, 9, 20)] == [(1, 6), (3, 6), (9, 11), (9, 11), (9, 11)]
    assert [been_away(day) for day in (1, 4, 6, 20)] == [None, 4, 6, 11]


def test_a_device_that_was_removed_is_quiet_and_in_no_dwelling(
    filled: sqlite3.Connection,
) -> None:
    facts = register_of(filled).devices["water_meter/wm-2"]

    assert facts.premises is None
    assert facts.is_removed
    assert register_of(filled).quiet(Subject("device", "water_meter/wm-2")) == (
        Quiet("removed", FOR_GOOD),
    )


def test_a_bulk_meter_makes_its_area_a_zone(filled: sqlite3.Connection) -> None:
    register = register_of(filled)

    zone = register.traits_of(Subject("area", "500103003001"))
    assert zone.bulk == ("water_meter/bulk-1",)
    assert zone.devices == (("door", 1), ("water_meter", 1))
    readings = [Reading(name, "water_meter", NOW, NOW, {}) for name in ("wm-1", "wm-2", "bulk-1")]
    assert [register.zones_of(each) for each in readings] == [
        ("500103003001",),
        (),
        ("500103003001",),
    ]


def test_without_areas_the_digits_tell_the_places(database: sqlite3.Connection) -> None:
    import_registry(database, [Placed("door", "d-1", "500103003001007")])

    assert register_of(database).devices == {
        "door/d-1": DeviceFacts(areas=(*STREET, "500103003001", "500103003001007"))
    }


def test_limits_hold_below_the_level_that_sets_them(filled: sqlite3.Connection) -> None:
    (limit,) = (each for each in catalogue()["gas_level_ch4"].limits if each.name == "level_1")
    book, register = limits_of(filled), register_of(filled)

    found = [
        book.in_force("gas_level_ch4", limit, register.places_of(Subject("device", device))).value
        for device in ("water_meter/wm-1", "door/door-1", "gas_monitor/gm-1")
    ]
    assert found == [12.5, 15.0, 20.0]
    chains = (facts.areas for facts in register.devices.values())
    assert Rulebook(tuple(catalogue().values()), book).complaints(chains) == []


@pytest.mark.parametrize("care", CARE_CLASSES)
def test_rules_know_every_class_of_care(
    database: sqlite3.Connection, tmp_path: Path, care: str
) -> None:
    text = f"premises,person,care\n{HOME},{PERSON},{care}\n"
    import_content(database, read_folder(write_sample(tmp_path / "registry", care=text)), NOW)

    assert register_of(database).premises[HOME].care in CLASSES[:-1]


def test_the_demonstrated_community_is_registered_as_a_whole(database: sqlite3.Connection) -> None:
    now = MachineClock().now()
    fleet = demo_fleet(now)

    import_content(database, community_content(fleet, now), now)
    register = register_of(database, now)

    assert register.devices.keys() == {f"{kind}/{name}" for kind, name in fleet.devices()}
    assert len(register.premises) == PLAN.homes
    assert any(home.care for home in register.premises.values())
    assert any(home.leases for home in register.premises.values())
    assert all(facts.areas[0] == "500000" for facts in register.devices.values())
