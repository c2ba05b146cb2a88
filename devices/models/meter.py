"""A simulated water meter: it counts, freezes its day at local midnight and uploads it later.

Between two uploads it speaks when it raises a flag and after a command for its valve.
"""

import json
from functools import lru_cache

from devices.instant import Instant, milliseconds_of
from devices.message import Command
from devices.models.calendar import DAY, MINUTE, SECOND, Window, warmth
from devices.models.chance import octets, whole
from devices.models.command import DONE, UNKNOWN_COMMAND, Answer
from devices.models.community import METER, Community, DeviceName
from devices.models.household import household_of, litres_by_slot
from devices.models.incident import Burst, Rollover, SupplyCut
from devices.models.injection import Injection, clock_error
from devices.models.meter_history import (
    FLAGS,
    flags_of_the_day,
    is_under,
    replacements,
    reverse_litres,
    told,
)
from devices.models.plumbing import ORDER, Day, befall
from devices.models.register import flow_flags, shown, slots_until_burst
from devices.models.simulated import Utterance

MODULUS_L = 100_000_000
"""The counter ends at 99,999.999 m3."""

_ORDINARY_L = 4_096
"""More litres than a slot ever sees, but for several incidents at once."""

_LARGEST_NEW_L = 120
"""Litres on a new meter from its trial at the factory; general knowledge."""

_COARSE_OF_256 = 13
"""One meter in 20 counts in steps of 10 L; general knowledge."""

_LOW_BATTERY_V = 3.3
NOTICE = MINUTE
"""How long a meter takes to tell of a flag."""
FEEDBACK = 5 * SECOND
"""How long it takes to tell how its valve reacted."""


