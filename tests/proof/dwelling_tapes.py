"""What befalls persons in care: nobody stirs for a day or more; later nobody opens the door.

The door and the water meter of a dwelling speak in turns, behind one gateway. Limits: as in the
rules' own pages.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from random import Random
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Values
from ingest.registry.content import Content
from ingest.registry.tables import CARE, DEVICES, PREMISES, Care, Device, Premises
from rules.severity import Severity
from tests.proof.tape import Tape, Told

AREA = "500106003001"
_CARE = "elderly_alone"
_HOURS = 2
_EVERY = timedelta(hours=_HOURS)
_BESIDE = timedelta(minutes=1)
"""The meter speaks so long after the door."""
_DAY = timedelta(days=1)
_AHEAD = timedelta(hours=8)
"""China's time."""
_DRAWN_M3 = 0.02
"""More than a flush, and on each day enough for one that is not low."""
_AWAKE = range(4, 23)
_STILL: Mapping[Severity, range] = {
    Severity.WARNING: range(2 * 24 + 14, 3 * 24 + 18),
    Severity.CRITICAL: range(2 * 24 + 6, 3 * 24 + 20),
}
"""Hours without life: more than 24, and more than one and a half times that. No day is without."""
_SHUT = range(6 * 24 + 10, 9 * 24 + 18)
"""Hours without an opening, more than 3 d, in which water is used all the same."""
_LAST = 11 * 24


class Dwelling(NamedTuple):
    """A dwelling with a person in care, and the tape of its door and its meter."""

    home: str
    person: str
    door: str
    meter: str
    tape: Tape


def dwelling(name: str, at: Instant, random: Random) -> Dwelling:
    """Nobody stirs for a day, or for a day and a half; days later nobody opens the door."""
    home, person = (f"{letter}-{random.getrandbits(64):016x}" for letter in "dp")
    worst = random.choice(sorted(_STILL))
    door = Tape("door", f"{name}-door", _begun(at))
    meter = Tape("water_meter", f"{name}-meter", door.at + milliseconds_of(_BESIDE))
    meter.uploads = door.uploads
    total, seen_at, opened_at = 10.0, door.at, door.at
    for hour in range(_HOURS, _LAST, _HOURS):
        lives = hour % 24 in _AWAKE and hour not in _STILL[worst]
        opens = lives and hour not in _SHUT
        total = round(total + (_DRAWN_M3 if lives else 0.0), 3)
        said_at = _say_door(door, opened=opens)
        drawn_at = _say_meter(meter, total)
        if hour < _STILL[worst].start and lives:
            seen_at = drawn_at
        if hour < _SHUT.start and opens:
            opened_at = said_at
    for rule, start_at, grade in (
        ("household_silent", seen_at, worst),
        ("care_inactive", opened_at, Severity.WARNING),
    ):
        door.told.append(Told(rule, home, start_at, int(grade), "resolved", "premises"))
    return Dwelling(home, person, f"{name}-door", f"{name}-meter", door)


def registered(dwellings: Iterable[Dwelling]) -> Content:
    """Return what the registry is to hold of them."""
    content = Content()
    for each in dwellings:
        content.put(PREMISES, Premises(each.home, AREA, None, None))
        content.put(CARE, Care(each.home, each.person, _CARE))
        for kind, device in (("door", each.door), ("water_meter", each.meter)):
            placed = Device(kind, device, AREA, None, None, each.home, None, None, None)
            content.put(DEVICES, placed)
    return content


def _begun(at: Instant) -> Instant:
    """Return when the day of an instant began."""
    return at - (at + milliseconds_of(_AHEAD)) % milliseconds_of(_DAY)


def _say_door(door: Tape, *, opened: bool) -> Instant:
    number = len(door.uploads)
    if opened:
        return _say(door, "event", {"event": "opened", "opened_by": "pin", "number": number})
    return _say(door, "heartbeat", {"door_open": False, "mains_power": True, "uptime_s": number})


def _say_meter(meter: Tape, total: float) -> Instant:
    return _say(meter, "telemetry", {"cumulative_m3": total, "battery_v": 3.6})


def _say(tape: Tape, type_: str, values: Values) -> Instant:
    return tape.say(_EVERY, {"type": type_, **values}, values)
