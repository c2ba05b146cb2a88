"""What befalls water meters: tampering, bursts, water that runs back; by the hour or by the day."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

from devices.instant import Instant, iso_of, milliseconds_of
from devices.reading import Value, Values
from rules.severity import Severity
from tests.proof.tape import Tape

_HOUR = timedelta(hours=1)
_SLOT = timedelta(minutes=15)
_DAY = timedelta(days=1)
_SLOTS = 96
_DAYS = 6
_BURST_M3 = 2.2 / 4
"""A slot of a flow above 0.8 Q3 of a DN15 meter: two of them are a burst, by practice."""
_IMPOSSIBLE_M3 = 3.4 / 4
"""A slot of a flow above Q4 of a DN15 meter, GB/T 778.1."""
_RAN_BACK_M3 = 0.02
_FLAGGED_AT = (20, 21, 22)
_BURSTS: Mapping[int, tuple[float, ...]] = {
    34: (0.01, _BURST_M3, _BURST_M3, 0.01),
    60: (0.01, _IMPOSSIBLE_M3, _BURST_M3, 0.01),
}
"""Hours with a reading each slot, the second of which a burst begins with. A day of it stays
below 2 m3: it is a burst, and nothing else."""
_RAN_BACK_AT = 80
_DEEP_NIGHT = range(1, 6)
_HOURS = 150
"""Enough for what clears after 36 h."""


def hourly_tape(device: str, at: Instant, random: Random) -> Tape:
    """A week, a reading an hour; nobody uses water at night."""
    tape = Tape("water_meter", device, at)
    counter = _Counter(tape)
    for hour in range(_HOURS):
        if hour in _BURSTS:
            quiet_until = tape.at + milliseconds_of(_SLOT)
            tape.expect("burst", quiet_until, Severity.CRITICAL)
            for drawn in _BURSTS[hour]:
                counter.say(_SLOT, drawn)
            continue
        flags = ["magnetic_tamper"] if hour in _FLAGGED_AT else []
        back = _RAN_BACK_M3 if hour == _RAN_BACK_AT else 0.0
        counter.say(_HOUR, _drawn(hour, random), back, flags, idle=hour % 24 in _DEEP_NIGHT)
        if hour == 0:
            tape.expect("reverse_flow", tape.at, Severity.WARNING)
        if hour == _FLAGGED_AT[0]:
            tape.expect("water_tamper", tape.at, Severity.WARNING)
    return tape


class _Counter:
    """The counters of a meter that says what they show."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._total = 100.0
        self._back = 0.5

    def say(
        self,
        after: timedelta,
        drawn: float,
        back: float = 0.0,
        flags: Sequence[str] = (),
        *,
        idle: bool = False,
    ) -> None:
        """Count what was drawn and what ran back, and say so a while after the last."""
        self._total = round(self._total + drawn, 6)
        self._back = round(self._back + back, 6)
        body, values = _state(self._total, self._back, flags)
        self._tape.say(after, {"type": "telemetry", **body}, values, idle=idle)


def daily_tape(device: str, at: Instant, random: Random) -> Tape:
    """Days in one upload each, with a burst in the slots of one and an open cover in another."""
    tape = Tape("water_meter", device, at)
    burst_day, flagged_day = random.sample(range(1, _DAYS - 3), 2)
    slot, total = random.randrange(40, 80), 50.0
    for day in range(_DAYS):
        slots = [0.005 if 28 <= number < 92 and number % 3 else 0.0 for number in range(_SLOTS)]
        if day == burst_day:
            slots[slot] = slots[slot + 1] = _BURST_M3
        total = round(total + sum(slots), 6)
        frozen_at = _say_day(tape, slots, total, ["cover_open"] if day == flagged_day else [])
        if day == burst_day:
            since = frozen_at - (_SLOTS - slot) * milliseconds_of(_SLOT)
            tape.expect("burst", since, Severity.CRITICAL)
        if day == flagged_day:
            tape.expect("water_tamper", frozen_at, Severity.WARNING)
    return tape


def _say_day(tape: Tape, slots: list[float], total: float, flags: list[str]) -> Instant:
    body, state = _state(total, 0.5, flags)
    sent = {
        "type": "daily",
        "frozen_at": iso_of(tape.at + milliseconds_of(_DAY)),
        "slot_minutes": 15,
        "increments_m3": slots,
        **body,
    }
    readings: dict[timedelta, dict[str, Value]] = {
        age * _SLOT: {"increment_m3": drawn, "slot_minutes": 15}
        for age, drawn in enumerate(reversed(slots))
    }
    readings[timedelta(0)] |= state
    return tape.say_much(_DAY, sent, readings)


def _drawn(hour: int, random: Random) -> float:
    return round(random.uniform(0.004, 0.04), 4) if 7 <= hour % 24 < 22 else 0.0


def _state(total: float, back: float, flags: Sequence[str]) -> tuple[dict[str, object], Values]:
    same = {"cumulative_m3": total, "reverse_m3": back, "battery_v": 3.6}
    return {**same, "flags": [*flags]}, {**same, "flags": ",".join(flags)}
