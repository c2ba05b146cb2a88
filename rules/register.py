"""The register: what is known of devices and premises; an immutable view given to the engine."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from devices.instant import Instant, instant_of
from devices.reading import Reading
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


class Lease(NamedTuple):
    """Until when a person may use a dwelling, and the doors, by name, that open for it."""

    person: str
    ends_at: Instant
    doors: tuple[str, ...] = ()


class PremisesFacts(NamedTuple):
    """A dwelling. `care` is the care class of who lives there, None for no one in care."""

    areas: tuple[str, ...] = ()
    rooms: int | None = None
    persons: frozenset[str] = frozenset()
    care: str | None = None
    away: Span | None = None
    maintenance: Span | None = None
    leases: tuple[Lease, ...] = ()


class Traits(NamedTuple):
    """The facts that decide which numbers a rule uses; equal for many subjects.

    Of an area: how many devices of each kind it has, and the bulk meters of its inflow.
    """

    model: str | None = None
    size: str | None = None
    care: str | None = None
    rooms: int | None = None
    devices: tuple[tuple[str, int], ...] = ()
    bulk: tuple[str, ...] = ()


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
        of itself, which is no event, is also for the dwellings in care that share it.
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

    def __post_init__(self) -> None:
        """Look through all devices once: areas are asked for in the middle of work."""
        object.__setattr__(self, "_areas", _areas_of(self.devices, self.bulk))

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
        if behind is None or "event" in values:
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
            return Traits(care=premises.care, rooms=premises.rooms)
        if subject.scope == "area":
            area = self._areas.get(subject.id, _NO_AREA)
            return Traits(devices=area.devices, bulk=area.bulk)
        device = self.devices.get(subject.id, _NO_DEVICE)
        return Traits(model=device.model, size=device.size)

    def quiet(self, subject: Subject) -> tuple[Quiet, ...]:
        """Return the reasons to keep quiet about it, past and coming ones included."""
        if subject.scope == "premises":
            premises = self.premises.get(subject.id, _NO_PREMISES)
            away, maintenance = premises.away, premises.maintenance
        else:
            device = self.devices.get(subject.id, _NO_DEVICE)
            home = self.premises.get(device.premises or "", _NO_PREMISES)
            if device.is_removed:
                return (Quiet("removed", FOR_GOOD),)
            away, maintenance = home.away, device.maintenance
        reasons = (("away", away), ("maintenance", maintenance))
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
        (facts.areas, device.partition("/")[0])
        for device, facts in devices.items()
        if not facts.is_removed
    )
    chains: dict[str, tuple[str, ...]] = {code: (code,) for code in bulk.values()}
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (areas, kind), number in standing.items():
        for place, code in enumerate(areas, start=1):
            chains[code] = areas[:place]
            counts[code][kind] += number
    meters: defaultdict[str, list[str]] = defaultdict(list)
    for meter, code in sorted(bulk.items()):
        meters[code].append(meter)
    return {
        code: _Area(chain, tuple(sorted(counts[code].items())), tuple(meters[code]))
        for code, chain in chains.items()
    }
