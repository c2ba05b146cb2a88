"""The registry of the simulated community."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.models.chance import whole
from devices.models.community import COMMUNITY_CODE, DOOR, METER, Community, DeviceName
from devices.models.fleet import Fleet
from devices.models.household import household_of
from ingest.registry.content import Content
from ingest.registry.tables import (
    AREAS,
    AUTHORISATIONS,
    CARE,
    CONTACTS,
    DEVICES,
    LEASES,
    PREMISES,
    TABLES,
    Area,
    Authorisation,
    Care,
    Contact,
    Device,
    Lease,
    Premises,
)

_ABOVE = (
    ("500000", "重庆市", "city"),
    (COMMUNITY_CODE[:6], "沙坪坝区", "district"),
    (COMMUNITY_CODE[:9], "模拟街道", "street"),
    (COMMUNITY_CODE, "模拟社区", "community"),
)
_ONE_RENTED_OF = 5
_LEASE = timedelta(days=365)
_NEXT_END = timedelta(days=9)
"""After the present the first of the leases ends, then one a day."""
_DAY_MS = milliseconds_of(timedelta(days=1))
_AHEAD_MS = milliseconds_of(timedelta(hours=8))
"""What the clocks of China show ahead of UTC: a lease ends with a day."""


class _Tenancy(NamedTuple):
    since: Instant | None
    until: Instant | None


def community_content(fleet: Fleet, now: Instant) -> Content:
    """Return what a registry holds of a fleet: all its devices, and who lives behind its doors.

    One dwelling of five is rented; a lease that the fleet's scenario lets expire ends just then.
    """
    content = Content()
    for table in TABLES:
        content.put(table)
    community = fleet.community
    content.put(DEVICES, *_devices(community))
    content.put(AREAS, *_areas(content))
    ends = _ends(fleet)
    for dwelling in range(community.plan.homes):
        _settle(content, community, dwelling, _tenancy(dwelling, ends, now))
    seed = community.plan.seed
    for rank in (1, 2):
        contact = Contact(COMMUNITY_CODE, rank, f"c-{whole((seed, 'contact', rank)):016x}")
        content.put(CONTACTS, contact)
    return content


def _devices(community: Community) -> Iterator[Device]:
    for name in community.names():
        dwelling = name.number - 1 if name.kind == METER else None
        yield Device(
            kind=name.kind,
            device=name.device,
            area=community.area_of(name),
            model=None,
            size=None if dwelling is None else "DN15",
            premises=None if dwelling is None else community.dwelling_id(dwelling),
            installed=None,
            removed=None,
            bulk_of=None,
        )


def _areas(content: Content) -> Iterator[Area]:
    for code, name, level in _ABOVE:
        yield Area(code, name, level, None, None, None, None)
    for code in sorted({device.area for device in content.rows(DEVICES).values()}):
        grid = f"第{int(code[len(COMMUNITY_CODE) :])}网格"
        yield Area(code, grid, "grid", None, None, None, None)


def _ends(fleet: Fleet) -> dict[object, Instant]:
    """Return when leases expire in the scenario, by the meter of the dwelling."""
    return {
        record.parameters["meter"]: record.start_at
        for record in fleet.truth().injected
        if record.what == "lease_expired" and "meter" in record.parameters
    }


def _tenancy(dwelling: int, ends: dict[object, Instant], now: Instant) -> _Tenancy | None:
    """Return since when and until when a dwelling is rented, None where its owner lives there."""
    until = ends.get(DeviceName(METER, dwelling + 1).device)
    if until is None and dwelling % _ONE_RENTED_OF:
        return None
    if until is None:
        days = timedelta(days=dwelling // _ONE_RENTED_OF)
        until = now + milliseconds_of(_NEXT_END + days)
        until -= (until + _AHEAD_MS) % _DAY_MS
    return _Tenancy(until - milliseconds_of(_LEASE), until)


def _settle(
    content: Content, community: Community, dwelling: int, tenancy: _Tenancy | None
) -> None:
    """Put the dwelling and its people."""
    home = community.dwelling_id(dwelling)
    household = household_of(community.plan.seed, dwelling)
    area = community.area_of(DeviceName(METER, dwelling + 1))
    rooms = min(4, household.occupants)
    content.put(PREMISES, Premises(home, area, rooms, 30.0 + 20.0 * rooms))
    door = community.door_of(dwelling)
    for number in range(household.occupants):
        person = community.person_id(dwelling, number)
        since, until = tenancy or (None, None)
        if household.care:
            content.put(CARE, Care(home, person, "elderly_alone"))
        if until is not None:
            content.put(LEASES, Lease(home, person, since, until))
        if door is not None:
            name = DeviceName(DOOR, door).device
            content.put(AUTHORISATIONS, Authorisation(home, person, name, since, until))
