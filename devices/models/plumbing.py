"""Plumbing: what incidents make of the water that a household takes, slot by slot."""

from collections.abc import Callable

from devices.instant import Instant, milliseconds_of
from devices.models.calendar import HOUR, Window
from devices.models.incident import (
    Burst,
    CrowdedDwelling,
    FrozenSensor,
    Holiday,
    Incident,
    Leak,
    PersonInactive,
    ReverseFlow,
    RunningToilet,
    SupplyCut,
    Tamper,
)


class Day:
    """One home's day while incidents change it; `slots` holds whole litres, oldest first."""

    def __init__(self, start_at: Instant, slots: list[int], slot_ms: int) -> None:
        self.start_at = start_at
        self.slots = slots
        self._slot_ms = slot_ms

    def scale(self, window: Window, factor: float) -> None:
        """Multiply what is taken in the slots that begin within the window."""
        for index, litres in enumerate(self.slots):
            if window.covers(self.start_at + index * self._slot_ms):
                self.slots[index] = int(litres * factor)

    def add(self, window: Window, litres_after: Callable[[int], int]) -> None:
        """Add a flow, given the litres that have run so many milliseconds after it began."""
        before = litres_after(window.elapsed(self.start_at))
        for index in range(len(self.slots)):
            slot_end = self.start_at + (index + 1) * self._slot_ms
            after = litres_after(window.elapsed(slot_end))
            self.slots[index] += after - before
            before = after


ORDER = (
    Holiday, PersonInactive, CrowdedDwelling, Leak, Burst, RunningToilet, SupplyCut, ReverseFlow,
    FrozenSensor, Tamper,
)  # fmt: skip
"""In which incidents change a day: people first, then pipes, then the meter."""


def befall(day: Day, incident: Incident, window: Window, occupants: int) -> None:
    """Let an incident change the day; one that has nothing to do with water doesn't."""
    match incident:
        case Holiday() | SupplyCut() | ReverseFlow() | FrozenSensor() | Tamper():
            day.scale(window, 0)
        case PersonInactive():
            day.scale(window, (occupants - 1) / occupants)
        case CrowdedDwelling(persons=persons):
            day.scale(window, max(1.0, persons / occupants))
        case Leak(litres_per_hour=flow) | Burst(litres_per_hour=flow):
            day.add(window, lambda elapsed: int(flow * elapsed / HOUR))
        case RunningToilet(interval=interval, litres=litres):
            every = milliseconds_of(interval)
            day.add(window, lambda elapsed: int(litres * (elapsed // every)))
        case _:
            pass
