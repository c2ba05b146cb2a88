"""The tables of the registry: one CSV file each, one SQL table `registered_<name>` each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from ingest.registry import cells
from ingest.registry.cells import Cell, Value

Key: TypeAlias = tuple[Value, ...]
R = TypeVar("R", bound=tuple[Any, ...])


class Area(NamedTuple):
    """An area. `predecessors` are the codes, separated by blanks, of those it came from."""

    code: str
    name: str | None
    level: str
    parent: str | None
    valid_from: int | None
    valid_to: int | None
    predecessors: str | None


class Premises(NamedTuple):
    """A dwelling."""

    premises: str
    area: str
    rooms: int | None
    floor_area_m2: float | None


class Device(NamedTuple):
    """A device, and where it is; `bulk_of` is the area whose whole inflow it measures."""

    kind: str
    device: str
    area: str
    model: str | None
    size: str | None
    premises: str | None
    installed: int | None
    removed: int | None
    bulk_of: str | None


class Placement(NamedTuple):
    """Where a device was until it was placed elsewhere."""

    kind: str
    device: str
    until: int
    area: str
    premises: str | None


class Care(NamedTuple):
    """A person under care."""

    premises: str
    person: str
    care: str


class Lease(NamedTuple):
    """Who rents a dwelling, and until when."""

    premises: str
    person: str
    since: int | None
    until: int


class Authorisation(NamedTuple):
    """Which door opens to whom; without an end for who owns the dwelling."""

    premises: str
    person: str
    door: str
    since: int | None
    until: int | None


class QuietTime(NamedTuple):
    """Why nobody is to be told about a dwelling or a device; without `since` from now on."""

    reason: str
    premises: str | None
    kind: str | None
    device: str | None
    since: int | None
    until: int


class Contact(NamedTuple):
    """Whom to ask, by a reference that only another system can resolve; rank 1 comes first."""

    place: str
    rank: int
    contact: str


class LimitRow(NamedTuple):
    """What a level sets for a number of a rule, and how far lower levels may tighten it."""

    place: str
    rule: str
    parameter: str
    value: float
    strictest: float | None


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A table. The first `key` columns tell its rows apart."""

    name: str
    row: type[R]
    key: int
    required: frozenset[str]
    cells: Mapping[str, Cell]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns in order."""
        return tuple(self.cells)


AREAS = Table("areas", Area, 1, frozenset({"code"}), {
    "code": cells.AREA, "name": cells.AREA_NAME, "level": cells.LEVEL, "parent": cells.AREA,
    "valid_from": cells.START, "valid_to": cells.END, "predecessors": cells.AREA_LIST,
})  # fmt: skip
PREMISES = Table("premises", Premises, 1, frozenset({"premises", "area"}), {
    "premises": cells.DWELLING, "area": cells.AREA, "rooms": cells.whole(1, 99),
    "floor_area_m2": cells.number(1, 10_000),
})  # fmt: skip
DEVICES = Table("devices", Device, 2, frozenset({"kind", "device", "area"}), {
    "kind": cells.KIND, "device": cells.DEVICE, "area": cells.AREA, "model": cells.MODEL,
    "size": cells.SIZE, "premises": cells.DWELLING, "installed": cells.START,
    "removed": cells.START, "bulk_of": cells.AREA,
})  # fmt: skip
PLACEMENTS = Table("placements", Placement, 3, frozenset({"kind", "device", "until", "area"}), {
    "kind": cells.KIND, "device": cells.DEVICE, "until": cells.START, "area": cells.AREA,
    "premises": cells.DWELLING,
})  # fmt: skip
CARE = Table("care", Care, 2, frozenset({"premises", "person", "care"}), {
    "premises": cells.DWELLING, "person": cells.PERSON, "care": cells.CARE,
})  # fmt: skip
LEASES = Table("leases", Lease, 3, frozenset({"premises", "person", "until"}), {
    "premises": cells.DWELLING, "person": cells.PERSON, "since": cells.START, "until": cells.END,
})  # fmt: skip
AUTHORISATIONS = Table(
    "authorisations", Authorisation, 4, frozenset({"premises", "person", "door"}), {
    "premises": cells.DWELLING, "person": cells.PERSON, "door": cells.DEVICE,
    "since": cells.START, "until": cells.END,
})  # fmt: skip
QUIET_TIMES = Table("quiet", QuietTime, 5, frozenset({"reason", "until"}), {
    "reason": cells.REASON, "premises": cells.DWELLING, "kind": cells.KIND,
    "device": cells.DEVICE, "since": cells.START, "until": cells.END,
})  # fmt: skip
CONTACTS = Table("contacts", Contact, 2, frozenset({"place", "rank", "contact"}), {
    "place": cells.PLACE, "rank": cells.whole(1, 9), "contact": cells.CONTACT,
})  # fmt: skip
LIMITS = Table("limits", LimitRow, 3, frozenset({"place", "rule", "parameter", "value"}), {
    "place": cells.PLACE, "rule": cells.WORD, "parameter": cells.WORD, "value": cells.number(),
    "strictest": cells.number(),
})  # fmt: skip

TABLES: tuple[Table[Any], ...] = (
    AREAS, PREMISES, DEVICES, PLACEMENTS, CARE, LEASES, AUTHORISATIONS, QUIET_TIMES, CONTACTS,
    LIMITS,
)  # fmt: skip
