"""What the tables of the registry must agree on among themselves."""

from collections.abc import Iterator

from devices.instant import Instant
from ingest.registry.cells import LEVELS
from ingest.registry.content import Content
from ingest.registry.limits import limit_complaints
from ingest.registry.refusal import Complaints
from ingest.registry.tables import (
    AREAS,
    DEVICES,
    PREMISES,
    TABLES,
    Area,
    Authorisation,
    Care,
    Contact,
    Device,
    Lease,
    LimitRow,
    Premises,
    QuietTime,
)
from ingest.registry.validity import Areas

_DOOR = "door"
"""The kind that opens to whom an authorisation names."""
_NO_PREMISES = "premises: expected one of the registered premises"


def check(content: Content, now: Instant) -> None:
    """Raise RegistryError if what the registry would hold does not agree with itself."""
    complaints = Complaints()
    references = _References(content, now)
    for table in TABLES:
        for rows, key, row in content.located(table):
            for fault in references.faults(row):
                complaints.add(rows.where(key), fault)
    complaints.raise_any()
    limit_complaints(content, references.places, complaints)
    complaints.raise_any()


class _References:
    """Judges single rows against all others."""

    def __init__(self, content: Content, now: Instant) -> None:
        self._now = now
        self._areas = content.rows(AREAS)
        self._premises = content.rows(PREMISES)
        self._devices = content.rows(DEVICES)
        self.places = Areas(self._areas.values()).places(now)

    def faults(self, row: object) -> Iterator[str]:
        """Yield what is wrong with a row, by column."""
        match row:
            case Device():
                yield from self._device(row)
            case Premises():
                yield from self._area_known(row.area)
            case Care():
                yield from self._premises_known(row.premises)
            case Lease():
                yield from self._premises_known(row.premises)
                yield from _order("since", row.since, "until", row.until)
            case Authorisation():
                yield from self._authorisation(row)
            case Area():
                yield from self._area(row)
            case QuietTime():
                yield from self._quiet_time(row)
            case Contact() | LimitRow():
                yield from self._place_known(row.place)

    def _area_known(self, code: str, column: str = "area") -> Iterator[str]:
        if not self.places.is_known(code):
            yield f"{column}: expected one of the registered areas"

    def _premises_known(self, premises: str) -> Iterator[str]:
        if (premises,) not in self._premises:
            yield _NO_PREMISES

    def _place_known(self, place: str) -> Iterator[str]:
        known = (place,) in self._premises if place[:1] == "d" else self.places.is_known(place)
        if not known:
            yield "place: expected one of the registered areas or premises"

    def _device(self, row: Device) -> Iterator[str]:
        yield from self._area_known(row.area)
        yield from _order("installed", row.installed, "removed", row.removed)
        if row.removed is not None and row.removed > self._now:
            yield "removed: expected no later than now"
        if row.bulk_of is not None:
            yield from self._area_known(row.bulk_of, "bulk_of")
            if row.premises is not None:
                yield "premises: expected none, a bulk meter is that of no dwelling"
        if row.premises is None:
            return
        home = self._premises.get((row.premises,))
        if home is None:
            yield _NO_PREMISES
        elif home.area != row.area:
            yield f"area: expected {home.area}, that of its premises"

    def _authorisation(self, row: Authorisation) -> Iterator[str]:
        yield from self._premises_known(row.premises)
        yield from _order("since", row.since, "until", row.until)
        if (_DOOR, row.door) not in self._devices:
            yield "door: expected one of the registered doors"

    def _area(self, row: Area) -> Iterator[str]:
        yield from _order("valid_from", row.valid_from, "valid_to", row.valid_to)
        if row.parent is not None and (row.parent,) not in self._areas:
            yield "parent: expected one of the registered areas"
        else:
            above = self._areas.get((self.places.parent(row.code),))
            if above and LEVELS.index(above.level) >= LEVELS.index(row.level):
                yield f"level: expected one below that of its parent, a {above.level}"
        for code in (row.predecessors or "").split():
            if (code,) not in self._areas or code == row.code:
                yield "predecessors: expected other registered areas"

    def _quiet_time(self, row: QuietTime) -> Iterator[str]:
        yield from _order("since", row.since, "until", row.until)
        of_device = (row.kind, row.device)
        if (row.premises is None) == (of_device == (None, None)):
            yield "premises: expected either premises, or kind and device"
        elif row.premises is not None:
            yield from self._premises_known(row.premises)
        elif row.reason == "away":
            yield "premises: expected, nobody lives in a device"
        elif of_device not in self._devices:
            yield "device: expected one of the registered devices"


def _order(first: str, start: Instant | None, last: str, end: Instant | None) -> Iterator[str]:
    if start is not None and end is not None and end < start:
        yield f"{last}: expected no earlier than {first}"
