"""A day at a door: the passages of all dwellings behind it, changed by incidents, as events."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from devices.instant import Instant
from devices.models.calendar import DAY, SECOND, Window
from devices.models.community import DOOR, Community, DeviceName
from devices.models.incident import (
    ClockDrift,
    CrowdedDwelling,
    FireAlarm,
    ForcedDoor,
    Holiday,
    Incident,
    LeaseExpired,
    Outage,
    PersonInactive,
    PowerCut,
    Tamper,
    WrongAttempts,
)
from devices.models.injection import Injection
from devices.models.power import BATTERY_LOW_AFTER, without_power
from devices.models.residents import DAY_S, MEANS, NOBODY, Passage, passages

HELD_OPEN_S = 60
"""From then on a door is held open: 60 s; general knowledge, not from a standard."""


class Act(NamedTuple):
    """What a door event says besides when and who."""

    event: str
    cause: str | None = None
    """`opened_by` or `denied_because`."""
    credential: str | None = None
    direction: str | None = None


class DoorEvent(NamedTuple):
    """An event of a door's day; `place` counts the dwellings behind the door."""

    second: int
    act: Act
    place: int = NOBODY
    person: int = NOBODY

    @property
    def is_anonymous(self) -> bool:
        """Whether the door doesn't know who it was."""
        return self.person == NOBODY or self.act.cause in ("exit_button", "unknown")


_ACTS = (
    *(
        Act(event)
        for event in (
            "closed",
            "held_open",
            "forced",
            "fire_release",
            "tamper",
            "power_lost",
            "battery_low",
            "offline",
            "online",
            "clock_drift",
            "lockout",
        )
    ),
    Act("opened", "exit_button", None, "out"),
    Act("opened", "visitor", None, "in"),
    *(Act("opened", means, None, "in") for means in MEANS),
    *(
        Act("denied", why, means, "in")
        for why in ("unknown", "expired", "blacklisted")
        for means in MEANS
    ),
)
_CODES = {act: code for code, act in enumerate(_ACTS)}

_BEGINNINGS_AND_ENDS: Mapping[type[Incident], tuple[str | None, str | None]] = {
    ForcedDoor: ("forced", "closed"),
    FireAlarm: ("fire_release", "closed"),
    Tamper: ("tamper", None),
    PowerCut: ("power_lost", "online"),
    Outage: ("offline", "online"),
    ClockDrift: (None, "clock_drift"),
}
"""What a door says when an incident begins and ends; a wrong clock is noticed when it is set."""

_WRONG_ATTEMPTS = 5
"""GB 50396-2007: alarm after at most 5."""
_BETWEEN_ATTEMPTS = 7 * SECOND


def packed(events: Iterable[DoorEvent]) -> "array[int]":
    """Return events as 8 bytes each: every door of a large fleet keeps a day of them."""
    return array(
        "Q",
        (
            second << 24 | _CODES[act] << 16 | place << 8 | person
            for second, act, place, person in events
        ),
    )


def unpacked(event: int) -> DoorEvent:
    """Return the event that `packed` packed."""
    return DoorEvent(event >> 24, _ACTS[event >> 16 & 255], event >> 8 & 255, event & 255)


def events_of_day(
    community: Community, door: int, day: int, befalling: tuple[Injection, ...]
) -> list[DoorEvent]:
    """Return the events of a local day in order, no two in the same second."""
    start_at = community.calendar.start_of(day)
    found = [
        DoorEvent((instant - start_at) // SECOND, act)
        for one in befalling
        for instant, act in _of_incident(one)
        if start_at <= instant < start_at + DAY
    ]
    idle = [window for one in befalling if (window := _idle(one, DeviceName(DOOR, door)))]
    for place, dwelling in enumerate(community.dwellings_behind(door)):
        concerning = tuple(one for one in befalling if one.dwelling == dwelling)
        for passage in _passages(community, dwelling, day, concerning):
            if not any(window.covers(start_at + passage.second * SECOND) for window in idle):
                found.extend(_events(passage, place))
    return list(_apart(sorted(found, key=lambda event: event.second)))


def _of_incident(injection: Injection) -> Iterator[tuple[Instant, Act]]:
    """Yield what a door says of an incident as a whole, and when."""
    incident, (start_at, end_at) = injection.incident, injection.window
    beginning, end = _BEGINNINGS_AND_ENDS.get(type(incident), (None, None))
    if beginning is not None:
        yield start_at, Act(beginning)
    if end is not None and end_at is not None:
        yield end_at, Act(end)
    if isinstance(incident, WrongAttempts):
        for attempt in range(_WRONG_ATTEMPTS):
            yield start_at + attempt * _BETWEEN_ATTEMPTS, Act("denied", "unknown", "pin", "in")
        yield start_at + _WRONG_ATTEMPTS * _BETWEEN_ATTEMPTS, Act("lockout")
    if isinstance(incident, PowerCut) and injection.window.covers(start_at + BATTERY_LOW_AFTER):
        yield start_at + BATTERY_LOW_AFTER, Act("battery_low")


def _idle(injection: Injection, door: DeviceName) -> Window | None:
    """Return when nobody is let in by this door, because it stands open or has no power."""
    if isinstance(injection.incident, FireAlarm):
        return injection.window
    return without_power(door, injection)


def _passages(
    community: Community, dwelling: int, day: int, concerning: tuple[Injection, ...]
) -> Iterator[Passage]:
    start_at = community.calendar.start_of(day)
    crowd = [
        one.incident.persons
        for one in concerning
        if isinstance(one.incident, CrowdedDwelling) and one.window.covers(start_at)
    ]
    for passage in passages(community.plan.seed, dwelling, day, max(crowd, default=None)):
        changed: Passage | None = passage
        for one in concerning:
            if changed is not None and one.window.covers(start_at + passage.second * SECOND):
                changed = _changed(changed, one)
        if changed is not None:
            yield changed


def _changed(passage: Passage, injection: Injection) -> Passage | None:
    incident = injection.incident
    if isinstance(incident, Holiday):
        return None
    if isinstance(incident, PersonInactive) and passage.person in (incident.person - 1, NOBODY):
        return None
    if isinstance(incident, LeaseExpired) and passage.means in MEANS:
        return passage._replace(denied_because="expired")
    return passage


def _events(passage: Passage, place: int) -> Iterator[DoorEvent]:
    second, person, means, direction, open_s, denied_because = passage
    if denied_because is not None:
        yield DoorEvent(second, Act("denied", denied_because, means, direction), place, person)
        return
    yield DoorEvent(second, Act("opened", means, None, direction), place, person)
    if open_s >= HELD_OPEN_S:
        yield DoorEvent(second + HELD_OPEN_S, Act("held_open"))
    yield DoorEvent(second + open_s, Act("closed"))


def _apart(events: Iterable[DoorEvent]) -> Iterator[DoorEvent]:
    """Move events of the same second apart; what would fall into the next day is left out."""
    free = 0
    for event in events:
        second = max(event.second, free)
        free = second + 1
        if second < DAY_S:
            yield event._replace(second=second)
