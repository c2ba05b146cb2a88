"""Households: signs of life at the door and in the water of one dwelling, taken together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.condition import State, Timeless, Verdict
from rules.door_words import DOOR_GAP, heard, opens
from rules.finding import Evidence, Finding, clear, unknown
from rules.habit import Days, Hours, day_of, remembered, usual_upper
from rules.limits import InForce
from rules.severity import Severity

_HOUR = milliseconds_of(timedelta(hours=1))
_LOST = milliseconds_of(timedelta(hours=54))
"""Two upload periods of a meter and 6 h: older than that, a source is not known."""
_FINEST_COARSE_L = 10
"""A meter that counts in larger steps looks as if nobody used water."""
_HALF_A_DAY = 720
_MINUTE = 60_000


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


class Signs(NamedTuple):
    """What is known of a dwelling; a saved state, so that new fields go to the end.

    `door_at` and `water_at` are the last signs of life, `door_heard_at` and `water_heard_at` until
    when each source is known, `from_at` from when on both are; 0 for never. `counters` are
    by meter. `day` is the first whose longest quiet time is not yet among `days`.
    """

    from_at: Instant
    day: int
    door_at: Instant = 0
    door_heard_at: Instant = 0
    water_at: Instant = 0
    water_heard_at: Instant = 0
    counters: Mapping[str, float] = {}
    coarse: bool = False
    shut: bool = False
    found: bool = False
    hours: Hours = Hours()
    drip: Drip = Drip()
    days: Days = []  # noqa: RUF012 never changed in place

    @property
    def quiet_since(self) -> Instant:
        """The last sign of life of either source, or from when on there could be one."""
        return max(self.door_at, self.water_at, self.from_at)

    @property
    def sources(self) -> tuple[Instant, ...]:
        """Until when each source is known that can say anything."""
        water = 0 if self.coarse else self.water_heard_at
        return tuple(at for at in (self.door_heard_at, water) if at)

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
    One source alone, because there is no other or its meter is coarse: a notice after twice the
    time. A shut valve, and a source not heard for 54 h: not to be judged. State: None, or `Signs`.
    """

    hours: InForce
    sign_l: float
    weak: bool = False

    def start(self) -> State:
        """Return the state of a dwelling never heard."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Take in a reading of the door or of the meter."""
        at = reading.measured_at
        signs = _signs(state) if state else Signs(at, day_of(at))
        after = self._with_habit(self._metered(_guarded(signs, reading), reading))
        return self._judged(after, at)

    def amend(self, state: State, reading: Reading) -> Verdict:
        """Take in a late sign of life, which may excuse what was found."""
        if state is None:
            return state, None
        signs, at = _signs(state), reading.measured_at
        slot = _slot(reading)
        if opens(reading):
            signs = signs.with_door(at)
        elif slot is not None and slot[0] - signs.drip.day_before >= self.sign_l:
            signs = signs.with_water(at)
        else:
            return state, None
        if signs.found and self._judged(signs, at)[0].found is False:
            return signs._replace(found=False), clear(at)
        return signs, None

    def allowed_h(self, days: Days) -> float:
        """Return for how many hours this dwelling may be quiet: by its class and its own habit.

        Its habit lengthens the time to twice that of its class at most; before it is known, the
        time is a day or more.
        """
        usual, by_class = usual_upper(days), self.hours.value
        if usual is None:
            return max(by_class, 24.0)
        return min(max(by_class, usual), 2 * by_class)

    def _metered(self, signs: Signs, reading: Reading) -> Signs:
        signs, at = _fitted(signs, reading), reading.measured_at
        slot, counter = _slot(reading), reading.values.get("cumulative_m3")
        if slot is None and not isinstance(counter, int | float):
            return signs
        before = signs.counters.get(reading.device)
        if slot is not None:
            signs, litres = _slotted(signs, slot, at)
        elif before is None or counter < before:  # type: ignore[operator]
            signs, litres = signs.unheard(signs.water_heard_at or at, at), 0.0
        else:
            litres = (counter - before) * 1_000  # type: ignore[operator]
        if isinstance(counter, int | float):
            signs = signs._replace(counters={**signs.counters, reading.device: counter})
        signs = signs._replace(water_heard_at=at)
        return signs.with_water(at) if round(litres, 6) >= self.sign_l else signs

    def _with_habit(self, signs: Signs) -> Signs:
        """Return them with the days that are over and known; one too quiet is no habit."""
        until = day_of(min(signs.sources, default=0))
        if until <= signs.day:
            return signs
        days, allowed = signs.days, self.allowed_h(signs.days)
        for day in range(max(signs.day, until - 3), until):
            if day <= day_of(signs.from_at):
                continue
            quiet = signs.hours.longest_quiet(day, signs.from_at)
            days = remembered(days, quiet) if quiet < allowed else days
        return signs._replace(day=until, days=days)

    def _judged(self, signs: Signs, at: Instant) -> Verdict:
        known_until = min(signs.sources, default=0)
        if not known_until or signs.shut or at - known_until > _LOST:
            return signs, unknown(at) if signs.found else None
        silent_h = (known_until - signs.quiet_since) / _HOUR
        allowed_h = self.allowed_h(signs.days)
        severity = self._severity(silent_h / allowed_h, len(signs.sources))
        if severity is None:
            return signs._replace(found=False), clear(at) if signs.found else None
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
        if signs.door_heard_at:
            evidence["door_at"] = signs.door_at or signs.from_at
        if signs.water_heard_at and not signs.coarse:
            evidence["water_at"] = signs.water_at or signs.from_at
            evidence["sign_l"] = self.sign_l
        return evidence


def _signs(state: State) -> Signs:
    signs = Signs(*state)
    return signs._replace(hours=Hours(*signs.hours), drip=Drip(*signs.drip))


def _guarded(signs: Signs, reading: Reading) -> Signs:
    """Return the signs after a word of the door's controller."""
    if not heard(reading):
        return signs
    at, before = reading.measured_at, signs.door_heard_at
    if not before or at - before > DOOR_GAP:
        signs = signs.unheard(before or at, at)
    signs = signs._replace(door_heard_at=at)
    return signs.with_door(at) if opens(reading) else signs


def _fitted(signs: Signs, reading: Reading) -> Signs:
    """Return the signs with what the reading says of how fit its meter is to tell of life."""
    resolution, valve = reading.values.get("resolution_l"), reading.values.get("valve")
    if isinstance(resolution, int):
        signs = signs._replace(coarse=resolution > _FINEST_COARSE_L)
    if valve is not None and signs.shut != (valve == "shut"):
        at = reading.measured_at
        signs = signs.unheard(at, at)._replace(shut=valve == "shut")
    return signs


def _slot(reading: Reading) -> tuple[float, int] | None:
    """Return litres and minutes of a slot, or None."""
    amount = reading.values.get("increment_m3")
    minutes = reading.values.get("slot_minutes")
    if isinstance(amount, int | float) and isinstance(minutes, int):
        return amount * 1_000, minutes
    return None


def _slotted(signs: Signs, slot: tuple[float, int], at: Instant) -> tuple[Signs, float]:
    """Return the signs after a slot, and its litres beyond the drip."""
    litres, minutes = slot
    before = signs.water_heard_at
    if not before or at - before > 1.5 * minutes * _MINUTE:
        signs = signs.unheard(before or at, at)
    drip = signs.drip.with_slot(litres, minutes, new_day=day_of(at - 1) != day_of(before - 1))
    return signs._replace(drip=drip), litres - drip.day_before
