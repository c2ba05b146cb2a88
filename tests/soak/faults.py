"""The faults as they befall the stack, one of a lane after the other."""

import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import MappingProxyType

from ingest.clock import MachineClock, pause, stopwatch
from ingest.demo.programs import Server
from ingest.journal.database import open_reader
from tests.proof.faults import felt, fill_disk, in_thread, pid_of
from tests.soak.load import Load
from tests.soak.schedule import Planned
from tests.soak.stack import Stack

_HOUR = timedelta(hours=1)
_SLOWER = timedelta(milliseconds=500)
_PAGE = 4_096
_COMMAND_LIMIT_S = 30
_FORGETS_MS = 1_000
_BACKUPS = 20
_SOUND, _UNSOUND, _REFUSED = 0, 1, 2


class Faults:
    """Lets faults befall a stack; `happened` counts them, `events` says what was when."""

    def __init__(self, stack: Stack, load: Load) -> None:
        self.happened: Counter[str] = Counter()
        self.events: list[tuple[int, str]] = []
        self._stack = stack
        self._load = load
        proxy = stack.proxy
        self._acts: Mapping[str, Callable[[Planned], Awaitable[None]]] = MappingProxyType(
            {
                "kill": self._kill,
                "corruption": self._corrupt,
                "broker restart": lambda planned: _restart(stack.broker, planned.lasts),
                "disk full": lambda planned: fill_disk(stack.service, planned.lasts),
                "clock ahead": lambda planned: self._jump(_HOUR, planned.lasts),
                "clock behind": lambda planned: self._jump(-_HOUR, planned.lasts),
                "burst": self._burst,
                "database down": self._database_down,
                "database slow": lambda planned: self._trouble(
                    lambda: proxy.slow(_SLOWER), planned.lasts
                ),
                "database hangs": lambda planned: self._trouble(proxy.hang, planned.lasts),
                "database 500": lambda planned: self._trouble(
                    lambda: proxy.answer(500), planned.lasts
                ),
                "database 429": lambda planned: self._trouble(
                    lambda: proxy.answer(429, retry_after="1"), planned.lasts
                ),
                "database cut": lambda planned: self._trouble(proxy.cut, planned.lasts),
                "alertmanager down": self._alertmanager_down,
                "flood": lambda _: load.flood(),
                "decoder raises": lambda _: load.gauges(),
            }
        )

    async def befall(self, planned: Iterable[Planned]) -> None:
        """Let the faults of a lane happen, each at its time or when the one before is over."""
        began = stopwatch()
        for each in planned:
            await pause(max(timedelta(), each.at - timedelta(seconds=stopwatch() - began)))
            name = each.kind.name
            self.events.append((MachineClock().now(), f"{name} begins"))
            await self._acts[name](each)
            self.events.append((MachineClock().now(), f"{name} ends"))
            self.happened[name] += 1

    async def _kill(self, planned: Planned) -> None:
        service = self._stack.service
        pid_of(service)
        await in_thread(service.kill)
        await pause(planned.lasts)
        await self._start()

    async def _start(self) -> None:
        await in_thread(self._stack.service.start)

    async def _corrupt(self, planned: Planned) -> None:
        """Damage the journal where all that was acknowledged is in a backup.

        While the broker is away nothing is acknowledged. So the backup, made beside the running
        service, holds all that ever was.
        """
        stack, journal = self._stack, self._stack.service.journal
        await in_thread(stack.broker.stop)
        backup = await self._whole_backup(journal)
        await in_thread(stack.service.stop)
        await in_thread(lambda: _damage(journal, Random(planned.seed)))
        await self._command(_UNSOUND, "check")
        await in_thread(self._refused_start)
        await self._command(_SOUND, "restore", str(backup))
        await in_thread(stack.broker.start)
        await self._start()

    async def _whole_backup(self, journal: Path) -> Path:
        """Back up until nothing came after it; AssertionError if there is no end to it.

        What the service had received is judged and told to people though it was not acknowledged.
        """
        for number in range(_BACKUPS):
            backup = journal.with_name(f"backup-{self.happened['corruption']}-{number}.db")
            await self._command(_SOUND, "backup", str(backup))
            if await in_thread(partial(_holds_all, backup, journal)):
                return backup
        raise AssertionError(f"{journal} grows while the broker is away")

    async def _command(self, code: int, word: str, *arguments: str) -> None:
        """Run a command on the journal; AssertionError if it ends otherwise."""
        options = ("journal", word, *arguments, "--journal", str(self._stack.service.journal))
        ended = await in_thread(lambda: _run("-m", "ingest", *options))
        assert ended.returncode == code, f"{options}: {ended.returncode} {ended.stderr}"

    def _refused_start(self) -> None:
        """Start on a damaged journal; AssertionError unless one clear line says why not."""
        ended = _run(*self._stack.service.arguments())
        assert ended.returncode == _REFUSED, f"start: {ended.returncode} {ended.stderr}"
        assert "damaged" in ended.stderr, ended.stderr
        assert "restore" in ended.stderr, ended.stderr
        assert len(ended.stderr.splitlines()) == 1, ended.stderr

    async def _jump(self, by: timedelta, lasts: timedelta) -> None:
        self._stack.service.set_wrong(by)
        await pause(lasts)
        self._stack.service.set_wrong(timedelta())

    async def _burst(self, planned: Planned) -> None:
        await _restart(self._stack.broker, planned.lasts)
        await self._load.burst()

    async def _alertmanager_down(self, planned: Planned) -> None:
        """What it tells as it is stopped it forgets, and tells again."""
        before = MachineClock().now() - _FORGETS_MS
        await in_thread(self._stack.alertmanager.stop)
        self._stack.hook.forgotten.append((before, MachineClock().now()))
        await pause(planned.lasts)
        await in_thread(self._stack.alertmanager.start)

    async def _database_down(self, planned: Planned) -> None:
        await in_thread(self._stack.database.stop)
        await felt(self._stack.proxy, planned.lasts)
        await in_thread(self._stack.database.start)

    async def _trouble(self, begin: Callable[[], None], lasts: timedelta) -> None:
        begin()
        await felt(self._stack.proxy, lasts)
        self._stack.proxy.forward()


async def _restart(server: Server, away: timedelta) -> None:
    await in_thread(server.stop)
    await pause(away)
    await in_thread(server.start)


def _holds_all(backup: Path, journal: Path) -> bool:
    return _newest(backup) == _newest(journal)


def _newest(journal: Path) -> list[tuple[str, int]]:
    """Return how far the numbering of readings, alerts and commands has come."""
    with closing(open_reader(journal)) as reader:
        numbers = reader.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()
        readings = reader.execute("SELECT 'reading', ifnull(max(seq), 0) FROM reading").fetchall()
    return [*numbers, *readings]


def _damage(journal: Path, random: Random) -> None:
    """Write nonsense over all pages but the first, which says that it is a journal."""
    size = journal.stat().st_size
    with journal.open("r+b") as file:
        file.seek(_PAGE)
        file.write(random.randbytes(size - _PAGE))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_COMMAND_LIMIT_S,
    )
