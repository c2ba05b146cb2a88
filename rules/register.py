"""The register: what is known of devices and premises; an immutable view given to the engine."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from devices.instant import Instant, instant_of
from devices.reading import Reading
from rules.door_words import is_of_itself
from rules.meter_size import is_large
from rules.subject import Subject

FOR_GOOD = instant_of(datetime(9999, 1, 1, tzinfo=UTC))
"""The end of what has none."""
COMMUNITY_DIGITS = 12
"""Of its code, the statistics code of a community."""


class Span(NamedTuple):
    """From when until when, in our time."""

    since: Instant
    until: Instant


class DeviceFacts(NamedTuple):
    """A device: its model, its size such as DN15, its area from the city down, its premises."""

    model: str | None = None
    size: str | None = None
    areas: tuple[str, ...] = ()
    premises: str | None = None
    maintenance: Span | None = None
    is_removed: bool = False


class Opening(NamedTuple):
    """Until when a door opens to a person, for whatever dwelling.

    `ends_last` says of one of the person's leases that no other of them opens the door for longer.
    """

    door: str
    until: Instant
    ends_last: bool = True


class Lease(NamedTuple):
    """Until when a person may use a dwelling, and the doors, by name, that open for it.

    `shared` are those of the doors that open to the person for other dwellings too.
    """

    person: str
    ends_at: Instant
    doors: tuple[str, ...] = ()
    shared: tuple[Opening, ...] = ()

    @property
    def openings(self) -> tuple[Opening, ...]:
        """Until when each of the doors opens to the person."""
        shared = {opening.door: opening for opening in self.shared}
        return tuple(shared.get(door) or Opening(door, self.ends_at) for door in self.doors)


class PremisesFacts(NamedTuple):
    """A dwelling. `care` is the care class of who lives there, None for no one in care.

    `away` is the absence of now or the next one, `been_away` the last that is over.
    """

    areas: tuple[str, ...] = ()
    rooms: int | None = None
    persons: frozenset[str] = frozenset()
    care: str | None = None
    away: Span | None = None
    maintenance: Span | None = None
    leases: tuple[Lease, ...] = ()
    been_away: Span | None = None


class Traits(NamedTuple):
    """The facts that decide which numbers a rule uses; equal for many subjects.

    `is_bulk`: a meter of no home, because it measures the inflow of an area, or by its size.
    `persons` is how many are registered in a dwelling, 0 for not known. Of an area and of a
    dwelling in care: how many devices of each kind it has; of an area also how many of these
    measure no inflow, its own or that of a zone in it, and the bulk meters of its own.
    """

    model: str | None = None
    size: str | None = None
    care: str | None = None
    rooms: int | None = None
    is_bulk: bool = False
    devices: tuple[tuple[str, int], ...] = ()
    outlets: tuple[tuple[str, int], ...] = ()
    bulk: tuple[str, ...] = ()
    persons: int = 0

    def count_of(self, kind: str, unknown: int) -> int:
        """Return how many devices of a kind there are; `unknown` where none is registered."""
        return dict(self.devices).get(kind, unknown)


class Quiet(NamedTuple):
    """Why nobody is to be told of a subject's alerts, until when, and from when on."""

    reason: str
    until: Instant
    since: Instant = 0


class Register(Protocol):
    """What the engine asks. An unknown device or dwelling has no facts, and defaults hold."""

    def premises_of(self, kind: str, device: str) -> str | None:
        """Return the premises a device belongs to, or None."""

    def homes_of(self, reading: Reading) -> tuple[str, ...]:
        """Return whose a reading is.

        The dwelling it names, if that is known; else the device's own premises. What a device says
        of itself is also for the dwellings in care that share it.
        """

    def zones_of(self, reading: Reading) -> tuple[str, ...]:
        """Return the areas with a bulk meter that a reading is of, their code from the city down.

        That of a bulk meter is of the area whose inflow it measures, and of no other.
        """

    def area_of(self, subject: Subject) -> str | None:
        """Return the area a device falls silent with, None for none."""

    def places_of(self, subject: Subject) -> tuple[str, ...]:
        """Return where it stands from the city down, its premises last."""

    def traits_of(self, subject: Subject) -> Traits:
        """Return what decides its numbers."""

    def quiet(self, subject: Subject) -> tuple[Quiet, ...]:
        """Return the reasons to keep quiet about it, past and coming ones included."""

    def leases(self, subject: Subject) -> tuple[Lease, ...]:
        """Return the leases of premises, one a person, ended ones included."""

    def awaited_since(self, subject: Subject) -> Instant | None:
        """Return since when a device never heard is to be; None for not at all."""


