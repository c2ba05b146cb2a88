"""How long it takes from the publication of a reading to the fan command that it calls for.

Under 5,000 readings a second of water meters, every 20 ms another gas monitor reports level 1. It
hears its command on a connection of its own; both instants are of this process's clock. Of three
rounds, each with a service that has just started, the figures are those of the one in the middle by
its 99th percentile: neither the luckiest nor the one in which the machine had most else to do.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from devices.instant import Instant, iso_of
from devices.topic import parse_topic
from ingest.clock import MachineClock, pause
from ingest.demo.gridwatch import Tables
from ingest.demo.programs import LOOPBACK
from ingest.mqtt.session import Session
from ingest.settings import MqttSettings
from tests.bench.consumers import Load, LoadProcess, running_service
from tests.bench.latency import RATE, Latency
from tests.bench.site import Site

MOST_P99_MS = 250.0
_ROUNDS = 3
_MONITORS = 500
_EVERY = timedelta(milliseconds=20)
_WARM_UP = timedelta(seconds=2)
_SECONDS = 14
_LIMIT_S = 60
_JUDGED: Tables = {"sink": {"discard": True}, "rules": {"judge": True}}
_CLOCK = MachineClock()


class _Topics:
    """Remembers nothing: the session is new."""

    def topics(self) -> list[str]:
        return []

    async def remember(self, topics: object) -> None:
        """Forget."""


def fan_command(site: Site) -> Latency:
    """Return publish of the reading to arrival of the command, the median round of three."""
    rounds = [_round(site, number) for number in range(1, _ROUNDS + 1)]
    return sorted(rounds, key=lambda each: each.p99_ms)[_ROUNDS // 2]


def _round(site: Site, number: int) -> Latency:
    load = Load(_SECONDS * RATE, rate=RATE)
    with running_service(site, _JUDGED):
        process = LoadProcess(site.broker, load)
        process.begin()
        delays = sorted(asyncio.run(_measured(site.broker.port, f"monitors-{number}")))
        process.began_at()
    return Latency(delays[len(delays) // 2], delays[len(delays) * 99 // 100])


async def _measured(port: int, client_id: str) -> list[int]:
    async with _session(port, client_id) as session:
        await pause(_WARM_UP)
        published: dict[str, Instant] = {}
        hearing = asyncio.create_task(_heard(session, published))
        for number in range(_MONITORS):
            device = f"gm-{number:04d}"
            now = published[device] = _CLOCK.now()
            await session.publish(f"gw/v1/gas_monitor/{device}/up", _reading(device, now))
            await pause(_EVERY)
        async with asyncio.timeout(_LIMIT_S):
            return await hearing


async def _heard(session: Session, published: dict[str, Instant]) -> list[int]:
    delays: dict[str, int] = {}
    while len(delays) < _MONITORS:
        messages = await session.take(_MONITORS, timedelta())
        session.acknowledge(messages)
        for message in messages:
            device = parse_topic(message.topic).device
            delays.setdefault(device, message.received_at - published[device])
    return list(delays.values())


@asynccontextmanager
async def _session(port: int, client_id: str) -> AsyncIterator[Session]:
    settings = MqttSettings(
        host=LOOPBACK, port=port, client_id=client_id, topics=("gw/v1/gas_monitor/+/down",),
        session_expiry_s=60,
    )  # fmt: skip
    session = Session(settings, _CLOCK, _Topics())
    running = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(_LIMIT_S):
            while not session.connected:
                await pause(_EVERY)
        yield session
    finally:
        running.cancel()
        await asyncio.wait((running,))


def _reading(device: str, at: Instant) -> bytes:
    return (
        f'{{"v":1,"type":"telemetry","device":"{device}","measured_at":"{iso_of(at)}",'
        f'"ch4_lel_pct":26.0,"fan":{{"running":false}},"sensor_status":"ok"}}'
    ).encode()
