"""A simulated gas monitor: it measures the tank below it and switches its fan when told to."""

from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.message import Command
from devices.models.calendar import HOUR, MINUTE, SECOND, warmth
from devices.models.chance import octets, whole
from devices.models.command import DONE, UNKNOWN_COMMAND, Answer
from devices.models.community import MONITOR, Community, DeviceName
from devices.models.injection import Injection, clock_error
from devices.models.scenario import FanFailure, FrozenSensor, GasBuildUp, Incident
from devices.models.simulated import Utterance
from devices.models.tank import Source, Tank, after

FEEDBACK_DELAY = 3 * SECOND
"""After a command the monitor says how the fan reacted; feedback is due within 10 s."""

_HIGH_LEL_PCT = 10.0
"""From here on the monitor reports more often."""
_CALIBRATION_DAYS = 180
"""Calibration every 6 months; general knowledge."""


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
        """Return a measurement; None in a second in which it has measured already."""
        at = at // SECOND * SECOND
        if at <= self._measured_at:
            self._next_at = self._measured_at + SECOND
            return None
        self._advance(at)
        self._measured_at = at
        plan = self._community.plan
        uneasy = self._fan_on or self._tank.ch4_lel_pct >= _HIGH_LEL_PCT
        self._next_at = at + milliseconds_of(plan.gas_alert_period if uneasy else plan.gas_period)
        return Utterance(self._measurement(at), 1)

    def obey(self, command: Command, at: Instant) -> Answer:
        """Start or stop the fan, and soon say how it reacted."""
        if command.command not in ("fan_start", "fan_stop"):
            return UNKNOWN_COMMAND
        self._advance(at)
        self._fan_on = command.command == "fan_start"
        self._next_at = min(self._next_at, at + FEEDBACK_DELAY)
        return DONE

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
        return self._fan_on and self._during(FanFailure, at) is None

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
        gases = self._gases(noise, at, in_ppm=trait[0] < 128)
        measured_at = community.calendar.text_of(at + clock_error(self._befalling, at))
        temperature = 16 + 7 * warmth(day) + noise[4] / 128
        calibration = trait[1] % 120 + day % 90
        status = "ok" if calibration <= _CALIBRATION_DAYS else "calibration_due"
        return (
            f'{{"v":1,"type":"telemetry","device":"{self.name.device}",'
            f'"measured_at":"{measured_at}",{self._gas_text(gases, in_ppm=trait[0] < 128)},'
            f'"temperature_c":{temperature:.1f},"humidity_pct":{88 + noise[5] / 32:.1f},'
            f'"fan":{self._fan_text(at, noise[6])},"sensor_status":"{status}",'
            f'"calibration_age_days":{calibration},"battery_v":{12.2 + noise[7] / 1_280:.2f},'
            f'"rsrp_dbm":{-78 - trait[2] % 30}}}'
        ).encode()

    def _gases(self, noise: bytes, at: Instant, *, in_ppm: bool) -> Gases:
        if self._shown is not None and self._during(FrozenSensor, at) is not None:
            return self._shown
        tank = self._tank
        h2s, co = (1.0, 1.0) if in_ppm else (1.417, 1.164)
        self._shown = Gases(
            f"{tank.ch4_lel_pct + noise[0] / 512:.1f}",
            f"{(tank.h2s_ppm + noise[1] / 1_280) * h2s:.2f}",
            f"{(tank.co_ppm + noise[2] / 1_280) * co:.2f}",
            f"{tank.o2_vol_pct + (noise[3] - 128) / 2_560:.2f}",
        )
        return self._shown

    def _gas_text(self, gases: Gases, *, in_ppm: bool) -> str:
        unit = "ppm" if in_ppm else "mg/m3"
        return (
            f'"ch4_lel_pct":{gases.ch4},"h2s":{{"value":{gases.h2s},"unit":"{unit}"}},'
            f'"co":{{"value":{gases.co},"unit":"{unit}"}},"o2_vol_pct":{gases.o2}'
        )

    def _fan_text(self, at: Instant, noise: int) -> str:
        if self._fan_runs(at):
            return f'{{"running":true,"current_a":{1.7 + noise / 1_280:.2f}}}'
        return '{"running":false,"current_a":0.0}'
