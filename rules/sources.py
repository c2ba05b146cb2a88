"""Sources: doors and meters of a dwelling, each device known by its own words alone."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias, TypeVar

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.door_words import DOOR_GAP, beats, leaves
from rules.habit import day_of

MOST = 8
"""Devices of a kind that are kept where the registry doesn't say how many a dwelling has."""
UNNAMED = ""
"""A device that was saved before each had its own state: the next one heard is taken for it."""
_FINEST_COARSE_L = 10
"""A meter that counts in larger steps looks as if nobody used water."""
_HALF_A_DAY = 720
_MINUTE = milliseconds_of(timedelta(minutes=1))
_ROOM = milliseconds_of(timedelta(hours=2))
"""A connection that drops for no longer is no hole (general knowledge): else a door that often
loses it would never be judged."""
_REMEMBERED = 5


class Controller(NamedTuple):
    """A door's controller; a saved state, so that new fields go to the end.

    It was there until `heard_at`. `beat_at` is its last word without anybody at the door, 0 for
    none: of a door that speaks only when it is opened, nobody can say that it was not. `minutes`
    are the last times between two of these; `out`: it said that it would not be there.
    """

    heard_at: Instant
    beat_at: Instant = 0
    minutes: list[int] = []  # noqa: RUF012 never changed in place
    out: bool = False

    def after(self, at: Instant, *, beats: bool) -> "Controller":
        """Return it after a word of that instant."""
        if not beats:
            return Controller(at, self.beat_at, self.minutes)
        if not self.beat_at:
            return Controller(at, at)
        between = (at - self.beat_at) // _MINUTE
        if self.minutes.count(between) == _REMEMBERED:
            return Controller(at, at, self.minutes)
        return Controller(at, at, [*self.minutes, between][-_REMEMBERED:])

    def misses(self, at: Instant) -> bool:
        """Return whether openings before its word of that instant may be missing."""
        hole = at - self.heard_at
        return hole > _ROOM and (self.out or hole > self._longest)

    @property
    def _longest(self) -> int:
        """How long it may say nothing and still be there: one lost heartbeat, and 2 h of room."""
        if len(self.minutes) < _REMEMBERED:
            return DOOR_GAP
        usual = sorted(self.minutes)[_REMEMBERED // 2]
        return min(DOOR_GAP, 2 * usual * _MINUTE + _ROOM)


class Drip(NamedTuple):
    """The smallest slot of today and of the day before, in litres: a leak is no sign of life."""

    least: float = 0.0
    minutes: int = 0
    day_before: float = 0.0

    def with_slot(self, litres: float, minutes: int, *, new_day: bool) -> "Drip":
        """Return it with another slot; of a day half known, nothing is taken."""
        if new_day:
            whole = self.minutes >= _HALF_A_DAY
            return Drip(litres, minutes, self.least if whole else 0.0)
        least = min(self.least, litres) if self.minutes else litres
        return Drip(least, self.minutes + minutes, self.day_before)


class Meter(NamedTuple):
    """A meter; a saved state, so that new fields go to the end.

    Its use is known until `heard_at`, 0 for never.
    """

    heard_at: Instant = 0
    counter: float | None = None
    coarse: bool = False
    shut: bool = False
    drip: Drip = Drip()


Controllers: TypeAlias = Mapping[str, Controller]
Meters: TypeAlias = Mapping[str, Meter]
Heard = TypeVar("Heard", Controller, Meter)


class Metered(NamedTuple):
    """What a reading says of the water: its litres beyond the drip, and what is not known before.

    `unknown_since`: from then up to the reading, water may have been used; None for no such hole.
    """

    meters: Meters
    litres: float = 0.0
    unknown_since: Instant | None = None


def controllers_of(saved: Mapping[str, Sequence[Any]]) -> Controllers:
    """Return controllers as they were saved."""
    return {name: Controller(*each) for name, each in saved.items()}


def meters_of(saved: Mapping[str, Sequence[Any]]) -> Meters:
    """Return meters as they were saved."""
    return {
        name: Meter(heard_at, counter, coarse, shut, Drip(*drip))
        for name, (heard_at, counter, coarse, shut, drip) in saved.items()
    }


def doors_until(doors: Controllers) -> Instant:
    """Return until when all doors are known that can be, 0 for none."""
    return min((each.heard_at for each in doors.values() if each.beat_at), default=0)


def water_until(meters: Meters) -> Instant:
    """Return until when the use at all meters is known; 0 for none, or if one is too coarse."""
    if any(meter.coarse for meter in meters.values()):
        return 0
    return min((each.heard_at for each in meters.values() if each.heard_at), default=0)


def listened(doors: Controllers, reading: Reading, most: int) -> tuple[Controllers, Instant | None]:
    """Return the controllers after a word of one, and since when openings before may be missing.

    They may in a hole; at a door that is new, and at one that is gone: beyond the `most` that the
    dwelling has, those heard longest ago are. None for no such time.
    """
    at, before = reading.measured_at, _before(doors, reading)
    known = {**doors}
    known.pop(UNNAMED, None)
    if leaves(reading):
        if before is not None:
            known[reading.device] = before._replace(out=True)
        return known, None
    after = (before or Controller(at)).after(at, beats=beats(reading))
    known[reading.device] = after
    since = [before.heard_at] if before and before.misses(at) else []
    if before is None and after.beat_at:
        since.append(at)
    if len(known) > most:
        kept = _doors_kept(known, most)
        since += [
            each.heard_at for name, each in known.items() if each.beat_at and name not in kept
        ]
        known = kept
    return known, min(since) if since else None


def metered(meters: Meters, reading: Reading, most: int) -> Metered:
    """Return the meters after a reading of one, and what it says."""
    before = _before(meters, reading) or Meter()
    fitted = _fitted(before, reading)
    after, litres, missing = _counted(fitted, reading)
    if after == before:
        return Metered(meters)
    known = {**meters}
    known.pop(UNNAMED, None)
    known[reading.device] = after
    kept = _latest(known, most)
    since = [each.heard_at for name, each in known.items() if name not in kept]
    if missing:
        since.append(before.heard_at or reading.measured_at)
    if fitted.shut != before.shut:
        since.append(reading.measured_at)
    return Metered(kept, litres, min(since, default=None))


def _before(devices: Mapping[str, Heard], reading: Reading) -> Heard | None:
    return devices.get(reading.device) or devices.get(UNNAMED)


def _doors_kept(doors: Controllers, most: int) -> dict[str, Controller]:
    beating = {name: each for name, each in doors.items() if each.beat_at}
    others = {name: each for name, each in doors.items() if not each.beat_at}
    return {**_latest(beating, most), **_latest(others, MOST)}


def _latest(devices: Mapping[str, Heard], most: int) -> Mapping[str, Heard]:
    """Return those heard last."""
    if len(devices) <= most:
        return devices
    names = sorted(devices, key=lambda name: devices[name].heard_at)
    return {name: devices[name] for name in names[-most:]}


def _fitted(meter: Meter, reading: Reading) -> Meter:
    """Return the meter with what it says of how fit it is to tell of life."""
    resolution, valve = reading.values.get("resolution_l"), reading.values.get("valve")
    if isinstance(resolution, int):
        meter = meter._replace(coarse=resolution > _FINEST_COARSE_L)
    return meter if valve is None else meter._replace(shut=valve == "shut")


def _counted(meter: Meter, reading: Reading) -> tuple[Meter, float, bool]:
    """Return the meter after a reading, its litres beyond the drip, whether there was a hole."""
    at, values = reading.measured_at, reading.values
    counter, slot = values.get("cumulative_m3"), slot_of(reading)
    counted = float(counter) if isinstance(counter, int | float) else None
    last = meter.counter
    kept = last if counted is None else counted
    if slot is not None:
        litres, minutes = slot
        missing = not meter.heard_at or at - meter.heard_at > 1.5 * minutes * _MINUTE
        new_day = day_of(at - 1) != day_of(meter.heard_at - 1)
        drip = meter.drip.with_slot(litres, minutes, new_day=new_day)
        after = meter._replace(heard_at=at, counter=kept, drip=drip)
        return after, litres - drip.day_before, missing
    if counted is None:
        return meter, 0.0, False
    after = meter._replace(heard_at=at, counter=kept)
    if last is None or counted < last:
        return after, 0.0, True
    return after, (counted - last) * 1_000, False


def slot_of(reading: Reading) -> tuple[float, int] | None:
    """Return litres and minutes of a slot, or None."""
    amount = reading.values.get("increment_m3")
    minutes = reading.values.get("slot_minutes")
    if isinstance(amount, int | float) and isinstance(minutes, int):
        return amount * 1_000, minutes
    return None
