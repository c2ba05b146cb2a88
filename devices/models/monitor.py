"""A simulated gas monitor: it measures the tank below it and switches its fan when told to."""

from math import cos, pi
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.kinds.gas_monitor.fields import SensorStatus
from devices.message import Command
from devices.models.calendar import DAY, HOUR, MINUTE, SECOND, warmth
from devices.models.chance import octets, whole
from devices.models.command import DONE, UNKNOWN_COMMAND, Answer
from devices.models.community import MONITOR, Community, DeviceName
from devices.models.incident import FanFailure, FrozenSensor, GasBuildUp, Incident, SensorFault
from devices.models.injection import Injection, clock_error
from devices.models.power import mains_cut, without_power
from devices.models.simulated import Utterance
from devices.models.tank import Source, Tank, after
from devices.units import Concentration, mg_per_m3

FEEDBACK_DELAY = 3 * SECOND
"""After a command the monitor says how the fan reacted; feedback is due within 10 s."""

_HIGH_LEL_PCT = 10.0
"""From here on the monitor reports more often."""
_CALIBRATION_DAYS = 180
"""Calibration every 6 months; general knowledge."""
_WARMEST_HOUR = 16
_WARM_UP = 2 * MINUTE
"""After power-up the sensors need 90 to 120 s."""
_FULL_SCALE_LEL_PCT = 100.0
"""What a sensor of combustible gas shows at most; general knowledge."""
_WITHOUT_GAS = ("warming_up", "fault", "flooded")
"""In these states the sensors show nothing that could be relied on."""


class Gases(NamedTuple):
    """What the sensors show, as text."""

    ch4: str
    h2s: str
    co: str
    o2: str


