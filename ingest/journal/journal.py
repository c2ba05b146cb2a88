"""The journal's one writer: batches in, cursors forward, old readings out.

Context: writing rows gives the interpreter lock away and takes it back for every row; from a second
thread each of those waits for the event loop, thousands of times a batch.
Decision: rows are written on the loop's thread, a few microseconds each, and only what waits for
the disk, the COMMIT, runs in the writer's thread. Given up: a loop that never pauses (about 5 ms
for a batch of 2,000).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from devices.instant import Instant
from ingest.journal import outgoing, reading_table
from ingest.journal.batch import Batch, Committed, DeadLetter
from ingest.journal.database import (
    JournalUnavailable,
    open_reader,
    open_writer,
    passing_failures,
)
from ingest.journal.dead_letters import DeadLetterLimits, DeadLetterTable
from ingest.journal.device_table import DeviceTable
from ingest.sink import Delivery

T = TypeVar("T")
_PRUNED_AT_ONCE = 5_000


class Journal:
    """The durable record. One process writes batches; each call is a transaction of its own.

    Every method that writes raises JournalUnavailable when nothing of it was kept.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._database = open_writer(path)
        self._reader = open_reader(path)
        self._devices = DeviceTable(self._database)
        self._dead_letters = DeadLetterTable(self._database)
        self._thread = ThreadPoolExecutor(1, "journal")
        self._turn = asyncio.Lock()

    async def commit(self, batch: Batch) -> Committed:
        """Make the batch durable and return what became of its readings."""
        with passing_failures():
            if self.size_bytes() >= self._max_bytes:
                limit = f"{self._max_bytes / 1e6:g} MB"
                raise JournalUnavailable(f"journal: its limit of {limit} is reached")
        async with self._transaction():
            committed = reading_table.insert(self._database, self._devices, batch.readings)
            self._dead_letters.add([*batch.dead_letters, *committed.conflicts])
            for status in batch.statuses:
                self._devices.write_status(status)
            for reply in batch.replies:
                self._devices.write_reply(reply)
        return committed

    async def forwarded(self, sink: str, seq: int, rejected: Sequence[DeadLetter] = ()) -> None:
        """Move the sink's cursor to `seq`, and keep what it will never take."""
        async with self._transaction():
            self._database.execute(
                "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (sink) DO UPDATE SET seq = ?2",
                (sink, seq),
            )
            self._dead_letters.add(rejected)

    async def prune_readings(self, received_before: Instant, forwarded_to: int | None) -> int:
        """Remove some of the oldest readings that arrived before, and return how many.

        Only up to the sequence number `forwarded_to`; None means that no sink waits for any.
        At most 5,000 at a time, so that no commit waits long: call until it returns 0.
        """
        oldest = self._reader.execute(
            "SELECT seq, received_at FROM reading ORDER BY seq LIMIT ?", (_PRUNED_AT_ONCE,)
        ).fetchall()
        due = [
            seq
            for seq, received_at in oldest
            if received_at < received_before and (forwarded_to is None or seq <= forwarded_to)
        ]
        if not due:
            return 0
        async with self._transaction():
            return await self._in_thread(self._delete_up_to, due[-1])

    async def prune_dead_letters(self, limits: DeadLetterLimits, now: Instant) -> dict[str, int]:
        """Remove dead letters beyond the limits; return how many for age and for size."""
        async with self._transaction():
            return self._dead_letters.prune(limits, now)

    async def drop_dead_letters(self, ids: Sequence[int]) -> int:
        """Remove dead letters and return how many there were."""
        async with self._transaction():
            return self._dead_letters.drop(ids)

    def deliveries_after(self, seq: int, most: int) -> list[Delivery]:
        """Return the next committed readings after `seq`, at most `most`."""
        with passing_failures():
            return outgoing.deliveries_after(self._reader, seq, most)

    def cursor(self, sink: str) -> int:
        """Return how far the sink has come; 0 before its first reading."""
        row = self._reader.execute("SELECT seq FROM cursor WHERE sink = ?", (sink,)).fetchone()
        return int(row[0]) if row else 0

    def backlog(self, seq: int) -> int:
        """Count the readings after `seq`; it reads them all, so ask at the start and keep count."""
        return self._number("SELECT count(*) FROM reading WHERE seq > ?", seq)

    def oldest_after(self, seq: int) -> Instant | None:
        """Return when the first reading after `seq` arrived, or None if there is none."""
        query = "SELECT received_at FROM reading WHERE seq > ? ORDER BY seq LIMIT 1"
        row = self._reader.execute(query, (seq,)).fetchone()
        return int(row[0]) if row else None

    def area_of(self, kind: str, device: str) -> str | None:
        """Return the area code of a device, None where it is not known."""
        query = "SELECT area FROM device WHERE kind = ? AND name = ?"
        row = self._reader.execute(query, (kind, device)).fetchone()
        return row[0] if row else None

    def device_count(self) -> int:
        """Count the devices ever seen."""
        return self._number("SELECT count(*) FROM device")

    def size_bytes(self) -> int:
        """Return the bytes in use: pages that hold something, without the write-ahead log."""
        pages = self._pragma("page_count") - self._pragma("freelist_count")
        return pages * self._pragma("page_size")

    def remembered(self, key: str) -> str | None:
        """Return what `remember` kept under the key."""
        row = self._reader.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    async def remember(self, key: str, value: str) -> None:
        """Keep a word across restarts."""
        async with self._transaction():
            self._database.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = ?2",
                (key, value),
            )

    async def close(self) -> None:
        """Fold the write-ahead log in and close the file."""
        async with self._turn:
            self._reader.close()
            await self._in_thread(self._database.close)
            self._thread.shutdown()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        async with self._turn:
            with passing_failures():
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    await self._in_thread(self._database.execute, "COMMIT")
                except BaseException:
                    self._roll_back()
                    raise

    def _roll_back(self) -> None:
        self._devices.forget()
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    async def _in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a call that waits for the disk. A cancelled caller still waits for its end."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait((running,))
            raise

    def _delete_up_to(self, seq: int) -> int:
        return self._database.execute("DELETE FROM reading WHERE seq <= ?", (seq,)).rowcount

    def _pragma(self, name: str) -> int:
        return int(self._reader.execute(f"PRAGMA {name}").fetchone()[0])

    def _number(self, query: str, *parameters: object) -> int:
        return int(self._reader.execute(query, parameters).fetchone()[0])