class _Area(NamedTuple):
    """An area: where it lies, its own code last, and what Traits says of it."""

    chain: tuple[str, ...] = ()
    devices: tuple[tuple[str, int], ...] = ()
    outlets: tuple[tuple[str, int], ...] = ()
    bulk: tuple[str, ...] = ()


_NO_AREA = _Area()
_NO_DEVICE = DeviceFacts()
_NO_PREMISES = PremisesFacts()


@dataclass(frozen=True, slots=True)
class TableRegister:
    """A register in tables; devices by `<kind>/<device>`.

    `shared` holds the dwellings in care behind a device that serves several, such as the door of a
    building; `bulk` the area whose inflow a device measures. Devices fall silent with the smallest
    of their areas whose code has at most `area_digits` digits. `awaited` holds when each device was
    installed that was never heard, 0 for long ago, None for one that need not be heard.
    """

    devices: Mapping[str, DeviceFacts] = field(default_factory=dict)
    premises: Mapping[str, PremisesFacts] = field(default_factory=dict)
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bulk: Mapping[str, str] = field(default_factory=dict)
    awaited: Mapping[str, Instant | None] = field(default_factory=dict)
    area_digits: int = COMMUNITY_DIGITS
    _areas: Mapping[str, "_Area"] = field(init=False, repr=False, compare=False)
    _homes: Mapping[str, tuple[tuple[str, int], ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look through all devices once: areas are asked for in the middle of work."""
        object.__setattr__(self, "_areas", _areas_of(self.devices, self.bulk))
        object.__setattr__(self, "_homes", _homes_of(self))

    def premises_of(self, kind: str, device: str) -> str | None:
        """Return the premises a device belongs to, or None."""
        return self.devices.get(f"{kind}/{device}", _NO_DEVICE).premises

    def homes_of(self, reading: Reading) -> tuple[str, ...]:
        """Return whose a reading is."""
        device, kind, _, _, values = reading
        dwelling = values.get("dwelling")
        if dwelling is not None and dwelling in self.premises:
            return (str(dwelling),)
        name = f"{kind}/{device}"
        facts = self.devices.get(name)
        own = None if facts is None else facts.premises
        homes = () if own is None else (own,)
        behind = self.shared.get(name) if self.shared else None
        if behind is None or not is_of_itself(values):
            return homes
        return (*homes, *(home for home in behind if home != own))

    def zones_of(self, reading: Reading) -> tuple[str, ...]:
        """Return the areas with a bulk meter that a reading is of."""
        if not self.bulk:
            return ()
        device = f"{reading.kind}/{reading.device}"
        measured = self.bulk.get(device)
        if measured is not None:
            return (measured,)
        areas = self.devices.get(device, _NO_DEVICE).areas
        return tuple(code for code in areas if self._areas.get(code, _NO_AREA).bulk)

    def area_of(self, subject: Subject) -> str | None:
        """Return the area a device falls silent with, None for none."""
        device = self.devices.get(subject.id, _NO_DEVICE)
        if device.is_removed:
            return None
        areas = reversed(device.areas)
        return next((code for code in areas if len(code) <= self.area_digits), None)

    def places_of(self, subject: Subject) -> tuple[str, ...]:
        """Return where it stands from the city down, its premises last."""
        if subject.scope == "area":
            return self._areas.get(subject.id, _NO_AREA).chain or (subject.id,)
        if subject.scope == "premises":
            return (*self.premises.get(subject.id, _NO_PREMISES).areas, subject.id)
        device = self.devices.get(subject.id, _NO_DEVICE)
        return device.areas if device.premises is None else (*device.areas, device.premises)

    def traits_of(self, subject: Subject) -> Traits:
        """Return what decides its numbers."""
        if subject.scope == "premises":
            premises = self.premises.get(subject.id, _NO_PREMISES)
            care, rooms, persons = premises.care, premises.rooms, len(premises.persons)
            devices = self._homes.get(subject.id, ())
            return Traits(care=care, rooms=rooms, devices=devices, persons=persons)
        if subject.scope == "area":
            area = self._areas.get(subject.id, _NO_AREA)
            return Traits(devices=area.devices, outlets=area.outlets, bulk=area.bulk)
        device = self.devices.get(subject.id, _NO_DEVICE)
        is_bulk = subject.id in self.bulk or is_large(device.size)
        return Traits(model=device.model, size=device.size, is_bulk=is_bulk)

    def quiet(self, subject: Subject) -> tuple[Quiet, ...]:
        """Return the reasons to keep quiet about it, past and coming ones included.

        Those of its dwelling are a device's own.
        """
        if subject.scope == "premises":
            device, home = _NO_DEVICE, self.premises.get(subject.id, _NO_PREMISES)
        else:
            device = self.devices.get(subject.id, _NO_DEVICE)
            home = self.premises.get(device.premises or "", _NO_PREMISES)
            if device.is_removed:
                return (Quiet("removed", FOR_GOOD),)
        reasons = (
            ("away", home.been_away),
            ("away", home.away),
            ("maintenance", home.maintenance),
            ("maintenance", device.maintenance),
        )
        return tuple(
            Quiet(reason, span.until, span.since) for reason, span in reasons if span is not None
        )

    def leases(self, subject: Subject) -> tuple[Lease, ...]:
        """Return the leases of premises, one a person, ended ones included."""
        return self.premises.get(subject.id, _NO_PREMISES).leases

    def awaited_since(self, subject: Subject) -> Instant | None:
        """Return since when a device never heard is to be; None for not at all."""
        return self.awaited.get(subject.id)


def _areas_of(devices: Mapping[str, DeviceFacts], bulk: Mapping[str, str]) -> dict[str, _Area]:
    standing = Counter(
        (facts.areas, device.partition("/")[0], device in bulk)
        for device, facts in devices.items()
        if not facts.is_removed
    )
    chains: dict[str, tuple[str, ...]] = {code: (code,) for code in bulk.values()}
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    outlets: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (areas, kind, is_bulk), number in standing.items():
        for place, code in enumerate(areas, start=1):
            chains[code] = areas[:place]
            counts[code][kind] += number
            if not is_bulk:
                outlets[code][kind] += number
    meters: defaultdict[str, list[str]] = defaultdict(list)
    for meter, code in sorted(bulk.items()):
        meters[code].append(meter)
    return {
        code: _Area(chain, _sorted(counts[code]), _sorted(outlets[code]), tuple(meters[code]))
        for code, chain in chains.items()
    }


def _homes_of(register: TableRegister) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return how many devices of each kind every dwelling in care has, shared ones included."""
    of: defaultdict[str, set[str]] = defaultdict(set)
    for device, facts in register.devices.items():
        home = facts.premises
        if home is not None and register.premises.get(home, _NO_PREMISES).care:
            of[home].add(device)
    for device, homes in register.shared.items():
        if not register.devices.get(device, _NO_DEVICE).is_removed:
            for home in homes:
                of[home].add(device)
    counts = {
        home: Counter(each.partition("/")[0] for each in devices) for home, devices in of.items()
    }
    return {home: tuple(sorted(count.items())) for home, count in counts.items()}


def _sorted(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items()))
