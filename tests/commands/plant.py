"""A simulated tank behind a real broker, and its service, at a time of one's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from devices.decoding import Decoder
from devices.instant import Instant
from devices.message import decode_command
from devices.models.fleet import Fleet
from devices.models.plan import STEADY, FleetPlan
from devices.models.scenario import parse_scenario
from devices.topic import parse_topic
from ingest.health import Health
from ingest.intake import Intake
from ingest.journal.journal import Journal
from ingest.judges import judges_of
from ingest.metrics import Metrics
from ingest.mqtt.session import Session
from ingest.outbox import Outbox
from ingest.pipeline import Pipeline
from ingest.registry.facts import Sources
from ingest.settings import BatchSettings
from tests.alerts.gas import StandingClock
from tests.journal.readings import rows_of
from tests.mqtt.sessions import received, running, settings_for
from tests.mqtt.waiting import until

START: Instant = 1_772_380_800_000
SECOND = 1_000
MINUTE = 60 * SECOND
MONITOR = "gm-0001"
BUILD_UP = f"""
[[event]]
what = "gas_build_up"
at = "0d 00:01"
device = "{MONITOR}"
duration = "30m"
level_lel_pct = 60.0
"""


class Obeyed(NamedTuple):
    """A command as the monitor did it, and when."""

    second: int
    id: str
    command: str


class Tank:
    """A gas monitor over a tank; it speaks and hears through a session of its own."""

    def __init__(self, session: Session) -> None:
        plan = FleetPlan(homes=0, doors=0, gas_monitors=1, seed=1, network=STEADY)
        self.session = session
        self.published = 0
        self.told: list[str] = []
        self.last: tuple[str, bytes] | None = None
        self._fleet = Fleet(plan, START, parse_scenario(BUILD_UP))

    async def speak(self, at: Instant) -> None:
        """Publish what is due."""
        for emission in self._fleet.emissions_until(at):
            self.last = (str(emission.topic), emission.payload)
            await self.repeat()

    async def repeat(self) -> None:
        """Publish the last message once more."""
        if self.last is not None:
            self.published += 1
            await self.session.publish(*self.last)

    async def obey(self, commands: int, at: Instant) -> list[Obeyed]:
        """Take so many commands from the broker and answer them; return those not known before."""
        done = []
        messages = await received(self.session, commands)
        self.session.acknowledge(messages)
        for message in messages:
            topic = parse_topic(message.topic)
            command = decode_command(topic, message.payload)
            if command.id not in self.told:
                done.append(Obeyed((at - START) // SECOND, command.id, command.command))
            self.told.append(command.id)
            for reply in self._fleet.obey(topic, message.payload, at):
                self.published += 1
                await self.session.publish(str(reply.topic), reply.payload)
        return done


class Service:
    """All of `gridwatch run` that decides and acts, without its loops: time passes when told."""

    def __init__(
        self, journal: Journal, path: Path, session: Session, clock: StandingClock
    ) -> None:
        self.metrics = Metrics()
        self.expected = 0
        sources, health = Sources(path), Health()
        self.judging = judges_of(sources, journal, clock, self.metrics, health).judging
        self.outbox = Outbox(journal, session, clock, self.metrics)
        self.pipeline = Pipeline(session, Intake(Decoder()), self.judging, self.metrics, Health())

    def taken(self) -> float:
        """Return how many messages were taken in."""
        return sum(
            sample.value
            for family in self.metrics.registry.collect()
            for sample in family.samples
            if sample.name == "gridwatch_messages_received_total"
        )


class Plant:
    """Tank, broker and service. `obeyed` is what the monitor really did."""

    def __init__(self, path: Path, tank: Tank, port: int) -> None:
        self.path = path
        self.tank = tank
        self.clock = StandingClock(START)
        self.obeyed: list[Obeyed] = []
        self._port = port
        self._sent = 0

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Service]:
        """A service; another one over the same journal is a restart."""
        journal = Journal(self.path, 1 << 30)
        async with running(settings_for(self._port), clock=self.clock) as session:
            service = Service(journal, self.path, session, self.clock)
            pipeline = asyncio.create_task(
                service.pipeline.run(BatchSettings(messages=50, linger_ms=0), lambda _: None)
            )
            try:
                await until(lambda: session.connected)
                yield service
            finally:
                pipeline.cancel()
                await asyncio.wait((pipeline,))
        await journal.close()

    async def run(self, service: Service, until_minute: float) -> None:
        """Let time pass up to a minute."""
        while self.clock.instant < START + until_minute * MINUTE:
            await self.step(service)

    async def step(self, service: Service, *, sends: bool = True) -> None:
        """Let 5 s pass; everything said in them is heard, and done unless nothing is sent."""
        self.clock.instant += 5 * SECOND
        await self.tank.speak(self.clock.instant)
        await self.settle(service, sends=sends)

    async def settle(self, service: Service, *, sends: bool = True) -> None:
        """Let the service take in what was published, decide and send, and the tank obey."""
        while True:
            await self._taken_in(service)
            while await service.judging.look(hears=True):
                pass
            if sends:
                await service.outbox.send()
            attempts = self._attempts()
            if attempts == self._sent:
                return
            self.obeyed += await self.tank.obey(attempts - self._sent, self.clock.instant)
            self._sent = attempts

    def commands(self) -> list[tuple[str, str, bool]]:
        """Return command, state and whether it is proven, in order."""
        query = "SELECT command, state, proven_at IS NOT NULL FROM command ORDER BY seq"
        found = self.rows(query)
        return [(str(command), str(state), bool(proven)) for command, state, proven in found]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what a query finds in the journal."""
        return rows_of(self.path, query)

    def _attempts(self) -> int:
        ((attempts,),) = self.rows("SELECT ifnull(sum(attempts), 0) FROM command")
        assert isinstance(attempts, int)
        return attempts

    async def _taken_in(self, service: Service) -> None:
        service.expected += self.tank.published
        self.tank.published = 0
        await until(lambda: service.taken() >= service.expected)


@asynccontextmanager
async def plant(folder: Path, port: int) -> AsyncIterator[Plant]:
    """A tank at a broker; the service is still to come."""
    settings = settings_for(port, client_id=MONITOR, topics=[f"gw/v1/gas_monitor/{MONITOR}/down"])
    async with running(settings) as session:
        await until(lambda: session.connected)
        yield Plant(folder / "journal.db", Tank(session), port)
