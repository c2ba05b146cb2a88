"""The journal's one writer: a connection, its turn, and the thread that waits for the disk.

Context: writing rows gives the interpreter lock away and takes it back for every row; from a second
thread each of those waits for the event loop, thousands of times a batch.
Decision: rows are written on the loop's thread, a few microseconds each, and only what waits for
the disk, the COMMIT, runs in the writer's thread. Given up: a loop that never pauses (about 5 ms
for a batch of 2,000).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from ingest.clock import pause, stopwatch
from ingest.journal.database import (
    JournalUnavailable,
    code_of,
    file_at,
    open_writer,
    passing_failures,
    roll_back,
)

T = TypeVar("T")
_BUSY_SECONDS = 5.0
_BUSY_LOOK = timedelta(milliseconds=10)


class Writer:
    """One transaction at a time, in a file that others may write beside us.

    `forget` is called when what was read before may no longer hold: a transaction failed, or
    another process has written.
    """

    def __init__(self, path: Path, forget: Callable[[], None]) -> None:
        self.database = open_writer(path)
        self.database.execute("PRAGMA busy_timeout = 0")  # we wait without holding the loop
        self._forget = forget
        self._path = path.absolute()
        self._file = file_at(path)
        self._others_version = self._version_by_others()
        self._thread = ThreadPoolExecutor(1, "journal")
        self._turn = asyncio.Lock()

    async def close(self, close_reader: Callable[[], None]) -> None:
        """Close the file for readers and for us, after whoever has the turn.

        The last to close folds the write-ahead log in.
        """
        async with self._turn:
            close_reader()
            await self.in_thread(self.database.close)
            self._thread.shutdown()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Make all of what is written within durable, or nothing; JournalUnavailable."""
        async with self._turn:
            with passing_failures():
                await self._begin()
                try:
                    self._check_file()
                    self._hear_of_others()
                    yield
                    await self.in_thread(self.database.execute, "COMMIT")
                except BaseException:
                    self._forget()
                    roll_back(self.database)
                    raise

    async def _begin(self) -> None:
        """Begin to write, once no other process does; sqlite3.OperationalError after 5 s."""
        started = stopwatch()
        while True:
            try:
                self.database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if code_of(error) != sqlite3.SQLITE_BUSY or stopwatch() - started > _BUSY_SECONDS:
                    raise
                await pause(_BUSY_LOOK)
            else:
                return

    def _check_file(self) -> None:
        if file_at(self._path) != self._file:
            raise JournalUnavailable(
                "its file was moved or removed: put it back, or restart the service"
            )

    def _hear_of_others(self) -> None:
        """Forget what is cached of the devices when another process has written."""
        version = self._version_by_others()
        if version != self._others_version:
            self._others_version = version
            self._forget()

    def _version_by_others(self) -> int:
        """Return a number that changes when another connection, so another process, commits."""
        return int(self.database.execute("PRAGMA data_version").fetchone()[0])

    async def in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a call that waits for the disk. A cancelled caller still waits for its end.

        However often it is cancelled: nobody else may use the connection meanwhile.
        """
        running = asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)
        cancelled: asyncio.CancelledError | None = None
        while not running.done():
            try:
                await asyncio.wait((running,))
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled:
            raise cancelled from running.exception()
        return running.result()
