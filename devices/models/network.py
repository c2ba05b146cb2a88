"""The network between devices and broker: what arrives when, if it does."""

from collections import Counter
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.models.calendar import SECOND, Window
from devices.models.chance import octets
from devices.models.community import Community, DeviceName
from devices.models.incident import Duplicate, Late, Lost
from devices.models.injection import Injection, Injections, is_cut_off
from devices.models.power import without_power
from devices.models.simulated import SimulatedDevice

_BURST_S = 120
"""After an outage everything that was kept arrives within so many seconds."""
_MOST_LATE = 7
"""Units of lateness; a meter's unit is a day."""


class Draw(NamedTuple):
    """The luck of one message; shares from 0 to 1."""

    fate: float
    repeat: float
    units: int
    after_s: int
    burst_ms: int


class Network:
    """Decides the arrivals of each message by the plan's habits and the scenario's incidents."""

    def __init__(self, community: Community, befalling: Injections, faults: Counter[str]) -> None:
        self._community = community
        self._injections = befalling
        self._habits = community.plan.network
        self._faults = faults

    def arrivals(self, device: SimulatedDevice, at: Instant) -> list[Instant]:
        """Return when a message sent at the instant arrives, in order; no instant if it is lost."""
        name = device.name
        draw = _draw(octets(14, (self._community.plan.seed, *name, at)))
        befalling = self._injections.of(name)
        lost, late, repeated = self._fate(draw)
        delay = device.late_by(draw.units) if late else 0
        for injection in befalling:
            if injection.window.covers(at):
                match injection.incident:
                    case Lost():
                        lost = True
                    case Late(by=by):
                        delay = milliseconds_of(by)
                    case Duplicate():
                        repeated = True
        if lost:
            self._faults["lost"] += 1
            return []
        self._faults["late"] += delay > 0
        self._faults["duplicate"] += repeated
        first = at + delay
        sent = [first, first + draw.after_s * SECOND] if repeated else [first]
        return sorted(self.through(device, instant, draw.burst_ms) for instant in sent)

    def through(self, device: SimulatedDevice, at: Instant, burst_ms: int = 0) -> Instant:
        """Return the instant, or one shortly after the outage in which it falls."""
        while (ending := self._ending(device.name, at)) is not None:
            at = ending + burst_ms
        return at

    def _fate(self, draw: Draw) -> tuple[bool, bool, bool]:
        lost = draw.fate < self._habits.lost
        late = not lost and draw.fate < self._habits.lost + self._habits.late
        return lost, late, draw.repeat < self._habits.duplicate

    def _ending(self, name: DeviceName, at: Instant) -> Instant | None:
        """Return when a device can be reached again, None if it can be at the instant."""
        endings = (
            silence.end_at
            for one in (*self._injections.of(name), *self._injections.wide_outages)
            if (silence := self._silence(name, one)) is not None and silence.covers(at)
        )
        return max((ending for ending in endings if ending is not None), default=None)

    def _silence(self, name: DeviceName, injection: Injection) -> Window | None:
        if is_cut_off(name, injection, self._community):
            return injection.window
        return without_power(name, injection)


def _draw(drawn: bytes) -> Draw:
    """Cut octets into what they decide; this runs once for every message."""
    return Draw(
        int.from_bytes(drawn[:4]) / 2**32,
        int.from_bytes(drawn[4:8]) / 2**32,
        1 + drawn[8] % _MOST_LATE,
        2 + int.from_bytes(drawn[9:11]) % 600,
        int.from_bytes(drawn[11:14]) % (_BURST_S * SECOND),
    )