class Meter:
    """The meter of one home; what isn't kept here follows from seed, home and day."""

    __slots__ = (
        "_alarms", "_befalling", "_community", "_counter_l", "_day", "_is_coarse", "_number",
        "_sent", "_shut", "_upload_at",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        community: Community,
        befalling: tuple[Injection, ...],
        start: Instant,
    ) -> None:
        self._number = number
        self._community = community
        self._befalling = befalling
        self._shut: tuple[Window, ...] = ()
        self._sent = 0
        (coarse,) = octets(1, (community.plan.seed, "resolution", number))
        self._is_coarse = coarse < _COARSE_OF_256
        self._day = community.calendar.day_of(start) - 2
        while (upload_at := self._upload_of(self._day)) < start:
            self._day += 1
        self._upload_at = upload_at
        self._counter_l = whole((community.plan.seed, "counter", number)) % 900_000
        for injection in befalling:
            if isinstance(injection.incident, Rollover):
                self._counter_l = self._short_of_the_end(injection.window.start_at)
        self._alarms = self._alarms_after(start)

    @property
    def name(self) -> DeviceName:
        """Its address."""
        return DeviceName(METER, self._number)

    def next_at(self) -> Instant:
        """Return when the next day is uploaded, or an alarm before it."""
        return self._alarms[0] if self._alarms else self._upload_at

    def late_by(self, units: int) -> int:
        """A meter tries again at its next daily upload."""
        return units * DAY

    def speak(self, at: Instant) -> Utterance:
        """Return an alarm, or the upload of the day, and go on to the next."""
        if self._alarms:
            self._alarms = self._alarms[1:]
            telemetry = self._telemetry(at)
            self._sent += 1
            return Utterance(telemetry, 1)
        slots = self._slots(self._day)
        faults: list[str] = []
        replaced = self._replaced_on(self._day)
        if replaced is not None:
            self._counter_l, self._sent = self._new_l(replaced), 0
            faults.append("replacement")
        upload = self._upload(slots)
        self._counter_l += sum(slots)
        if self._counter_l >= MODULUS_L:
            self._counter_l -= MODULUS_L
            faults.append("rollover")
        self._day += 1
        self._upload_at = self._upload_of(self._day)
        self._alarms = self._alarms_after(at)
        return Utterance(upload, len(slots), tuple(faults))

    def obey(self, command: Command, at: Instant) -> Answer:
        """Open or shut the valve, and soon say how it reacted."""
        if command.command not in ("valve_shut", "valve_open"):
            return UNKNOWN_COMMAND
        is_shut = self._is_shut(at)
        if command.command == "valve_shut" and not is_shut:
            self._shut += (Window(at, None),)
        elif command.command == "valve_open" and is_shut:
            self._shut = (*self._shut[:-1], Window(self._shut[-1].start_at, at))
        feedback_at = self._between_slots(at + FEEDBACK)
        if feedback_at < self._upload_at:
            self._alarms = tuple(sorted({*self._alarms, feedback_at}))
        return DONE

    def _upload_of(self, day: int) -> Instant:
        """Return when a day is uploaded."""
        plan = self._community.plan
        spread = max(1, milliseconds_of(plan.upload_spread))
        fixed = whole((plan.seed, "upload", self._number)) % spread
        jitter = 10_000 + (day * 7_919 + self._number * 104_729) % 50_000
        midnight = self._community.calendar.start_of(day + 1)
        return midnight + milliseconds_of(plan.upload_time) + fixed + jitter

    def _alarms_after(self, at: Instant) -> tuple[Instant, ...]:
        """Return when flags are raised from the instant to the next upload."""
        raised = [instant + NOTICE for instant in told(self._befalling)]
        if any(isinstance(injection.incident, Burst) for injection in self._befalling):
            days = (self._day, self._day + 1)
            raised += [burst for day in days if (burst := self._burst_on(day)) is not None]
        alarms = {self._between_slots(instant) for instant in raised}
        return tuple(sorted(alarm for alarm in alarms if at <= alarm < self._upload_at))

    def _burst_on(self, day: int) -> Instant | None:
        slot_minutes = self._community.plan.slot_minutes
        slots = slots_until_burst(self._slots(day), slot_minutes)
        if slots is None:
            return None
        return self._community.calendar.start_of(day) + slots * slot_minutes * MINUTE + NOTICE

    def _between_slots(self, instant: Instant) -> Instant:
        """Return the next full second in which no slot ends: the day has a reading of those."""
        second = -(-instant // SECOND) * SECOND
        slot = self._community.plan.slot_minutes * MINUTE
        midnight = self._community.calendar.start_of(self._community.calendar.day_of(second))
        return second if (second - midnight) % slot else second + SECOND

    def _is_shut(self, at: Instant) -> bool:
        return any(window.covers(at) for window in self._shut)

    def _slots(self, number: int) -> list[int]:
        """Return the litres that the meter counts in each slot of a day."""
        plan, dwelling = self._community.plan, self._number - 1
        slots = litres_by_slot(plan.seed, dwelling, number, plan.slot_minutes)
        if not self._befalling and not self._shut:
            return slots
        start_at = self._community.calendar.start_of(number)
        day = Day(start_at, slots, plan.slot_minutes * MINUTE)
        occupants = household_of(plan.seed, dwelling).occupants
        for kind in ORDER:
            for injection in self._befalling:
                if isinstance(injection.incident, kind):
                    befall(day, injection.incident, injection.window, occupants)
        for window in self._shut:
            day.scale(window, 0)
        replaced = self._replaced_on(number)
        if replaced is not None:
            day.scale(Window(start_at, replaced), 0)
        return day.slots

    def _replaced_on(self, number: int) -> Instant | None:
        """Return when in the day the meter is replaced.

        Until then the new meter lay in its box and counted nothing; what the old one counted that
        day went with it.
        """
        days = ((self._community.calendar.day_of(at), at) for at in replacements(self._befalling))
        return next((at for day, at in days if day == number), None)

    def _short_of_the_end(self, at: Instant) -> int:
        """Return the counter to begin with, so that it passes its end on the day of the instant."""
        last = self._community.calendar.day_of(at)
        before = sum(sum(self._slots(number)) for number in range(self._day, last))
        return MODULUS_L - before - (sum(self._slots(last)) + 1) // 2

    def _new_l(self, replaced: Instant) -> int:
        return whole((self._community.plan.seed, "new", replaced)) % _LARGEST_NEW_L

    def _counted(self, at: Instant) -> tuple[int, list[int]]:
        """Return the counter at the instant, and the slots of that day which have ended."""
        calendar = self._community.calendar
        today, counter_l, slots = calendar.day_of(at), self._counter_l, list[int]()
        ended = (at - calendar.start_of(today)) // (self._community.plan.slot_minutes * MINUTE)
        for day in range(self._day, today + 1):
            replaced = self._replaced_on(day)
            if replaced is not None and replaced <= at:
                counter_l = self._new_l(replaced)
            slots = self._slots(day)[: ended if day == today else None]
            counter_l += sum(slots)
        return counter_l % MODULUS_L, slots

    def _telemetry(self, at: Instant) -> bytes:
        """Return the present state; the slot that runs is not counted yet."""
        community = self._community
        plan, today = community.plan, community.calendar.day_of(at)
        counter_l, slots = self._counted(at)
        steps = shown(counter_l - sum(slots), slots, self._resolution_l(at))
        is_dry = self._is_shut(at) or is_under(self._befalling, at, *FLAGS)
        running_l = 0 if is_dry else self._slots(today)[len(slots)]
        measured_at = community.calendar.text_of(at + clock_error(self._befalling, at))
        return (
            f'{{"v":1,"type":"telemetry","device":"{self.name.device}",'
            f'"measured_at":"{measured_at}",{self._counters(counter_l, at)},'
            f'"flow_m3h":{running_l * 60 / plan.slot_minutes / 1_000:.3f},'
            f"{self._status(at, octets(4, (plan.seed, 'status', self._number, at)), steps)}}}"
        ).encode()

    def _upload(self, slots: list[int]) -> bytes:
        community = self._community
        plan, day_end = community.plan, community.calendar.start_of(self._day + 1)
        frozen_at = community.calendar.text_of(day_end + clock_error(self._befalling, day_end))
        steps = shown(self._counter_l, slots, self._resolution_l(day_end))
        increments = ",".join(map(_texts(max(_ORDINARY_L, max(steps) + 1)).__getitem__, steps))
        noise = octets(4, (plan.seed, "status", self._number, self._day))
        counters = self._counters((self._counter_l + sum(slots)) % MODULUS_L, day_end)
        return (
            f'{{"v":1,"type":"daily","device":"{self.name.device}","frozen_at":"{frozen_at}",'
            f'"slot_minutes":{plan.slot_minutes},{counters},'
            f'"increments_m3":[{increments}],{self._status(day_end, noise, steps)}}}'
        ).encode()

    def _counters(self, counter_l: int, at: Instant) -> str:
        resolution_l = self._resolution_l(at)
        _, installed_at = self._generation(at)
        reverse_l = reverse_litres(self._befalling, installed_at, at)
        return (
            f'"cumulative_m3":{_m3(counter_l // resolution_l * resolution_l)},'
            f'"reverse_m3":{_m3(reverse_l)}'
        )

    def _status(self, at: Instant, noise: bytes, steps: list[int]) -> str:
        """The state at the freeze or the alarm.

        Levels are general knowledge, not from a standard: a new ER26500 cell has 3.6 V and is low
        at 3.3 V; signal is weak below -115 dBm.
        """
        plan, number, day = self._community.plan, self._number, self._day
        home, battery, fix = octets(3, (plan.seed, "meter", number))
        generation, installed_at = self._generation(at)
        installed = self._community.calendar.day_of(installed_at)
        battery_v = 3.64 - 0.0014 * battery + noise[0] / 25_600 if generation == 0 else 3.65
        rsrp = -72 - home * 50 // 256 - noise[1] % 5
        temperature = 14.5 + 8.5 * warmth(day) + (noise[2] - 128) / 128 + fix / 256
        has_supply = not is_under(self._befalling, at, SupplyCut)
        pressure = 0.24 + home / 2_560 + noise[3] / 25_600 if has_supply else 0.0
        flags = flow_flags(steps, plan.slot_minutes) | flags_of_the_day(self._befalling, at)
        if battery_v <= _LOW_BATTERY_V:
            flags.add("low_battery")
        return (
            f'"water_temperature_c":{temperature:.2f},"pressure_mpa":{pressure:.3f},'
            f'"battery_v":{battery_v:.3f},"rsrp_dbm":{rsrp},"snr_db":{20 + rsrp // 6},'
            f'"ecl":{(rsrp < -105) + (rsrp < -118)},'
            f'"valve":"{"shut" if self._is_shut(at - SECOND) else "open"}",'
            f'"flags":{json.dumps(sorted(flags))},"serial":"{26_000_000 + number}-{generation}",'
            f'"resolution_l":{self._resolution_l(at)},'
            f'"transmissions":{day - installed + self._sent + 1}'
        )

    def _resolution_l(self, at: Instant) -> int:
        generation, _ = self._generation(at)
        return 10 if self._is_coarse and generation == 0 else 1

    def _generation(self, at: Instant) -> tuple[int, Instant]:
        """Return how often the meter was replaced, and when it was installed."""
        changes = [change for change in replacements(self._befalling) if change < at]
        if changes:
            return len(changes), max(changes)
        return 0, self._community.calendar.start_of(18_000 + self._number % 700)


def _m3(litres: int) -> str:
    return f"{litres // 1_000}.{litres % 1_000:03d}"


@lru_cache(maxsize=8)
def _texts(most: int) -> tuple[str, ...]:
    """Return the increments in m3 as text; the table is faster than formatting 48 a day."""
    return tuple(_m3(litres) for litres in range(most))
