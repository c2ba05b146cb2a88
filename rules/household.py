"""Households: signs of life at the door and in the water of one dwelling, taken together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any, NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.condition import State, Timeless, Verdict
from rules.door_words import heard, leaves, opens
from rules.finding import Evidence, Finding, clear, unknown
from rules.habit import Days, Hours, day_of, remembered, usual_upper
from rules.limits import InForce
from rules.severity import Severity
from rules.sources import (
    MOST,
    UNNAMED,
    Controller,
    Controllers,
    Drip,
    Meter,
    Meters,
    controllers_of,
    doors_until,
    listened,
    metered,
    meters_of,
    slot_of,
    water_until,
)

_HOUR = milliseconds_of(timedelta(hours=1))
_LOST = milliseconds_of(timedelta(hours=54))
"""Two upload periods of a meter and 6 h: older than that, a source is not known."""
_FIELDS_BEFORE = 13
"""Of a state that was saved before each door and meter had its own."""


class Signs(NamedTuple):
    """What is known of a dwelling; a saved state, so that new fields go to the end.

    `door_at` and `water_at` are the last signs of life, 0 for never; `from_at` is from when on all
    that could show life are known. `day` is the first whose longest quiet time is not yet among
    `days`.
    """

    from_at: Instant
    day: int
    door_at: Instant = 0
    water_at: Instant = 0
    found: bool = False
    hours: Hours = Hours()
    days: Days = []  # noqa: RUF012 never changed in place
    doors: Controllers = {}  # noqa: RUF012
    meters: Meters = {}  # noqa: RUF012

    @property
    def quiet_since(self) -> Instant:
        """The last sign of life of either source, or from when on there could be one."""
        return max(self.door_at, self.water_at, self.from_at)

    @property
    def sources(self) -> tuple[Instant, ...]:
        """Until when each source is known that can say anything: until all its devices are."""
        return tuple(at for at in (doors_until(self.doors), water_until(self.meters)) if at)

    @property
    def shut(self) -> bool:
        """Whether the valve of a meter is shut."""
        return any(meter.shut for meter in self.meters.values())

    def unheard(self, since: Instant, until: Instant) -> "Signs":
        """Return them after a hole: there may have been life at any time of it."""
        hours = self.hours.with_life(since, until)
        return self._replace(from_at=max(self.from_at, until), hours=hours)

    def with_door(self, at: Instant) -> "Signs":
        """Return them with life at the door."""
        hours = self.hours.with_life(at, at)
        return self._replace(door_at=max(self.door_at, at), hours=hours)

    def with_water(self, at: Instant) -> "Signs":
        """Return them with life in the water."""
        hours = self.hours.with_life(at, at)
        return self._replace(water_at=max(self.water_at, at), hours=hours)


@dataclass(frozen=True, slots=True)
class BothSilent(Timeless):
    """Neither the door nor the water of a dwelling showed life for longer than it is used to.

    Judged up to the instant until which every source is known, so that what was not heard is never
    silence. Both: a warning, critical half as long again later, unless the door is `weak` evidence.
    One source alone, because there is no other or a meter is coarse: a notice after twice the
    time. A shut valve, and a device not heard for 54 h: not to be judged. `doors` and `meters` is
    how many the dwelling has. State: None, or `Signs`.
    """

    hours: InForce
    sign_l: float
    weak: bool = False
    doors: int = MOST
    meters: int = MOST

    def start(self) -> State:
        """Return the state of a dwelling never heard."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Take in a reading of the door or of the meter."""
        at = reading.measured_at
        signs = _signs(state) if state else Signs(at, day_of(at))
        taken = self._guarded if heard(reading) or leaves(reading) else self._metered
        after = taken(signs, reading)
        sources = after.sources
        return self._judged(self._with_habit(after, sources), at, sources)

    def amend(self, state: State, reading: Reading) -> Verdict:
        """Take in a late sign of life, which may excuse what was found."""
        if state is None:
            return state, None
        signs, at = _signs(state), reading.measured_at
        slot, meter = slot_of(reading), signs.meters.get(reading.device, Meter())
        if opens(reading):
            signs = signs.with_door(at)
        elif slot is not None and slot[0] - meter.drip.day_before >= self.sign_l:
            signs = signs.with_water(at)
        else:
            return state, None
        if signs.found and self._judged(signs, at, signs.sources)[0].found is False:
            return signs._replace(found=False), clear(at)
        return signs, None

    def returned(self, state: State, at: Instant) -> State:
        """Count anew from the end of an absence."""
        signs = _signs(state)
        return signs.unheard(at, at)._replace(found=False)

    def allowed_h(self, days: Days) -> float:
        """Return for how many hours this dwelling may be quiet: by its class and its own habit.

        Its habit lengthens the time to twice that of its class at most; before it is known, the
        time is a day or more.
        """
        usual, by_class = usual_upper(days), self.hours.value
        if usual is None:
            return max(by_class, 24.0)
        return min(max(by_class, usual), 2 * by_class)

    def _guarded(self, signs: Signs, reading: Reading) -> Signs:
        """Return the signs after a word of a door."""
        doors, unknown_since = listened(signs.doors, reading, self.doors)
        if unknown_since is not None:
            signs = signs.unheard(unknown_since, reading.measured_at)
        signs = signs._replace(doors=doors)
        return signs.with_door(reading.measured_at) if opens(reading) else signs

    def _metered(self, signs: Signs, reading: Reading) -> Signs:
        """Return the signs after a word of a meter."""
        meters, litres, unknown_since = metered(signs.meters, reading, self.meters)
        if unknown_since is not None:
            signs = signs.unheard(unknown_since, reading.measured_at)
        if meters is not signs.meters:
            signs = signs._replace(meters=meters)
        return signs.with_water(reading.measured_at) if round(litres, 6) >= self.sign_l else signs

    def _with_habit(self, signs: Signs, sources: tuple[Instant, ...]) -> Signs:
        """Return them with the days that are over and known; one too quiet is no habit."""
        until = day_of(min(sources, default=0))
        if until <= signs.day:
            return signs
        days, allowed = signs.days, self.allowed_h(signs.days)
        for day in range(max(signs.day, until - 3), until):
            if day <= day_of(signs.from_at):
                continue
            quiet = signs.hours.longest_quiet(day, signs.from_at)
            days = remembered(days, quiet) if quiet < allowed else days
        return signs._replace(day=until, days=days)

    def _judged(self, signs: Signs, at: Instant, sources: tuple[Instant, ...]) -> Verdict:
        known_until = min(sources, default=0)
        if not known_until or at - known_until > _LOST or signs.shut:
            return signs, unknown(at) if signs.found else None
        silent_h = (known_until - signs.quiet_since) / _HOUR
        # Most readings come within the hours of the class, and no habit makes these fewer.
        allowed_h = self.allowed_h(signs.days) if silent_h >= self.hours.value else inf
        severity = self._severity(silent_h / allowed_h, len(sources))
        if severity is None:
            return (signs._replace(found=False), clear(at)) if signs.found else (signs, None)
        evidence = self._evidence(signs, silent_h, allowed_h)
        found = Finding(severity, at, signs.quiet_since, evidence)
        return signs._replace(found=True), found

    def _severity(self, score: float, sources: int) -> Severity | None:
        if sources < 2:
            return Severity.NOTICE if score >= 2 else None
        if score < 1:
            return None
        return Severity.CRITICAL if score >= 1.5 and not self.weak else Severity.WARNING

    def _evidence(self, signs: Signs, silent_h: float, allowed_h: float) -> Evidence:
        usual = usual_upper(signs.days)
        evidence: dict[str, Value | None] = {
            "score": round(silent_h / allowed_h, 2),
            "silent_h": round(silent_h, 1),
            "limit": round(allowed_h, 1),
            "class_h": self.hours.value,
            "limit_from": self.hours.source,
        }
        if usual is not None:
            evidence |= {"usual_h": round(usual, 1), "days": len(signs.days)}
        if doors_until(signs.doors):
            evidence["door_at"] = max(signs.door_at, signs.from_at)
        if water_until(signs.meters):
            evidence["water_at"] = max(signs.water_at, signs.from_at)
            evidence["sign_l"] = self.sign_l
        return evidence


def _signs(state: State) -> Signs:
    if isinstance(state, Signs):
        return state
    signs = _once(state) if len(state) == _FIELDS_BEFORE else Signs(*state)
    doors, meters = controllers_of(signs.doors), meters_of(signs.meters)
    return signs._replace(hours=Hours(*signs.hours), doors=doors, meters=meters)


def _once(before: Sequence[Any]) -> Signs:
    """Return a state that was saved with one door and one meter for all."""
    from_at, day, door_at, door_until, water_at, until, counters, *rest = before
    coarse, shut, found, hours, drip, days = rest
    doors = {UNNAMED: Controller(door_until, door_until)} if door_until else {}
    meters = {
        name: Meter(until, counters.get(name), coarse, shut, Drip(*drip))
        for name in (counters or [UNNAMED])
        if until
    }
    return Signs(from_at, day, door_at, water_at, found, hours, days, doors, meters)
