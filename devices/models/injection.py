"""Injections: the incidents of a scenario, and those of habit, put to devices and instants."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.models.calendar import Window
from devices.models.chance import octets, whole
from devices.models.community import DOOR, METER, MONITOR, Community, DeviceName
from devices.models.household import household_of
from devices.models.incident import (
    INCIDENTS,
    ClockDrift,
    DwellingIncident,
    Incident,
    LocalTime,
    Outage,
    PersonInactive,
    Replacement,
    Rollover,
)
from devices.models.plan import FleetPlan
from devices.models.scenario import Scenario, ScenarioError


class Injection(NamedTuple):
    """An incident at the device it befalls."""

    number: int
    """The event's number in the scenario, from 1; 0 for what happens by habit."""
    name: DeviceName | None
    """The device, None for an outage of more than one."""
    incident: Incident
    window: Window
    dwelling: int | None = None
    """The dwelling it concerns, if it concerns one."""


class Injections(NamedTuple):
    """All that befalls a fleet."""

    all: tuple[Injection, ...]
    by_device: Mapping[DeviceName, tuple[Injection, ...]]
    wide_outages: tuple[Injection, ...]

    def of(self, name: DeviceName) -> tuple[Injection, ...]:
        """Return what befalls a device, besides wide outages."""
        return self.by_device.get(name, ())


def injections(scenario: Scenario, community: Community, start: Instant) -> Injections:
    """Return the scenario put to the community; ScenarioError for a device it hasn't got."""
    found = [
        _injection(number, incident, community, start)
        for number, incident in enumerate(scenario.incidents, 1)
    ]
    found.extend(_of_habit(community, start))
    by_device: dict[DeviceName, tuple[Injection, ...]] = defaultdict(tuple)
    for injection in found:
        for name in _befallen(injection, community):
            by_device[name] += (injection,)
    wide = tuple(injection for injection in found if injection.name is None)
    return Injections(tuple(found), dict(by_device), wide)


def _injection(number: int, incident: Incident, community: Community, start: Instant) -> Injection:
    window = _window(incident, community, start)
    if isinstance(incident, Outage) and incident.device is None:
        return Injection(number, None, incident, window)
    try:
        name = _name(incident, community)
        dwelling = _dwelling(incident, name, community)
    except ScenarioError as error:
        raise ScenarioError(f"event {number}: {error}") from None
    return Injection(number, name, incident, window, dwelling)


def _name(incident: Incident, community: Community) -> DeviceName:
    name = community.name_of(incident.device)
    if name is None or name.kind not in incident.kinds:
        near = community.nearest(incident.device, incident.kinds)
        hint = f"nearest is {near.device}" if near else f"no {' or '.join(incident.kinds)} planned"
        raise ScenarioError(f"device: not one it can befall, {hint}")
    return name


def _window(incident: Incident, community: Community, start: Instant) -> Window:
    begin = start
    if isinstance(incident.at, LocalTime):
        today = community.calendar.day_of(start)
        begin = community.calendar.start_of(today + incident.at.days)
        begin += milliseconds_of(incident.at.since_midnight)
    else:
        begin += milliseconds_of(incident.at)
    lasts = incident.duration
    return Window(begin, None if lasts is None else begin + milliseconds_of(lasts))


def _dwelling(incident: Incident, name: DeviceName, community: Community) -> int | None:
    """Return the dwelling that an incident concerns; ScenarioError if it or the person is not."""
    if not isinstance(incident, DwellingIncident):
        return None
    behind = community.dwellings_behind(name.number)
    if name.kind == METER:
        dwelling = name.number - 1
    elif incident.dwelling <= len(behind):
        dwelling = behind[incident.dwelling - 1]
    else:
        raise ScenarioError(f"dwelling: expected at most {len(behind)}, which are behind the door")
    occupants = household_of(community.plan.seed, dwelling).occupants
    if isinstance(incident, PersonInactive) and incident.person > occupants:
        raise ScenarioError(f"person: expected at most {occupants}, who live in the dwelling")
    return dwelling


def _befallen(injection: Injection, community: Community) -> set[DeviceName]:
    """An incident of a dwelling shows at its meter and at its door; doors notice wide outages."""
    if injection.name is None:
        return {name for name in community.names_of(DOOR) if is_cut_off(name, injection, community)}
    names = {injection.name}
    if injection.dwelling is not None:
        if injection.dwelling < community.plan.homes:
            names.add(DeviceName(METER, injection.dwelling + 1))
        door = community.door_of(injection.dwelling)
        if door is not None:
            names.add(DeviceName(DOOR, door))
    return names


def is_cut_off(name: DeviceName, injection: Injection, community: Community) -> bool:
    """Return whether the incident is an outage that concerns a device."""
    incident = injection.incident
    if not isinstance(incident, Outage) or injection.name not in (None, name):
        return False
    return incident.area is None or community.area_of(name).startswith(incident.area)


def _of_habit(community: Community, start: Instant) -> Iterator[Injection]:
    """Yield what befalls devices by the shares of the plan, each in the first 30 days."""
    if not community.plan.network.befalls_devices:
        return
    for name in community.names():
        for incident in _habits_of(name, community.plan):
            yield Injection(0, name, incident, _window(incident, community, start))


_MISHAPS = {
    METER: ("supply_cut", "reverse_flow", "tamper"),
    DOOR: ("power_cut", "outage", "wrong_attempts", "tamper"),
    MONITOR: ("power_cut", "outage", "sensor_fault"),
}


def _habits_of(name: DeviceName, plan: FleetPlan) -> Iterator[Incident]:
    """Yield wrong clocks, meters that roll over or are replaced, and mishaps."""
    habits = plan.network
    draw = octets(12, (plan.seed, "habit", *name))
    drift, rollover, replacement, mishap = (
        int.from_bytes(draw[place : place + 2]) / 65_536 for place in (0, 2, 4, 8)
    )
    at = timedelta(days=1 + draw[6] % 29, hours=draw[7] % 12)
    if drift < habits.clock_drift:
        seconds = whole((plan.seed, "drift", *name)) % 481 - 240
        yield ClockDrift.model_construct(at=timedelta(0), device=name.device, seconds=seconds)
    if name.kind == METER and rollover < habits.rollover:
        yield Rollover.model_construct(at=at, device=name.device)
    elif name.kind == METER and replacement < habits.replacement:
        yield Replacement.model_construct(at=at, device=name.device)
    elif mishap < habits.mishap:
        what = _MISHAPS[name.kind][draw[10] % len(_MISHAPS[name.kind])]
        at += timedelta(hours=draw[10] // 20, minutes=draw[11] % 60)
        yield INCIDENTS[what].model_construct(what=what, at=at, device=name.device)


def clock_error(befalling: tuple[Injection, ...], at: Instant) -> int:
    """Return by how many milliseconds a device's clock is ahead.

    Each event adds its number in milliseconds, so that two readings of a device never share an
    instant when its clock is set back; devices measure at whole or half seconds.
    """
    return sum(
        1_000 * injection.incident.seconds + injection.number
        for injection in befalling
        if isinstance(injection.incident, ClockDrift) and injection.window.covers(at)
    )
