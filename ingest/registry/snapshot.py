"""The snapshot of the registry that the engine judges by."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from devices.instant import Instant, instant_of
from ingest.registry.cells import CARE_CLASSES
from ingest.registry.places import Places
from rules.register import DeviceFacts, Lease, PremisesFacts, TableRegister

_FOR_GOOD = instant_of(datetime(9999, 1, 1, tzinfo=UTC))
_DEVICES = (
    "SELECT kind || '/' || device, area, model, size, premises, removed FROM registered_devices"
)
_QUIET_DEVICES = (
    "SELECT kind || '/' || device, max(until) FROM registered_quiet"
    " WHERE device IS NOT NULL AND reason = 'maintenance' GROUP BY 1"
)
_QUIET_PREMISES = (
    "SELECT premises, max(until) FROM registered_quiet"
    " WHERE premises IS NOT NULL AND reason = ? GROUP BY 1"
)
_PERSONS = (
    "SELECT premises, person FROM registered_care"
    " UNION SELECT premises, person FROM registered_leases WHERE until > ?1"
    " UNION SELECT premises, person FROM registered_authorisations WHERE ifnull(until > ?1, 1)"
)
_SHARED = (
    "SELECT DISTINCT 'door/' || door, premises FROM registered_authorisations"
    " JOIN registered_care USING (premises) ORDER BY 1, 2"
)
_LEASES = "SELECT premises, person, max(until) FROM registered_leases GROUP BY 1, 2 ORDER BY 1, 2"
_DOORS = (
    "SELECT DISTINCT premises, person, door FROM registered_authorisations"
    " WHERE (premises, person) IN (SELECT premises, person FROM registered_leases) ORDER BY 1, 2, 3"
)
_CLASSES = {
    "elderly_alone": "elderly_alone",
    "child_in_difficulty": "child",
    "seriously_ill": "ill",
    "disabled": "disabled",
}
"""What the rules call the classes."""
_NO_ONE: frozenset[str] = frozenset()


def register_of(database: sqlite3.Connection, now: Instant | None = None) -> TableRegister:
    """Return all that rules ask of devices and premises, from one reading of the database.

    A person counts for as long as a care mark, a lease or an authorisation holds, ended ones
    included if `now` is None. A device that was removed stands in no premises and is in maintenance
    for good.
    """
    database.execute("BEGIN")
    try:
        rows = database.execute("SELECT code, parent FROM registered_areas")
        places = Places(dict(rows))
        premises = dict(_premises(database, places, now or -_FOR_GOOD))
        devices = dict(_devices(database, places, premises))
        return TableRegister(devices, premises, _shared(database))
    finally:
        database.execute("COMMIT")


def _devices(
    database: sqlite3.Connection, places: Places, premises: dict[str, PremisesFacts]
) -> Iterator[tuple[str, DeviceFacts]]:
    maintenance = dict(database.execute(_QUIET_DEVICES))
    same: dict[object, object] = {}
    ids = {name: name for name in premises}
    shared: dict[DeviceFacts, DeviceFacts] = {}
    for key, area, model, size, home, removed in database.execute(_DEVICES):
        facts = DeviceFacts(
            model=_once(same, model),
            size=_once(same, size),
            areas=places.chain(area),
            premises=ids.get(home) if removed is None else None,
            maintenance_until=maintenance.get(key) if removed is None else _FOR_GOOD,
        )
        yield key, facts if facts.premises else shared.setdefault(facts, facts)


def _shared(database: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Return the dwellings in care behind each door that somebody of them may open."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for door, premises in database.execute(_SHARED):
        found[door].append(premises)
    return {door: tuple(premises) for door, premises in found.items()}


def _once(same: dict[object, object], text: str | None) -> str | None:
    """Return the first text equal to this one: a hundred thousand meters share a model."""
    found = same.setdefault(text, text)
    return found if isinstance(found, str) else None


def _premises(
    database: sqlite3.Connection, places: Places, now: Instant
) -> Iterator[tuple[str, PremisesFacts]]:
    persons = _persons(database, now)
    care = _care(database.execute("SELECT premises, care FROM registered_care"))
    leases = _leases(database)
    away = dict(database.execute(_QUIET_PREMISES, ("away",)))
    maintenance = dict(database.execute(_QUIET_PREMISES, ("maintenance",)))
    shared: dict[PremisesFacts, PremisesFacts] = {}
    rows = database.execute("SELECT premises, area, rooms FROM registered_premises")
    for name, area, rooms in rows:
        facts = PremisesFacts(
            areas=places.chain(area),
            rooms=rooms,
            persons=persons.get(name, _NO_ONE),
            care=care.get(name),
            away_until=away.get(name),
            maintenance_until=maintenance.get(name),
            leases=leases.get(name, ()),
        )
        yield name, facts if facts.persons else shared.setdefault(facts, facts)


def _persons(database: sqlite3.Connection, now: Instant) -> dict[str, frozenset[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for premises, person in database.execute(_PERSONS, (now,)):
        found[premises].append(person)
    return {premises: frozenset(persons) for premises, persons in found.items()}


def _leases(database: sqlite3.Connection) -> dict[str, tuple[Lease, ...]]:
    """Return the leases of each dwelling, the last of a person, with the doors that open for it."""
    doors: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for premises, person, door in database.execute(_DOORS):
        doors[premises, person].append(door)
    found: defaultdict[str, list[Lease]] = defaultdict(list)
    for premises, person, until in database.execute(_LEASES):
        found[premises].append(Lease(person, until, tuple(doors.get((premises, person), ()))))
    return {premises: tuple(leases) for premises, leases in found.items()}


def _care(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the class of each dwelling, the first of the list where it has several."""
    found: dict[str, str] = {}
    for premises, care in rows:
        found[premises] = min(found.get(premises, care), care, key=CARE_CLASSES.index)
    return {premises: _CLASSES[care] for premises, care in found.items()}
