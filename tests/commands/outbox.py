"""An outbox over a journal, with a broker that does what the test tells it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devices.instant import Instant
from devices.message import Command, Reply, Result, decode_command
from devices.topic import parse_topic
from ingest.journal.batch import Batch
from ingest.journal.commands import StoredCommand, newest_commands
from ingest.journal.consequences import CommandRow, Consequences
from ingest.journal.database import open_reader
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.mqtt.publications import NotPublished
from ingest.outbox import Outbox
from rules.effect import Proof
from tests.alerts.gas import StandingClock
from tests.journal.readings import START, opened

MONITOR = "gm-1"
LASTS = 10_000


@dataclass
class Broker:
    """Takes messages, unless it is away; `then` happens when it has one."""

    away: bool = False
    heard: list[Command] = field(default_factory=list)
    expiries: list[int | None] = field(default_factory=list)
    then: Callable[[], None] = lambda: None

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> None:
        if self.away:
            raise NotPublished("not connected to the broker")
        assert not retain
        self.heard.append(decode_command(parse_topic(topic), payload))
        self.expiries.append(expiry_s)
        self.then()


class Post:
    """A journal, its outbox, and the broker, at a time of one's own."""

    def __init__(self, journal: Journal, path: Path, broker: Broker) -> None:
        self.journal = journal
        self.broker = broker
        self.clock = StandingClock()
        self.metrics = Metrics()
        self.outbox = Outbox(journal, broker, self.clock, self.metrics)
        self._path = path

    async def order(self, *rows: CommandRow) -> None:
        """Queue commands."""
        await self.journal.judge(lambda _: Consequences(commands=rows))

    async def answer(self, identity: str, result: Result, device: str = MONITOR) -> None:
        """Let a device answer."""
        now = self.clock.instant
        reply = Reply("gas_monitor", device, identity, result, None, now, now)
        await self.journal.commit(Batch(replies=[reply]))

    async def prove(self, identity: str, at: Instant) -> None:
        """Let the effect of a command be seen."""
        await self.journal.judge(lambda _: Consequences(proofs=[Proof(identity, at)]))

    def counted(self, state: str) -> float | None:
        """Return how many orders to start a fan were counted in a state."""
        labels = {"kind": "gas_monitor", "command": "fan_start", "state": state}
        return self.metrics.registry.get_sample_value("gridwatch_commands_total", labels)

    def after(self, milliseconds: int) -> None:
        """Let time pass."""
        self.clock.instant = self.clock.instant + milliseconds

    def kept(self) -> dict[str, StoredCommand]:
        """Return all commands by identity."""
        return {each.identity: each for each in newest_commands(open_reader(self._path), 100)}

    def states(self) -> dict[str, str]:
        """Return the state of each command, by identity."""
        return {identity: each.state for identity, each in sorted(self.kept().items())}


@asynccontextmanager
async def post(path: Path, broker: Broker | None = None) -> AsyncIterator[Post]:
    """Give an outbox over the journal; leave it, and another one over the same is a restart."""
    async with opened(path) as journal:
        yield Post(journal, path, broker or Broker())


def row(
    identity: str, command: str = "fan_start", at: Instant = START, device: str = MONITOR
) -> CommandRow:
    """Return a command to the fan that lasts 10 s."""
    return CommandRow(
        identity=identity,
        kind="gas_monitor",
        device=device,
        command=command,
        arguments="{}",
        purpose=command,
        target="fan",
        scope="device",
        subject=f"gas_monitor/{device}",
        issued_at=at,
        expires_at=at + LASTS,
    )
