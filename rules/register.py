"""The register: what is known of devices and premises; an immutable view given to the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from devices.instant import Instant
from devices.reading import Reading
from rules.subject import Subject


class DeviceFacts(NamedTuple):
    """A device: its model, its size such as DN15, its area from the city down, its premises."""

    model: str | None = None
    size: str | None = None
    areas: tuple[str, ...] = ()
    premises: str | None = None
    maintenance_until: Instant | None = None


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
    away_until: Instant | None = None
    maintenance_until: Instant | None = None
    leases: tuple[Lease, ...] = ()


class Traits(NamedTuple):
    """The facts that decide which numbers a rule uses; equal for many subjects."""

    model: str | None = None
    size: str | None = None
    care: str | None = None
    rooms: int | None = None


class Quiet(NamedTuple):
    """Why nobody is to be told of a subject's alerts, and until when."""

    reason: str
    until: Instant


class Register(Protocol):
    """What the engine asks. An unknown device or dwelling has no facts, and defaults hold."""

    def premises_of(self, kind: str, device: str) -> str | None:
        """Return the premises a device belongs to, or None."""

    def homes_of(self, reading: Reading) -> tuple[str, ...]:
        """Return whose a reading is.

        The dwelling it names, if that is known; else the device's own premises. What a device says
        of itself, which is no event, is also for the dwellings in care that share it.
        """

    def places_of(self, subject: Subject) -> tuple[str, ...]:
        """Return where it stands from the city down, its premises last."""

    def traits_of(self, subject: Subject) -> Traits:
        """Return what decides its numbers."""

    def quiet(self, subject: Subject) -> tuple[Quiet, ...]:
        """Return the reasons to keep quiet about it, past ones included."""

    def leases(self, subject: Subject) -> tuple[Lease, ...]:
        """Return the leases of premises, one a person, ended ones included."""


_NO_DEVICE = DeviceFacts()
_NO_PREMISES = PremisesFacts()


@dataclass(frozen=True, slots=True)
class TableRegister:
    """A register in tables; devices by `<kind>/<device>`.

    `shared` holds the dwellings in care behind a device that serves several, such as the door of a
    building.
    """

    devices: Mapping[str, DeviceFacts] = field(default_factory=dict)
    premises: Mapping[str, PremisesFacts] = field(default_factory=dict)
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def premises_of(self, kind: str, device: str) -> str | None:
        """Return the premises a device belongs to, or None."""
        return self.devices.get(f"{kind}/{device}", _NO_DEVICE).premises

    def homes_of(self, reading: Reading) -> tuple[str, ...]:
        """Return whose a reading is."""
        device, kind, *_, values = reading
        dwelling = values.get("dwelling")
        if dwelling in self.premises:
            return (str(dwelling),)
        own = self.premises_of(kind, device)
        homes = () if own is None else (own,)
        if "event" in values:
            return homes
        behind = self.shared.get(f"{kind}/{device}", ())
        return (*homes, *(home for home in behind if home != own))

    def places_of(self, subject: Subject) -> tuple[str, ...]:
        """Return where it stands from the city down, its premises last."""
        if subject.scope == "area":
            return (subject.id,)
        if subject.scope == "premises":
            return (*self.premises.get(subject.id, _NO_PREMISES).areas, subject.id)
        device = self.devices.get(subject.id, _NO_DEVICE)
        return device.areas if device.premises is None else (*device.areas, device.premises)

    def traits_of(self, subject: Subject) -> Traits:
        """Return what decides its numbers."""
        if subject.scope == "premises":
            premises = self.premises.get(subject.id, _NO_PREMISES)
            return Traits(care=premises.care, rooms=premises.rooms)
        device = self.devices.get(subject.id, _NO_DEVICE)
        return Traits(model=device.model, size=device.size)

    def quiet(self, subject: Subject) -> tuple[Quiet, ...]:
        """Return the reasons to keep quiet about it, past ones included."""
        if subject.scope == "premises":
            premises = self.premises.get(subject.id, _NO_PREMISES)
            away, maintenance = premises.away_until, premises.maintenance_until
        else:
            device = self.devices.get(subject.id, _NO_DEVICE)
            home = self.premises.get(device.premises or "", _NO_PREMISES)
            away, maintenance = home.away_until, device.maintenance_until
        reasons = (("away", away), ("maintenance", maintenance))
        return tuple(Quiet(reason, until) for reason, until in reasons if until is not None)

    def leases(self, subject: Subject) -> tuple[Lease, ...]:
        """Return the leases of premises, one a person, ended ones included."""
        return self.premises.get(subject.id, _NO_PREMISES).leases
