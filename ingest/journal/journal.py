"""The journal: batches in, cursors forward, old readings out."""

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from ingest.journal import outgoing, reading_table, unjudged
from ingest.journal.alert_table import AlertTable
from ingest.journal.alerts import ResetRequest, live_counts, reset_requests
from ingest.journal.batch import Answered, Batch, Committed, DeadLetter
from ingest.journal.command_table import CommandTable
from ingest.journal.commands import StoredCommand, next_overdue, queued_commands
from ingest.journal.consequences import Consequences, Fresh, Judgement, nothing
from ingest.journal.database import JournalUnavailable, open_reader, passing_failures
from ingest.journal.dead_letters import DeadLetterLimits, DeadLetterTable
from ingest.journal.device_table import DeviceTable
from ingest.journal.overrides import (
    OverrideRequest,
    Wanted,
    answer_overrides,
    override_requests,
    overrides_wanted,
)
from ingest.journal.state_table import StateTable
from ingest.journal.tail import Tail
from ingest.journal.writer import Writer
from ingest.registry.store import revision_of
from ingest.sink import Delivery

T = TypeVar("T")
P = ParamSpec("P")
_PRUNED_AT_ONCE = 1_000
_HIGHEST = (1 << 63) - 1

_PRUNABLE = """
SELECT min(seq), min(seq) FILTER (WHERE received_at >= ?1 OR seq > ?2), max(seq)
FROM (SELECT seq, received_at FROM reading ORDER BY seq LIMIT ?3)
"""
_BACKLOG = "SELECT (SELECT min(seq) FROM reading), (SELECT max(seq) FROM reading)"
_FORWARDED = """
INSERT INTO cursor VALUES (?1, ?2) ON CONFLICT (sink) DO UPDATE SET seq = max(seq, ?2)
"""
_DELIVERED = """
INSERT INTO outlet_cursor VALUES (?1, ?2) ON CONFLICT (outlet) DO UPDATE SET seq = max(seq, ?2)
"""
_REMEMBER = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = ?2"


