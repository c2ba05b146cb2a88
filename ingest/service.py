"""The service: puts the parts together, runs them, and ends them in order."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from devices.decoding import Acceptance, Decoder
from ingest.areas import AreaLabel
from ingest.clock import Clock
from ingest.dropped import end_dropped
from ingest.flood import FloodGate
from ingest.forwarder import Forwarder
from ingest.health import Health
from ingest.housekeeping import Housekeeping
from ingest.http import Endpoint, guard_of
from ingest.intake import Intake
from ingest.journal.database import JournalUnavailable, lasting_failures
from ingest.journal.journal import Journal
from ingest.journal.lock import held
from ingest.journal.upgrade import upgrade
from ingest.judges import judges_of
from ingest.judging import Ears
from ingest.metrics import Metrics
from ingest.mqtt.session import Session
from ingest.observed import Observed
from ingest.outbox import Outbox
from ingest.outlets.made import couriers_of
from ingest.outlets.outlet import Beside, Courier
from ingest.pipeline import Pipeline
from ingest.registry.cells import digits_of
from ingest.registry.facts import Sources
from ingest.settings import Settings
from ingest.sink import Sink
from ingest.sinks import sinks_of
from ingest.supervisor import supervisor_of
from rules.catalogue import alert_rules

_LOG = logging.getLogger(__name__)
_DRAIN_SECONDS = 6.0
"""For the batch under way and the sinks together; what follows takes less than 3 s."""
_TOPICS_KEY = "mqtt.topics"


@dataclass(frozen=True, slots=True)
class _JournalMemory:
    """Keeps the subscribed topics in the journal."""

    journal: Journal

    def topics(self) -> Sequence[str]:
        """Return what was remembered."""
        return (self.journal.remembered(_TOPICS_KEY) or "").split()

    async def remember(self, topics: Sequence[str]) -> None:
        """Remember, or leave it for the next connection if the journal takes nothing now."""
        if list(topics) != self.topics():
            with suppress(JournalUnavailable):
                await self.journal.remember(_TOPICS_KEY, " ".join(topics))


async def serve(settings: Settings, clock: Clock) -> None:
    """Run until SIGTERM or SIGINT, then finish what is under way within 10 s.

    Raises what a part of the service could not deal with: the process should end, and nothing that
    was acknowledged is lost by it.
    """
    with held(settings.journal.path), lasting_failures(settings.journal.path):
        upgrade(settings.journal.path, clock.now())
        await _serve_on(
            Journal(settings.journal.path, int(settings.journal.max_mb * 1e6)), settings, clock
        )


async def _serve_on(journal: Journal, settings: Settings, clock: Clock) -> None:
    """Run on the journal, and close it whatever happens."""
    try:
        sinks = sinks_of(settings.sink)
        try:
            service = _Service(settings, clock, journal, sinks)
            try:
                await service.run()
            finally:
                await service.close()
        finally:
            for sink in sinks.values():
                await sink.close()
    finally:
        await journal.close()


class _Service:
    def __init__(
        self, settings: Settings, clock: Clock, journal: Journal, sinks: dict[str, Sink]
    ) -> None:
        longest = settings.sink.influx.longest_backoff_s if settings.sink.influx else 30.0
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._supervisor = supervisor_of(os.environ)
        label = AreaLabel(settings.alerts.label_level, settings.alerts.label_areas)
        self._metrics = Metrics(label)
        self._health = Health()
        self._session = Session(settings.mqtt, clock, _JournalMemory(journal))
        self._forwarders = [
            Forwarder(name, sink, journal, timedelta(seconds=longest))
            for name, sink in sinks.items()
        ]
        self._judges = (
            judges_of(
                Sources(
                    settings.journal.path,
                    settings.rules.limits,
                    digits_of(settings.rules.area_level),
                ),
                journal,
                clock,
                self._metrics,
                self._health,
            )
            if settings.rules.judge
            else None
        )
        accept = settings.accept
        acceptance = Acceptance(timedelta(seconds=accept.ahead_s), timedelta(days=accept.age_days))
        self._pipeline = Pipeline(
            self._session,
            Intake(Decoder(acceptance), FloodGate(accept.device_messages)),
            self._judges.judging if self._judges else journal,
            self._metrics,
            self._health,
        )
        self._outbox = Outbox(journal, self._session, clock, self._metrics)
        self._couriers: Sequence[Courier] = ()
        if self._judges:
            beside = Beside(journal, clock, self._judges.judging.title_of)
            self._couriers = couriers_of(settings, beside, self._session)
        judge_waiting = self._judges.judging.judge_waiting if self._judges else None
        self._housekeeping = Housekeeping(
            journal, self._forwarders, self._metrics, clock, self._couriers, judge_waiting
        )
        self._metrics.registry.register(
            Observed(self._session, journal, self._forwarders, clock, label, self._couriers)
        )

    async def run(self) -> None:
        """Run all parts until told to stop or until one fails."""
        if self._judges:
            with suppress(JournalUnavailable):  # the pipeline says so, and the next start ends them
                await end_dropped(self._journal, alert_rules(), self._clock.now())
        stop = _stop_signal()
        http = self._settings.http
        endpoint = Endpoint(self._metrics.registry, self._health, self._session, guard_of(http))
        runner = await endpoint.start(http)
        pipeline = asyncio.create_task(
            self._pipeline.run(self._settings.batch, self._heard), name="pipeline"
        )
        tasks = [pipeline, *self._start_others()]
        self._supervisor.tell("READY=1")
        try:
            await asyncio.wait((*tasks, stop), return_when=asyncio.FIRST_COMPLETED)
            if not any(task.done() for task in tasks):
                await self._finish(pipeline)
        finally:
            await _end(tasks)
            await runner.cleanup()
        for task in tasks:
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def close(self) -> None:
        """Give back connections."""
        for courier in self._couriers:
            await courier.outlet.close()

    def _start_others(self) -> list[asyncio.Task[None]]:
        runs = {
            "session": self._session.run(),
            "housekeeping": self._housekeeping.run(self._settings.journal),
            **{
                forwarder.part: forwarder.run(self._metrics, self._health)
                for forwarder in self._forwarders
            },
            **{each.part: each.run(self._metrics, self._health) for each in self._couriers},
        }
        if self._judges:
            ears = Ears(lambda: self._session.connected, self._health)
            runs |= {
                "rules": self._judges.judging.run(ears),
                "registry": self._judges.watch.run(),
                "commands": self._outbox.run(self._judges.judging.ordered),
            }
        if self._supervisor.every:
            runs["watchdog"] = self._supervisor.watch(self._well)
        return [asyncio.create_task(run, name=name) for name, run in runs.items()]

    async def _well(self) -> bool:
        """Return whether batches become durable; a commit that hangs keeps this waiting as well."""
        try:
            await self._journal.answer()
        except JournalUnavailable:
            return False
        return self._health.healthy

    def _heard(self, stored: int) -> None:
        for forwarder in self._forwarders:
            forwarder.committed(stored)

    async def _finish(self, pipeline: asyncio.Task[None]) -> None:
        """Commit and acknowledge what is pending, and let the sinks have it, within bounds."""
        _LOG.info("stopping: finishing what is under way")
        self._supervisor.tell("STOPPING=1")
        self._session.stop_receiving()
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await asyncio.wait((pipeline,))
                for forwarder in self._forwarders:
                    await forwarder.drained()
        for forwarder in self._forwarders:
            if forwarder.backlog:
                _LOG.info(
                    "%s: %d readings stay for the next start", forwarder.part, forwarder.backlog
                )


def _stop_signal() -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()

    def told() -> None:
        if not stop.done():
            stop.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    return stop


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