class Monitor:
    """One monitor. The tank is carried forward in exact steps, whenever something is asked."""

    __slots__ = (
        "_befalling", "_community", "_fan_on", "_measured_at", "_next_at", "_number", "_reached_at",
        "_shown", "_tank",
    )  # fmt: skip

    def __init__(
        self, number: int, community: Community, befalling: tuple[Injection, ...], start: Instant
    ) -> None:
        self._number = number
        self._community = community
        self._befalling = befalling
        self._fan_on = False
        period = milliseconds_of(community.plan.gas_period)
        phase = whole((community.plan.seed, "phase", number)) % max(1, period // SECOND)
        self._next_at = -(-start // SECOND) * SECOND + phase * SECOND
        self._measured_at = self._next_at - period
        self._reached_at = start
        self._tank = Tank(*self._ordinary_source())
        self._shown: Gases | None = None

    @property
    def name(self) -> DeviceName:
        """Its address."""
        return DeviceName(MONITOR, self._number)

    def next_at(self) -> Instant:
        """Return when the next measurement is due."""
        return self._next_at

    def late_by(self, units: int) -> int:
        """A monitor tries again within minutes."""
        return units * MINUTE

    def speak(self, at: Instant) -> Utterance | None:
        """Return a measurement.

        None in a second in which it has measured already, and without power.
        """
        at = at // SECOND * SECOND
        if at <= self._measured_at:
            self._next_at = self._measured_at + SECOND
            return None
        self._advance(at)
        cut = mains_cut(self._befalling, at)
        if cut is not None:
            self._fan_on = False
            self._next_at = -(-(cut.end_at or at + DAY) // SECOND) * SECOND
            return None
        self._measured_at = at
        self._next_at = at + self._pause(at)
        return Utterance(self._measurement(at), 1)

    def obey(self, command: Command, at: Instant) -> Answer:
        """Start or stop the fan, and soon say how it reacted."""
        if command.command not in ("fan_start", "fan_stop"):
            return UNKNOWN_COMMAND
        self._advance(at)
        self._fan_on = command.command == "fan_start"
        self._next_at = min(self._next_at, at + FEEDBACK_DELAY)
        return DONE

    def _pause(self, at: Instant) -> int:
        """Return the milliseconds to the next measurement, or to a power cut before it."""
        plan = self._community.plan
        uneasy = self._fan_on or self._tank.ch4_lel_pct >= _HIGH_LEL_PCT
        pause = milliseconds_of(plan.gas_alert_period if uneasy else plan.gas_period)
        if self._is_warming_up(at):
            pause = min(pause, _WARM_UP)
        cuts = (one.window.start_at for one in self._befalling if without_power(self.name, one))
        return min((cut - at for cut in cuts if 0 < cut - at < pause), default=pause)

    def _is_warming_up(self, at: Instant) -> bool:
        ends = (one.window.end_at for one in self._befalling if without_power(self.name, one))
        return any(end is not None and end <= at < end + _WARM_UP for end in ends)

    def _advance(self, at: Instant) -> None:
        """Carry the tank forward, from one change of its source to the next."""
        changes = {at} | {
            change
            for injection in self._befalling
            for change in injection.window
            if change is not None and self._reached_at < change < at
        }
        for change in sorted(changes):
            hours = max(0, change - self._reached_at) / HOUR
            source = self._source(self._reached_at)
            self._tank = after(self._tank, hours, source, fan_runs=self._fan_runs(self._reached_at))
            self._reached_at = max(self._reached_at, change)

    def _fan_runs(self, at: Instant) -> bool:
        powered = mains_cut(self._befalling, at) is None
        return self._fan_on and powered and self._during(FanFailure, at) is None

    def _source(self, at: Instant) -> Source:
        ordinary = self._ordinary_source()
        build_up = self._during(GasBuildUp, at)
        if not isinstance(build_up, GasBuildUp):
            return ordinary
        worse = build_up.level_lel_pct / ordinary.ch4_lel_pct
        return Source(
            build_up.level_lel_pct,
            min(60.0, ordinary.h2s_ppm * worse),
            min(100.0, ordinary.co_ppm * worse),
        )

    def _ordinary_source(self) -> Source:
        ch4, h2s, co = octets(3, (self._community.plan.seed, "tank", self._number))
        return Source(2.0 + ch4 / 128, 0.3 + h2s / 256, 0.5 + co / 256)

    def _during(self, kind: type[Incident], at: Instant) -> Incident | None:
        for injection in self._befalling:
            if isinstance(injection.incident, kind) and injection.window.covers(at):
                return injection.incident
        return None

    def _measurement(self, at: Instant) -> bytes:
        community = self._community
        seed, day = community.plan.seed, community.calendar.day_of(at)
        noise = octets(8, (seed, "gas", self._number, at))
        trait = octets(4, (seed, "monitor", self._number))
        measured_at = community.calendar.text_of(at + clock_error(self._befalling, at))
        calibration = trait[1] % 120 + day % 90
        status = self._status(at, calibration)
        gases = "" if status in _WITHOUT_GAS else self._gas_text(noise, at, in_ppm=trait[0] < 128)
        warmest_h = (at - community.calendar.start_of(day)) / HOUR - _WARMEST_HOUR
        temperature = 17 + 7 * warmth(day) + 1.5 * cos(warmest_h / 12 * pi) + noise[4] / 640
        humidity = 100 if status == "flooded" else 88 + noise[5] / 32
        return (
            f'{{"v":1,"type":"telemetry","device":"{self.name.device}",'
            f'"measured_at":"{measured_at}",{gases}'
            f'"temperature_c":{temperature:.1f},"humidity_pct":{humidity:.1f},'
            f'"fan":{self._fan_text(at, noise[6])},"sensor_status":"{status}",'
            f'"calibration_age_days":{calibration},"battery_v":{12.2 + noise[7] / 1_280:.2f},'
            f'"rsrp_dbm":{-78 - trait[2] % 30}}}'
        ).encode()

    def _status(self, at: Instant, calibration_days: int) -> SensorStatus:
        """Return the gravest of what there is to say."""
        if self._is_warming_up(at):
            return "warming_up"
        fault = self._during(SensorFault, at)
        if isinstance(fault, SensorFault):
            return fault.status
        if self._tank.ch4_lel_pct > _FULL_SCALE_LEL_PCT:
            return "over_range"
        return "ok" if calibration_days <= _CALIBRATION_DAYS else "calibration_due"

    def _gas_text(self, noise: bytes, at: Instant, *, in_ppm: bool) -> str:
        gases = self._gases(noise, at, in_ppm=in_ppm)
        unit = "ppm" if in_ppm else "mg/m3"
        return (
            f'"ch4_lel_pct":{gases.ch4},"h2s":{{"value":{gases.h2s},"unit":"{unit}"}},'
            f'"co":{{"value":{gases.co},"unit":"{unit}"}},"o2_vol_pct":{gases.o2},'
        )

    def _gases(self, noise: bytes, at: Instant, *, in_ppm: bool) -> Gases:
        if self._shown is not None and self._during(FrozenSensor, at) is not None:
            return self._shown
        tank = self._tank
        h2s, co = tank.h2s_ppm + noise[1] / 1_280, tank.co_ppm + noise[2] / 1_280
        if not in_ppm:
            h2s, co = (mg_per_m3(*gas, Concentration.PPM) for gas in (("h2s", h2s), ("co", co)))
        self._shown = Gases(
            f"{min(tank.ch4_lel_pct + noise[0] / 512, _FULL_SCALE_LEL_PCT):.1f}",
            f"{h2s:.2f}",
            f"{co:.2f}",
            f"{tank.o2_vol_pct + (noise[3] - 128) / 2_560:.2f}",
        )
        return self._shown

    def _fan_text(self, at: Instant, noise: int) -> str:
        if self._fan_runs(at):
            return f'{{"running":true,"current_a":{1.7 + noise / 1_280:.2f}}}'
        return '{"running":false,"current_a":0.0}'
