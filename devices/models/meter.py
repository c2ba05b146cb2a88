"""A simulated water meter: it counts, freezes its day at local midnight and uploads it later."""

from functools import lru_cache

from devices.instant import Instant, milliseconds_of
from devices.message import Command
from devices.models.calendar import DAY, MINUTE, SECOND, Window, warmth
from devices.models.chance import octets, whole
from devices.models.command import DONE, UNKNOWN_COMMAND, Answer
from devices.models.community import METER, Community, DeviceName
from devices.models.household import household_of, litres_by_slot
from devices.models.injection import Injection, clock_error
from devices.models.plumbing import ORDER, Day, befall
from devices.models.scenario import Replacement, Rollover
from devices.models.simulated import Utterance

MODULUS_L = 100_000_000
"""The counter ends at 99,999.999 m3."""

_ORDINARY_L = 4_096
"""More litres than a slot ever sees, but for several incidents at once."""

_LARGEST_NEW_L = 120
"""Litres on a new meter from its trial at the factory; general knowledge."""


class Meter:
    """The meter of one home; what isn't kept here follows from seed, home and day."""

    __slots__ = ("_befalling", "_community", "_counter_l", "_day", "_next_at", "_number", "_shut")

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
        self._day = community.calendar.day_of(start) - 2
        while (next_at := self._upload_at()) < start:
            self._day += 1
        self._next_at = next_at
        self._counter_l = whole((community.plan.seed, "counter", number)) % 900_000
        for injection in befalling:
            if isinstance(injection.incident, Rollover):
                self._counter_l = self._short_of_the_end(injection.window.start_at)

    @property
    def name(self) -> DeviceName:
        """Its address."""
        return DeviceName(METER, self._number)

    def next_at(self) -> Instant:
        """Return when the next day is uploaded."""
        return self._next_at

    def late_by(self, units: int) -> int:
        """A meter tries again at its next daily upload."""
        return units * DAY

    def speak(self, at: Instant) -> Utterance:  # noqa: ARG002 the day is what counts
        """Return the upload of the day, and go on to the next."""
        slots = self._slots(self._day)
        faults: list[str] = []
        replaced = self._replaced_on(self._day)
        if replaced is not None:
            self._counter_l = whole((self._community.plan.seed, "new", replaced)) % _LARGEST_NEW_L
            faults.append("replacement")
        counter_l = self._counter_l + sum(slots)
        if counter_l >= MODULUS_L:
            faults.append("rollover")
        self._counter_l = counter_l % MODULUS_L
        payload = self._upload(slots)
        self._day += 1
        self._next_at = self._upload_at()
        return Utterance(payload, len(slots), tuple(faults))

    def obey(self, command: Command, at: Instant) -> Answer:
        """Open or shut the valve."""
        if command.command == "valve_shut":
            if not self._is_shut(at):
                self._shut += (Window(at, None),)
            return DONE
        if command.command == "valve_open":
            if self._is_shut(at):
                self._shut = (*self._shut[:-1], Window(self._shut[-1].start_at, at))
            return DONE
        return UNKNOWN_COMMAND

    def _upload_at(self) -> Instant:
        plan = self._community.plan
        spread = max(1, milliseconds_of(plan.upload_spread))
        fixed = whole((plan.seed, "upload", self._number)) % spread
        jitter = 10_000 + (self._day * 7_919 + self._number * 104_729) % 50_000
        midnight = self._community.calendar.start_of(self._day + 1)
        return midnight + milliseconds_of(plan.upload_time) + fixed + jitter

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
        for injection in self._befalling:
            if isinstance(injection.incident, Replacement):
                at = injection.window.start_at
                if self._community.calendar.day_of(at) == number:
                    return at
        return None

    def _short_of_the_end(self, at: Instant) -> int:
        """Return the counter to begin with, so that it passes its end on the day of the instant."""
        last = self._community.calendar.day_of(at)
        before = sum(sum(self._slots(number)) for number in range(self._day, last))
        return MODULUS_L - before - (sum(self._slots(last)) + 1) // 2

    def _upload(self, slots: list[int]) -> bytes:
        community = self._community
        day_end = community.calendar.start_of(self._day + 1)
        frozen_at = community.calendar.text_of(day_end + clock_error(self._befalling, day_end))
        increments = ",".join(map(_texts(max(_ORDINARY_L, max(slots) + 1)).__getitem__, slots))
        return (
            f'{{"v":1,"type":"daily","device":"{self.name.device}","frozen_at":"{frozen_at}",'
            f'"slot_minutes":{community.plan.slot_minutes},'
            f'"cumulative_m3":{_m3(self._counter_l)},"reverse_m3":0.0,'
            f'"increments_m3":[{increments}],{self._status(day_end)}}}'
        ).encode()

    def _status(self, day_end: Instant) -> str:
        """The state at the freeze.

        Levels are general knowledge, not from a standard: a new ER26500 cell has 3.6 V and is low
        at 3.3 V; signal is weak below -115 dBm.
        """
        plan, number = self._community.plan, self._number
        home, battery, fix = octets(3, (plan.seed, "meter", number))
        noise = octets(4, (plan.seed, "status", number, self._day))
        generation, installed = self._generation(day_end)
        battery_v = 3.64 - 0.0014 * battery + noise[0] / 25_600 if generation == 0 else 3.65
        rsrp = -72 - home * 50 // 256 - noise[1] % 5
        temperature = 14.5 + 8.5 * warmth(self._day) + (noise[2] - 128) / 128 + fix / 256
        valve = "shut" if self._is_shut(day_end - SECOND) else "open"
        flags = "" if battery_v > 3.3 else '"low_battery"'
        return (
            f'"water_temperature_c":{temperature:.2f},'
            f'"pressure_mpa":{0.24 + home / 2_560 + noise[3] / 25_600:.3f},'
            f'"battery_v":{battery_v:.3f},"rsrp_dbm":{rsrp},"snr_db":{20 + rsrp // 6},'
            f'"ecl":{(rsrp < -105) + (rsrp < -118)},"valve":"{valve}","flags":[{flags}],'
            f'"serial":"{26_000_000 + number}-{generation}","resolution_l":1,'
            f'"transmissions":{self._day - installed + 1}'
        )

    def _generation(self, day_end: Instant) -> tuple[int, int]:
        """Return how often the meter was replaced, and the day on which it was installed."""
        calendar = self._community.calendar
        changes = [
            injection.window.start_at
            for injection in self._befalling
            if isinstance(injection.incident, Replacement) and injection.window.start_at < day_end
        ]
        if changes:
            return len(changes), calendar.day_of(max(changes))
        return 0, 18_000 + self._number % 700


def _m3(litres: int) -> str:
    return f"{litres // 1_000}.{litres % 1_000:03d}"


@lru_cache(maxsize=8)
def _texts(most: int) -> tuple[str, ...]:
    """Return the increments in m3 as text; the table is faster than formatting 48 a day."""
    return tuple(_m3(litres) for litres in range(most))
