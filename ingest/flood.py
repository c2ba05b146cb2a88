"""The flood gate: one device can't take the service's time from the others.

A broker hands on what it has in the order it came, and Mosquitto 2.0 knows no bound on what one
client says. So a device that never stops would be ahead of all others in every batch. Decision:
what a device says above a bound is counted, acknowledged and let go. Given up: those messages. Not
to acknowledge them would hold up everyone. A message of 64 KiB costs as much as hundreds of
readings, so it counts as many.
"""

from devices.instant import Instant

WINDOW_MS = 10_000
"""Ten seconds: an alarm of a device that floods is judged with the next window at the latest."""


_COUNTED_ONCE = 256
"""Bytes; a reading of any kind takes 150 to 250."""


class FloodGate:
    """Counts what devices say within a window; holds no more than the devices of one window."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._window = 0
        self._counts: dict[str, int] = {}

    def takes(self, device: str, at: Instant, size: int = 0) -> bool:
        """Return whether a message of so many bytes is within the bound; always if that is 0."""
        if not self._most:
            return True
        if at // WINDOW_MS != self._window:
            self._window = at // WINDOW_MS
            self._counts.clear()
        count = self._counts.get(device, 0) + 1 + size // _COUNTED_ONCE
        self._counts[device] = count
        return count <= self._most
