"""The waiting room: where readings of devices wait during a lull."""

from collections.abc import Iterable

from devices.instant import Instant
from devices.reading import Reading
from rules.lull import Lull, lull_of
from rules.memory import Memory
from rules.subject import Subject
from rules.timers import Timers


class WaitingRoom:
    """Lets at most `most` readings of a device wait, and sets its timer for as long; 0 for none."""

    def __init__(self, most: int, timers: Timers) -> None:
        self._most = most
        self._timers = timers
        self._entered: list[Subject] = []
        self._entered_before: list[Subject] = []

    def takes(self, memory: Memory, reading: Reading) -> bool:
        """Return whether a reading can wait; then it does."""
        lull = memory.lull
        if lull is None or len(memory.waiting) >= self._most or not lull.admits(reading):
            return False
        memory.waiting.append(reading)
        self._entered.append(memory.subject)
        if lull.armed_at < memory.armed_at:
            self._set_timer(memory, lull)
        return True

    def open(self, memory: Memory, newest: Reading) -> None:
        """Let the readings after the newest wait, if they may."""
        memory.lull = lull_of(memory, newest) if self._most else None
        if memory.lull is not None and memory.lull.armed_at < memory.armed_at:
            self._set_timer(memory, memory.lull)

    def rings_early(self, memory: Memory, at: Instant) -> bool:
        """Return whether a timer that has rung was set early; then it is set anew."""
        lull = memory.lull
        if lull is None or lull.rings_at <= at:
            return False
        memory.armed_at = lull.armed_at = lull.rings_at
        self._timers.arm(memory.subject, memory.armed_at)
        return True

    def taken(self) -> None:
        """Begin another transaction."""
        self._entered, self._entered_before = [], self._entered

    def discarded(self) -> Iterable[Subject]:
        """Return whose readings wait that were not taken or were taken last, and forget them."""
        entered = (*self._entered_before, *self._entered)
        self._entered, self._entered_before = [], []
        return entered

    def _set_timer(self, memory: Memory, lull: Lull) -> None:
        memory.armed_at = lull.armed_at
        self._timers.arm(memory.subject, memory.armed_at)
