"""The devices the journal knows, by kind and name, with what is asked of them at every reading."""

import sqlite3
from collections.abc import Callable

from devices.instant import Instant
from devices.message import Reply, StatusReport
from devices.reading import Reading

MOST_CACHED = 1_000_000
"""Devices kept in memory, about 300 bytes each; beyond it the cache starts anew."""

NEVER = -(1 << 62)
"""Earlier than any instant."""


class Slot:
    """A device's row, its area, and the newest instant a reading of it is stored for."""

    __slots__ = ("area", "id", "newest_at")

    def __init__(self, row: int, area: str | None, newest_at: Instant | None) -> None:
        self.id = row
        self.area = area
        self.newest_at = NEVER if newest_at is None else newest_at


class _Slots(dict[tuple[str, str], Slot]):
    """The slots in memory by kind and name. A dictionary, because it is asked at every reading."""

    def __init__(self, load: Callable[[str, str], Slot]) -> None:
        super().__init__()
        self._load = load

    def __missing__(self, device: tuple[str, str]) -> Slot:
        if len(self) >= MOST_CACHED:
            self.clear()
        slot = self[device] = self._load(*device)
        return slot


class DeviceTable:
    """Finds a device's row, making it at the first message; part of the caller's transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.slots = _Slots(self._load)
        """The slot of each device, by kind and name."""

    def area_of(self, reading: Reading) -> str | None:
        """Return where the device of a reading stands that was stored in this transaction."""
        return self.slots[reading[1], reading[0]].area

    def forget(self) -> None:
        """Drop what is cached: it was rolled back, or another process has written since."""
        self.slots.clear()

    def write_status(self, report: StatusReport) -> None:
        """Keep whether the device is online; the report that arrived last stands.

        A last will comes from the broker and knows no device time, so arrival decides, not `at`.
        """
        self._database.execute(
            "UPDATE device SET online = ?, status_at = ? WHERE id = ?",
            (report.online, report.at, self.slots[report.kind, report.device].id),
        )

    def write_reply(self, reply: Reply) -> None:
        """Keep the device's answer to a command; the same answer again changes nothing."""
        row = self.slots[reply.kind, reply.device].id
        self._database.execute(
            "INSERT INTO reply VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (row, reply.id, reply.result, reply.reason, reply.at, reply.received_at),
        )

    def drop_replies(self, received_before: Instant, most: int) -> int:
        """Remove some of the answers that arrived before, at most so many; return how many."""
        return self._database.execute(
            "DELETE FROM reply WHERE (device, command, result) IN (SELECT device, command, result"
            " FROM reply WHERE received_at < ? ORDER BY received_at LIMIT ?)",
            (received_before, most),
        ).rowcount

    def _load(self, kind: str, name: str) -> Slot:
        self._database.execute(
            "INSERT INTO device (kind, name, seen) VALUES (?, ?, 1)"
            " ON CONFLICT (kind, name) DO UPDATE SET seen = 1 WHERE seen = 0",
            (kind, name),
        )
        row = self._database.execute(
            "SELECT id, area, (SELECT max(measured_at) FROM reading WHERE device = device.id)"
            " FROM device WHERE kind = ? AND name = ?",
            (kind, name),
        ).fetchone()
        return Slot(*row)
