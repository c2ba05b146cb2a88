"""Whatever the order of commits, forwarding, pruning and crashes, the journal keeps its word."""

import asyncio
import shutil
import tempfile
from itertools import takewhile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ingest.journal.batch import Batch
from ingest.journal.database import open_reader
from ingest.journal.history import latest
from ingest.journal.journal import Journal
from tests.journal.readings import (
    NO_LIMIT,
    letters_in,
    numbers_in,
    reading,
    rows_of,
)

DEVICES = ("wm-1", "wm-2", "wm-3")
SINKS = ("a", "b")
MEASURED = st.tuples(st.sampled_from(DEVICES), st.integers(0, 30), st.sampled_from([1.0, 2.0]))


class JournalMachine(RuleBasedStateMachine):
    """A journal, and beside it what it has promised so far."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = Path(tempfile.mkdtemp(prefix="gridwatch-test-"))
        self._copies = 0
        self._path = self._folder / "0.db"
        self._journal = self._open()
        self._values: dict[tuple[str, int], float] = {}
        self._order: list[tuple[str, int]] = []
        self._pruned = 0
        self._conflicts: set[tuple[str, int, float]] = set()
        self._cursors = dict.fromkeys(SINKS, 0)

    @rule(measured=st.lists(MEASURED, max_size=12))
    def commit(self, measured: list[tuple[str, int, float]]) -> None:
        readings = [
            reading(minute, device, {"cumulative_m3": value}) for device, minute, value in measured
        ]
        committed = self._runner.run(self._journal.commit(Batch(readings)))
        stored, duplicates, conflicts = 0, 0, 0
        for device, minute, value in measured:
            known = self._values.get((device, minute))
            if known is None:
                self._values[device, minute] = value
                self._order.append((device, minute))
                stored += 1
            elif known == value:
                duplicates += 1
            else:
                self._conflicts.add((device, minute, value))
                conflicts += 1
        counted = (
            committed.stored.total(), committed.duplicates.total(), len(committed.conflicts),
        )  # fmt: skip
        assert counted == (stored, duplicates, conflicts)

    @rule(sink=st.sampled_from(SINKS), most=st.integers(1, 20))
    def forward(self, sink: str, most: int) -> None:
        cursor = self._cursors[sink]
        batch = self._journal.deliveries_after(cursor, most)
        assert [(each.reading.device, each.reading.measured_at) for each in batch] == [
            (device, reading(minute).measured_at)
            for device, minute in self._order[cursor : cursor + most]
        ]
        if batch:
            self._runner.run(self._journal.forwarded(sink, batch[-1].seq))
            self._cursors[sink] = batch[-1].seq

    @rule(minute=st.integers(0, 40))
    def prune(self, minute: int) -> None:
        before = reading(minute).received_at
        forwarded_to = min(self._cursors.values())
        pruned = self._runner.run(self._journal.prune_readings(before, forwarded_to))
        due = takewhile(lambda each: each[1] < minute, self._order[self._pruned : forwarded_to])
        gone = list(due)
        assert pruned == len(gone)
        self._pruned += pruned
        for each in gone:
            del self._values[each]

    @rule()
    def reopen(self) -> None:
        self._runner.run(self._journal.close())
        self._journal = self._open()

    @rule()
    def crash(self) -> None:
        """Go on with the files as a crash at this moment would leave them."""
        self._copies += 1
        crashed = self._folder / f"{self._copies}.db"
        for end in ("", "-wal"):
            if (part := Path(f"{self._path}{end}")).exists():
                shutil.copy(part, f"{crashed}{end}")
        self._runner.run(self._journal.close())
        self._path = crashed
        self._journal = self._open()

    @invariant()
    def each_reading_is_held_once_with_its_value_and_numbers_have_no_gaps(self) -> None:
        rows = rows_of(
            self._path,
            "SELECT name, measured_at, json_extract(\"values\", '$.cumulative_m3')"
            " FROM reading JOIN device ON device.id = device ORDER BY seq",
        )
        assert rows == [
            (device, reading(minute).measured_at, self._values[device, minute])
            for device, minute in self._order[self._pruned :]
        ]
        assert numbers_in(self._path) == list(range(self._pruned + 1, len(self._order) + 1))

    @invariant()
    def no_cursor_is_ahead_and_the_backlog_is_what_is_left(self) -> None:
        for sink, cursor in self._cursors.items():
            assert self._journal.cursor(sink) == cursor <= len(self._order)
            assert self._journal.backlog(cursor) == len(self._order) - max(cursor, self._pruned)
            assert self._pruned <= cursor

    @invariant()
    def latest_is_what_was_measured_last(self) -> None:
        reader = open_reader(self._path)
        for device in DEVICES:
            minutes = [minute for name, minute in self._values if name == device]
            found = latest(reader, "water_meter", device)
            expected = reading(max(minutes)).measured_at if minutes else None
            assert (found and found.measured_at) == expected
        reader.close()

    @invariant()
    def every_contradiction_is_kept_as_one_letter(self) -> None:
        assert len(letters_in(self._path)) == len(self._conflicts)

    def teardown(self) -> None:
        self._runner.run(self._journal.close())
        self._runner.close()
        shutil.rmtree(self._folder)

    def _open(self) -> Journal:
        return self._runner.run(_opened(self._path))


async def _opened(path: Path) -> Journal:
    return Journal(path, NO_LIMIT)


TestSequences = JournalMachine.TestCase
TestSequences.settings = settings(
    max_examples=100, stateful_step_count=25, deadline=None, derandomize=True, database=None
)