class Journal:
    """The durable record. Each call is a transaction of its own.

    Every method that writes raises JournalUnavailable when nothing of it was kept. One service runs
    on a journal; commands may write beside it.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._writer = Writer(path, self._forget)
        self._transaction = self._writer.transaction
        self._database = self._writer.database
        self._reader = open_reader(path)
        self._folder = path.absolute().parent
        self._devices = DeviceTable(self._database)
        self._tail = Tail()
        self._dead_letters = DeadLetterTable(self._database)
        self._alerts = AlertTable(self._database)
        self._commands = CommandTable(self._database)
        self.states = StateTable(self._database)

    async def commit(self, batch: Batch, judgement: Judgement = nothing) -> Committed:
        """Make the batch durable with what follows from it; return what became of its readings."""
        with passing_failures():
            if self.size_bytes() >= self._max_bytes:
                limit = f"{self._max_bytes / 1e6:g} MB"
                raise JournalUnavailable(f"its limit of {limit} is reached")
        async with self._transaction():
            self.states.begin()
            committed, fresh, stored = reading_table.insert(
                self._database, self._devices, batch.readings
            )
            self._dead_letters.add([*batch.dead_letters, *committed.conflicts])
            for status in batch.statuses:
                self._devices.write_status(status)
            answers = [(reply, self._answered(reply)) for reply in batch.replies]
            committed = committed.with_answers(answers)
            replied = [(reply, answered.orderer) for reply, answered in answers if answered]
            fresh = fresh._replace(replies=replied, last=self.states.judged_to)
            if fresh.readings or fresh.doubted or fresh.replies:
                self._follow(judgement(fresh))
            last = self.states.newest() if stored else 0
            placed = [(each, self._devices.area_of(each)) for each in stored]
        if placed:
            self._tail.add(last, placed)
        return committed

    async def judge(self, judgement: Judgement) -> None:
        """Make durable what follows from something else than readings, such as time."""
        async with self._transaction():
            self.states.begin()
            self._follow(judgement(Fresh((), last=self.states.judged_to)))

    async def answer(self) -> None:
        """Return once a transaction is possible, so none before this hangs."""
        async with self._transaction():
            pass

    async def forwarded(self, sink: str, seq: int, rejected: Sequence[DeadLetter] = ()) -> None:
        """Move the sink's cursor to `seq`, never back, and keep what it will never take."""
        async with self._transaction():
            self._database.execute(_FORWARDED, (sink, seq))
            self._dead_letters.add(rejected)

    async def prune_readings(self, received_before: Instant, forwarded_to: int | None) -> int:
        """Remove some of the oldest readings that arrived before, and return how many.

        Only up to the sequence number `forwarded_to`; None means that no sink waits for any. In
        order of commitment: one that has to stay keeps those behind it.
        At most 1,000 at a time, so that no commit waits long: call until it returns 0.
        """
        last = forwarded_to if forwarded_to is not None else _HIGHEST
        with passing_failures():
            oldest, kept, newest = self._reader.execute(
                _PRUNABLE, (received_before, last, _PRUNED_AT_ONCE)
            ).fetchone()
        if oldest is None or oldest == kept:
            return 0
        below = kept or newest + 1
        async with self._transaction():
            self._tail.drop_before(below)
            return await self._writer.in_thread(self._delete_before, below)

    async def prune_replies(self, received_before: Instant) -> int:
        """Remove some of the answers to commands that arrived before, and return how many.

        At most 1,000 at a time: call until it returns 0.
        """
        async with self._transaction():
            return self._devices.drop_replies(received_before, _PRUNED_AT_ONCE)

    async def prune_dead_letters(self, limits: DeadLetterLimits, now: Instant) -> dict[str, int]:
        """Remove some dead letters beyond the limits; return how many for age and for size.

        At most 1,000 for each cause: call until it returns no more.
        """
        async with self._transaction():
            return await self._writer.in_thread(self._dead_letters.prune, limits, now)

    async def prune_alerts(self, told_before: Instant, delivered_to: int | None = None) -> int:
        """Remove some of the resolved alerts that were last told of before, and return how many.

        Only those whose last transition is at most number `delivered_to`; None means that no outlet
        waits for any. At most 1,000 at a time: call until it returns 0.
        """
        last = delivered_to if delivered_to is not None else _HIGHEST
        async with self._transaction():
            return self._alerts.prune(told_before, last, _PRUNED_AT_ONCE)

    async def delivered(self, outlet: str, seq: int) -> None:
        """Move the outlet's cursor in the transitions of alerts to `seq`."""
        async with self._transaction():
            self._database.execute(_DELIVERED, (outlet, seq))

    def delivered_to(self, outlet: str) -> int:
        """Return how far the outlet has come in the transitions of alerts; 0 before the first."""
        query = "SELECT seq FROM outlet_cursor WHERE outlet = ?"
        row = self._reader.execute(query, (outlet,)).fetchone()
        return int(row[0]) if row else 0

    def read(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return what a query finds in what is committed; JournalUnavailable."""
        with passing_failures():
            return query(self._reader, *args, **kwargs)

    async def prune_commands(self, issued_before: Instant) -> int:
        """Remove some of the commands that were issued before, and return how many.

        At most 1,000 at a time: call until it returns 0.
        """
        async with self._transaction():
            return self._commands.prune(issued_before, _PRUNED_AT_ONCE)

    async def commands_tried(self, tried: Sequence[str], sent: Sequence[str], now: Instant) -> None:
        """Count a try of some commands, and keep which of them the broker has."""
        async with self._transaction():
            self._commands.tried(tried, sent, now)

    async def end_overdue_commands(self, now: Instant) -> list[tuple[str, str, str]]:
        """End the commands that have expired; return kind, command and state of each."""
        async with self._transaction():
            return self._commands.overdue(now)

    def queued_commands(self, most: int) -> list[StoredCommand]:
        """Return the commands that are to be sent, in order."""
        with passing_failures():
            return queued_commands(self._reader, most)

    def next_overdue_command(self) -> Instant | None:
        """Return when the first command under way expires."""
        with passing_failures():
            return next_overdue(self._reader)

    async def drop_dead_letters(self, ids: Sequence[int]) -> int:
        """Remove dead letters and return how many there were."""
        async with self._transaction():
            return self._dead_letters.drop(ids)

    def deliveries_after(self, seq: int, most: int) -> list[Delivery]:
        """Return the next committed readings after `seq`, at most `most`."""
        with passing_failures():
            self._tail.placed(revision_of(self._reader))
            at_hand = self._tail.after(seq, most)
            return at_hand or outgoing.deliveries_after(self._reader, seq, most)

    def cursor(self, sink: str) -> int:
        """Return how far the sink has come; 0 before its first reading."""
        row = self._reader.execute("SELECT seq FROM cursor WHERE sink = ?", (sink,)).fetchone()
        return int(row[0]) if row else 0

    def backlog(self, seq: int) -> int:
        """Count the readings after `seq`; the numbers have no gaps, so none is read for it."""
        first, last = self._reader.execute(_BACKLOG).fetchone()
        return 0 if last is None else max(0, last - max(seq, first - 1))

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

    def live_alerts(self) -> dict[tuple[str, int, str, str], int]:
        """Count the alerts that are not resolved by rule, severity, visible state and areas."""
        return live_counts(self._reader)

    def reset_requests(self) -> list[ResetRequest]:
        """Return the latches that people want reset."""
        with passing_failures():
            return reset_requests(self._reader)

    def unjudged(self, most: int) -> Sequence[tuple[int, Reading]]:
        """Return readings that wait to be judged with their numbers, each device's in order."""
        with passing_failures():
            return unjudged.waiting(self._reader, most)

    def override_requests(self) -> list[OverrideRequest]:
        """Return what people want of devices."""
        with passing_failures():
            return override_requests(self._reader)

    def overrides_wanted(self, now: Instant) -> list[Wanted]:
        """Return what people have taken over; for the loop's thread."""
        return overrides_wanted(self._reader, now)

    @property
    def reader(self) -> sqlite3.Connection:
        """A connection that reads what is committed, for the loop's thread."""
        return self._reader

    def device_count(self) -> int:
        """Count the devices a message ever came from."""
        (number,) = self._reader.execute("SELECT count(*) FROM device WHERE seen = 1").fetchone()
        return int(number)

    def unregistered_count(self) -> int:
        """Count the devices a message came from that no registry knows."""
        query = "SELECT count(*) FROM device WHERE seen = 1 AND area IS NULL"
        (number,) = self._reader.execute(query).fetchone()
        return int(number)

    @property
    def max_bytes(self) -> int:
        """From this size on nothing more is taken."""
        return self._max_bytes

    def disk_free_bytes(self) -> int:
        """Return what the disk of the journal still takes from us; OSError if it is gone."""
        return shutil.disk_usage(self._folder).free

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
            self._database.execute(_REMEMBER, (key, value))

    async def close(self) -> None:
        """Fold the write-ahead log in and close the file."""
        await self._writer.close(self._reader.close)

    def _forget(self) -> None:
        self._devices.forget()
        self._tail.clear()

    def _answered(self, reply: Reply) -> Answered | None:
        self._devices.write_reply(reply)
        return self._commands.answer(reply)

    def _follow(self, consequences: Consequences) -> None:
        self.states.write(consequences.states)
        self._alerts.write(consequences.changes)
        self._alerts.answer(consequences.answers)
        if consequences.commands:
            self._commands.add(consequences.commands)
        if consequences.proofs:
            self._commands.prove(consequences.proofs)
        if consequences.withdrawn:
            self._commands.withdraw(consequences.withdrawn)
        if consequences.taken_over:
            answer_overrides(self._database, consequences.taken_over)
        self._database.executemany(_REMEMBER, consequences.words.items())
        unjudged.note(self._database, consequences.unjudged)
        unjudged.strike_off(self._database, consequences.judged)
        if consequences.beside:
            consequences.beside(self._database)

    def _delete_before(self, seq: int) -> int:
        self._database.execute("DELETE FROM unjudged WHERE reading < ?", (seq,))
        return self._database.execute("DELETE FROM reading WHERE seq < ?", (seq,)).rowcount

    def _pragma(self, name: str) -> int:
        return int(self._reader.execute(f"PRAGMA {name}").fetchone()[0])
