"""A run of the proof: the traffic, the faults, and then the account of what is held."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TypeAlias

from ingest.clock import MachineClock, pause, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto, Server
from ingest.journal.database import open_writer
from ingest.registry.content import Content
from ingest.registry.importing import import_content
from tests.proof.alerts import AlertAccount
from tests.proof.differences import differences, differences_of_letters
from tests.proof.ledger import LAST, Ledger
from tests.proof.planted import PERSONAL
from tests.proof.publishers import Publisher, publishing
from tests.proof.stores import EmbeddedStore, Store

_TRAFFIC_LIMIT_S = 120
_SETTLE_LIMIT_S = 45
_END_LIMIT_S = 10
_LOOK = timedelta(milliseconds=50)
_STARTED = "metrics and health at"
"""What the service logs once each time it starts."""

Fault: TypeAlias = Coroutine[None, None, None]


def tables(broker: Mosquitto, database_url: str | None = None) -> Tables:
    """Return settings with short waits between tries, and with a sink if there is a database.

    Batches are small and do not wait for company: whenever the service is killed, it is in the
    middle of one.
    """
    tables: dict[str, Mapping[str, object]] = {
        "mqtt": {**mqtt_table(broker.port), "longest_backoff_s": 1},
        "batch": {"messages": 50, "linger_ms": 0},
        "rules": {"judge": True},
    }
    if database_url:
        tables["sink.influx"] = {"api": "v1", "url": database_url, "longest_backoff_s": 1}
    return tables


def register(journal: Path, content: Content) -> None:
    """Let the registry hold this, whether the service runs or not."""
    journal.parent.mkdir(exist_ok=True)
    with closing(open_writer(journal)) as database:
        import_content(database, content, MachineClock().now())


@dataclass(frozen=True, slots=True)
class Proof:
    """The servers of a run, the ledger of what is published through them, and what must follow."""

    broker: Mosquitto
    service: Gridwatch
    ledger: Ledger
    alerts: AlertAccount
    seed: str
    patience: timedelta = timedelta(seconds=5)
    """More than twice what the most patient of the incidents waits for."""

    async def run(
        self, breath: timedelta, faults: Iterable[Fault], stores: Iterable[Store]
    ) -> None:
        """Publish everything while the faults take their course, let it settle, and end."""
        try:
            async with asyncio.timeout(_TRAFFIC_LIMIT_S):
                await self._publish(breath, faults)
        except TimeoutError:
            left = len(self.ledger.unacknowledged())
            raise AssertionError(f"{left} not acknowledged after {_TRAFFIC_LIMIT_S} s") from None
        with suppress(TimeoutError):  # the account tells what has not arrived
            async with asyncio.timeout(_SETTLE_LIMIT_S):
                await self._settle(stores)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience.total_seconds()):
                await self._told()
        await self._end()

    async def _publish(self, breath: timedelta, faults: Iterable[Fault]) -> None:
        clients = publishing(self.broker.port, self.ledger, breath, self.seed)
        async with asyncio.TaskGroup() as tasks:
            for each in (*clients, *faults):
                tasks.create_task(each)

    async def _settle(self, stores: Iterable[Store]) -> None:
        """Publish the last reading, and return when it is in each of the stores.

        Everything keeps its order on the way, so what is not there by then never will be.
        """
        await Publisher(LAST, self.broker.port, self.ledger).run(timedelta(), Random(self.seed))
        for store in stores:
            while not await asyncio.to_thread(store.knows, LAST):
                await pause(_LOOK)

    async def _told(self) -> None:
        """Return when every alert has come to its end; some wait for time to pass."""
        while not await asyncio.to_thread(self.alerts.settled):
            await pause(_LOOK)

    async def _end(self) -> None:
        """End the service by SIGTERM; AssertionError unless it ends well and in time."""
        started = stopwatch()
        await asyncio.to_thread(self.service.stop)
        code, took = self.service.exit_code, stopwatch() - started
        assert (code, took < _END_LIMIT_S) == (0, True), f"exit code {code} after {took:.1f} s"

    def check(self, stores: Iterable[Store], *, kills: int) -> None:
        """Raise AssertionError with a line for everything that is not as it must be."""
        wrong = [*self._wrong(stores), *self._wrong_in_log(kills)]
        assert not wrong, "\n".join(wrong)

    def _wrong(self, stores: Iterable[Store]) -> list[str]:
        """Return a line for everything that is not as the ledger has it."""
        readings, letters = self.ledger.readings(), self.ledger.letters()
        return [
            *(f"never acknowledged: {each}" for each in self.ledger.unacknowledged()[:10]),
            *(
                f"{store.name}: {line}"
                for store in stores
                for line in differences(readings, store.held())
            ),
            *self.alerts.wrong(),
            *differences_of_letters(letters, EmbeddedStore(self.service.journal).letters()),
            *(
                f"personal data in {path}"
                for path in self._files()
                if PERSONAL in path.read_bytes()
            ),
        ]

    def _wrong_in_log(self, kills: int) -> list[str]:
        """Return a line for each start that failed or was not asked for, and for each defect."""
        text = self.service.log.read_text(encoding="utf-8")
        starts = text.count(_STARTED)
        return [
            *([] if starts == kills + 1 else [f"{starts} starts after {kills} kills"]),
            *([] if "Traceback" not in text else [f"a traceback in {self.service.log}"]),
        ]

    def _files(self) -> list[Path]:
        return [path for path in self.service.folder.rglob("*") if path.is_file()]


@contextmanager
def explained(seed: str, *servers: Server) -> Iterator[None]:
    """Add to a failure what is needed to look into it."""
    try:
        yield
    except BaseException as failure:
        logs = " ".join(str(server.log) for server in servers)
        failure.add_note(f"seed {seed!r}; logs: {logs}")
        raise
