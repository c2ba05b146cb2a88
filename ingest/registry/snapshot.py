"""The snapshot of the registry that the engine judges by."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from devices.instant import Instant
from ingest.registry.cells import CARE_CLASSES
from ingest.registry.places import Places
from ingest.registry.validity import places_at
from rules.register import (
    COMMUNITY_DIGITS,
    FOR_GOOD,
    DeviceFacts,
    Lease,
    PremisesFacts,
    Span,
    TableRegister,
)
from rules.shared_doors import with_shared_doors

_DEVICES = (
    "SELECT kind || '/' || device, area, model, size, premises, removed FROM registered_devices"
)
_BULK = (
    "SELECT kind || '/' || device, bulk_of FROM registered_devices"
    " WHERE bulk_of IS NOT NULL AND removed IS NULL"
)
_AWAITED = (
    "SELECT kind || '/' || name, iif(area IS NULL OR removed, NULL, ifnull(installed, 0))"
    " FROM device LEFT JOIN device_facts ON device_facts.device = device.id"
    " WHERE NOT EXISTS (SELECT 1 FROM reading WHERE reading.device = device.id)"
)
"""Devices without readings; of those heard so long ago that theirs are gone the rules know."""
_QUIET_DEVICES = (
    "SELECT kind || '/' || device, ifnull(since, 0), until FROM registered_quiet"
    " WHERE device IS NOT NULL AND reason = 'maintenance' ORDER BY 1, 2"
)
_QUIET_PREMISES = (
    "SELECT premises, ifnull(since, 0), until FROM registered_quiet"
    " WHERE premises IS NOT NULL AND reason = ? ORDER BY 1, 2"
)
_BEEN_AWAY = (
    "SELECT premises, ifnull(since, 0), max(until) FROM registered_quiet"
    " WHERE premises IS NOT NULL AND reason = 'away' AND until <= ? GROUP BY premises"
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
_UNLEASED = (
    "SELECT person, door, max(ifnull(until, ?)) FROM registered_authorisations"
    " WHERE person IN (SELECT person FROM registered_leases)"
    " AND (premises, person) NOT IN (SELECT premises, person FROM registered_leases) GROUP BY 1, 2"
)
_NO_ONE: frozenset[str] = frozenset()


def register_of(
    database: sqlite3.Connection,
    now: Instant | None = None,
    area_digits: int = COMMUNITY_DIGITS,
) -> TableRegister:
    """Return all that rules ask of devices and premises, from one reading of the database.

    A person counts for as long as a care mark, a lease or an authorisation holds, ended ones
    included if `now` is None; then no area has taken over from another either. A device that was
    removed stands in no premises. `area_digits` is the longest code of an area that devices fall
    silent with.
    """
    database.execute("BEGIN")
    try:
        places = places_at(database, now or -FOR_GOOD)
        premises = dict(_premises(database, places, now or -FOR_GOOD))
        devices = dict(_devices(database, places, premises, now or -FOR_GOOD))
        bulk = {key: places.heir(code) for key, code in database.execute(_BULK)}
        awaited = dict(database.execute(_AWAITED))
        return TableRegister(devices, premises, _shared(database), bulk, awaited, area_digits)
    finally:
        database.execute("COMMIT")


def _devices(
    database: sqlite3.Connection,
    places: Places,
    premises: dict[str, PremisesFacts],
    now: Instant,
) -> Iterator[tuple[str, DeviceFacts]]:
    maintenance = _quiet_times(database.execute(_QUIET_DEVICES), now)
    same: dict[object, object] = {}
    ids = {name: name for name in premises}
    shared: dict[DeviceFacts, DeviceFacts] = {}
    for key, area, model, size, home, removed in database.execute(_DEVICES):
        facts = DeviceFacts(
            model=_once(same, model),
            size=_once(same, size),
            areas=places.chain(area),
            premises=ids.get(home) if removed is None else None,
            maintenance=maintenance.get(key),
            is_removed=removed is not None,
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
    away = _quiet_times(database.execute(_QUIET_PREMISES, ("away",)), now)
    maintenance = _quiet_times(database.execute(_QUIET_PREMISES, ("maintenance",)), now)
    been_away = {name: Span(*span) for name, *span in database.execute(_BEEN_AWAY, (now,))}
    shared: dict[PremisesFacts, PremisesFacts] = {}
    rows = database.execute("SELECT premises, area, rooms FROM registered_premises")
    for name, area, rooms in rows:
        facts = PremisesFacts(
            areas=places.chain(area),
            rooms=rooms,
            persons=persons.get(name, _NO_ONE),
            care=care.get(name),
            away=away.get(name),
            maintenance=maintenance.get(name),
            leases=leases.get(name, ()),
            been_away=been_away.get(name),
        )
        yield name, facts if facts.persons else shared.setdefault(facts, facts)


def _persons(database: sqlite3.Connection, now: Instant) -> dict[str, frozenset[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for premises, person in database.execute(_PERSONS, (now,)):
        found[premises].append(person)
    return {premises: frozenset(persons) for premises, persons in found.items()}


def _quiet_times(rows: Iterable[tuple[str, Instant, Instant]], now: Instant) -> dict[str, Span]:
    """Return the quiet time of each that is now or comes next; those that overlap are one.

    The rows in the order of their beginnings. The register is read again at least daily.
    """
    found: dict[str, Span] = {}
    for name, since, until in rows:
        span = found.get(name)
        if span is None or span.until <= now:
            found[name] = Span(since, until)
        elif since <= span.until:
            found[name] = span._replace(until=max(span.until, until))
    return found


def _leases(database: sqlite3.Connection) -> Mapping[str, tuple[Lease, ...]]:
    """Return the leases of each dwelling, the last of a person, with the doors that open for it."""
    doors: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for premises, person, door in database.execute(_DOORS):
        doors[premises, person].append(door)
    found: defaultdict[str, list[Lease]] = defaultdict(list)
    for premises, person, until in database.execute(_LEASES):
        found[premises].append(Lease(person, until, tuple(doors.get((premises, person), ()))))
    unleased = {
        (person, door): until for person, door, until in database.execute(_UNLEASED, (FOR_GOOD,))
    }
    return with_shared_doors({home: tuple(leases) for home, leases in found.items()}, unleased)


def _care(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the class of each dwelling, the first of the list where it has several."""
    found: dict[str, str] = {}
    for premises, care in rows:
        found[premises] = min(found.get(premises, care), care, key=CARE_CLASSES.index)
    return found
