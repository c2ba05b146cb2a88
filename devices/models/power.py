"""Power: what a cut of the mains does to doors, which have a battery, and to gas monitors.

How long batteries last and what they show is general knowledge, not from a standard.
"""

from devices.instant import Instant
from devices.models.calendar import HOUR, Window
from devices.models.community import DOOR, DeviceName
from devices.models.incident import PowerCut
from devices.models.injection import Injection

BATTERY_LASTS = 4 * HOUR
BATTERY_LOW_AFTER = 3 * HOUR
_FALL_V_PER_H = 0.5


def mains_cut(befalling: tuple[Injection, ...], at: Instant) -> Window | None:
    """Return the power cut that a device suffers at the instant."""
    cuts = (one.window for one in befalling if isinstance(one.incident, PowerCut))
    return next((cut for cut in cuts if cut.covers(at)), None)


def without_power(name: DeviceName, injection: Injection) -> Window | None:
    """Return when an incident leaves a device without any power, the battery of a door included."""
    if not isinstance(injection.incident, PowerCut):
        return None
    start_at, end_at = injection.window
    empty_at = start_at + BATTERY_LASTS if name.kind == DOOR else start_at
    return Window(empty_at, end_at) if end_at is None or empty_at < end_at else None


def battery_fall_v(cut: Window, at: Instant) -> float:
    """Return by how many volts the battery of a door has fallen since the mains did."""
    return _FALL_V_PER_H * cut.elapsed(at) / HOUR
