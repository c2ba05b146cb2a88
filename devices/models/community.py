"""The simulated community: names, pseudonyms, which door serves which dwelling, areas."""

from collections.abc import Iterator
from typing import NamedTuple

from devices.models.calendar import Calendar
from devices.models.chance import whole
from devices.models.plan import FleetPlan

METER, DOOR, MONITOR = "water_meter", "door", "gas_monitor"

COMMUNITY_CODE = "500106003001"
"""Division 500106 (Shapingba), a street and a community of it; its grids are made up."""

_DWELLINGS_PER_GRID = 300
_FEWEST_BEHIND_A_DOOR, _MOST_BEHIND_A_DOOR = 4, 24


class DeviceName(NamedTuple):
    """The address of a device; `number` counts the devices of a kind from 1."""

    kind: str
    number: int

    @property
    def device(self) -> str:
        """The id in topic and payload."""
        return _FORMS[self.kind] % self.number


_FORMS = {METER: "wm-%06d", DOOR: "door-%05d", MONITOR: "gm-%04d"}


class Community:
    """The names and places that follow from a plan; dwellings count from 0."""

    def __init__(self, plan: FleetPlan) -> None:
        self.plan = plan
        self.calendar = Calendar(plan.utc_offset)
        wanted = -(-plan.homes // plan.doors) if plan.doors else 0
        self._per_door = min(max(wanted, _FEWEST_BEHIND_A_DOOR), _MOST_BEHIND_A_DOOR)
        self._counts = {METER: plan.homes, DOOR: plan.doors, MONITOR: plan.gas_monitors}

    def names(self) -> Iterator[DeviceName]:
        """Yield every device, kind by kind."""
        for kind in self._counts:
            yield from self.names_of(kind)

    def names_of(self, kind: str) -> Iterator[DeviceName]:
        """Yield the devices of a kind."""
        for number in range(1, self._counts[kind] + 1):
            yield DeviceName(kind, number)

    def name_of(self, device: str) -> DeviceName | None:
        """Return what the id of a device stands for, None if the plan has no such device."""
        name = self.nearest(device, tuple(self._counts))
        return name if name is not None and name.device == device else None

    def nearest(self, device: str, kinds: tuple[str, ...]) -> DeviceName | None:
        """Return the device of these kinds whose id is nearest, None if none is planned."""
        planned = [kind for kind in kinds if self._counts[kind]]
        for kind in planned:
            digits = device.removeprefix(_FORMS[kind].partition("%")[0])
            if digits.isascii() and digits.isdigit():
                return DeviceName(kind, min(max(1, int(digits[:9])), self._counts[kind]))
        return DeviceName(planned[0], 1) if planned else None

    def dwellings_behind(self, door: int) -> range:
        """Return the dwellings that a door serves. Some may have no meter, if doors are many."""
        return range((door - 1) * self._per_door, door * self._per_door)

    def door_of(self, dwelling: int) -> int | None:
        """Return the number of the door that serves a dwelling, None if no door does."""
        door = dwelling // self._per_door + 1
        return door if door <= self.plan.doors else None

    def dwelling_id(self, dwelling: int) -> str:
        """Return the pseudonym of a dwelling."""
        return f"d-{whole((self.plan.seed, 'dwelling', dwelling)):016x}"

    def person_id(self, dwelling: int, person: int) -> str:
        """Return the pseudonym of a person of a dwelling, its occupants first."""
        return f"p-{whole((self.plan.seed, 'person', dwelling, person)):016x}"

    def area_of(self, name: DeviceName) -> str:
        """Return the code of the grid in which a device stands: 12 digits and 3."""
        if name.kind == DOOR:
            near = self.dwellings_behind(name.number)[0]
        elif name.kind == METER:
            near = name.number - 1
        else:
            near = (name.number - 1) * self.plan.homes // self.plan.gas_monitors
        return f"{COMMUNITY_CODE}{min(999, 1 + near // _DWELLINGS_PER_GRID):03d}"

    def area_rows(self) -> Iterator[str]:
        """Yield the CSV lines `kind,device,area`, the head first."""
        yield "kind,device,area"
        for name in self.names():
            yield f"{name.kind},{name.device},{self.area_of(name)}"
