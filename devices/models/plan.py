"""The plan of a simulated fleet: how many devices, and how they and the network behave."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkHabits:
    """How often the network and the devices misbehave by themselves; shares from 0 to 1.

    The shares are general knowledge, not from a standard; that each of these happens is from field
    reports on NB-IoT meters.
    """

    duplicate: float = 0.01
    """Share of messages that arrive twice."""
    lost: float = 0.002
    """Share of messages that never arrive."""
    late: float = 0.005
    """Share of messages that arrive late: a meter's day by 1 to 7 days, the rest by minutes."""
    clock_drift: float = 0.05
    """Share of devices whose clock is wrong, by at most 4 minutes."""
    rollover: float = 0.001
    """Share of meters whose counter rolls over within 30 days of the start."""
    replacement: float = 0.002
    """Share of meters that are replaced within 30 days of the start."""
    mishap: float = 0.02
    """Share of devices to which something else happens within 30 days of the start: the supply or
    the power is cut, water runs back, a device is cut off or tampered with, a sensor fails."""

    @property
    def befalls_devices(self) -> bool:
        """Whether anything befalls devices, besides what befalls single messages."""
        return bool(self.clock_drift or self.rollover or self.replacement or self.mishap)


STEADY = NetworkHabits(
    duplicate=0, lost=0, late=0, clock_drift=0, rollover=0, replacement=0, mishap=0
)
"""A network and devices that do nothing wrong unless a scenario says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """What to simulate. The same plan, start and scenario give the same bytes."""

    homes: int
    """Homes, each with a water meter."""
    doors: int
    gas_monitors: int
    seed: int
    utc_offset: timedelta = timedelta(hours=8)
    """What the local clocks show ahead of UTC."""
    slot_minutes: int = 30
    """The slots of a meter's day: 15, 30 or 60 minutes."""
    upload_time: timedelta = timedelta(hours=4)
    """Local time of the daily upload; 04:00 in a real capture."""
    upload_spread: timedelta = timedelta(minutes=30)
    """Over which the meters' fixed upload times are spread. The 10 to 60 s of Fujian
    DB35/T 2106-2022 come on top of it, drawn anew each day."""
    gas_period: timedelta = timedelta(minutes=5)
    gas_alert_period: timedelta = timedelta(minutes=1)
    """The period of a gas monitor while gas is high or the fan runs."""
    heartbeat_period: timedelta = timedelta(hours=1)
    """Between two heartbeats of a door."""
    network: NetworkHabits = NetworkHabits()

    def __post_init__(self) -> None:
        """Refuse a plan that no fleet can follow, by ValueError."""
        if min(self.homes, self.doors, self.gas_monitors) < 0:
            raise ValueError("homes, doors, gas_monitors: expected 0 or more")
        if self.slot_minutes not in (15, 30, 60):
            raise ValueError(f"slot_minutes: expected 15, 30 or 60, not {self.slot_minutes}")
