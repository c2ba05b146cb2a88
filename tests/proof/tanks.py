"""Tanks with a fan, each behind a client of its own; gas comes and goes a minute in a second."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from devices.instant import Instant, instant_of, iso_of
from devices.message import Command
from devices.models.tank import Source, Tank, after
from devices.reading import Values
from devices.topic import Channel, Topic
from ingest.clock import MachineClock, pause
from tests.proof.client import Client
from tests.proof.message import Identity

KIND = "gas_monitor"
LIMIT_LEL_PCT = 25.0
"""GB/T 50493-2019, level 1 of methane."""
_ORDINARY = Source(5.0, 0.3, 0.5)
_BUILD_UP = Source(1_000.0, 0.3, 0.5)
_LASTS_MS = 3_000
_FASTER = 60
_HOUR_MS = 3_600_000
_EVERY = timedelta(milliseconds=500)


@dataclass
class Monitor(Client):
    """A monitor; `build_up_at` is when gas starts to build up, None for never.

    `high` is set when the broker has the first reading at level 1. Everything is said twice if
    `repeats`; nothing is measured any more after level 1 if `falls_silent`. `acknowledged` are the
    readings that the broker has, and without `measures` there are no more.
    """

    kind: ClassVar[str] = KIND
    build_up_at: Instant | None = None
    repeats: bool = False
    falls_silent: bool = False
    high_at: Instant | None = None
    started: list[Instant] = field(default_factory=list)
    stopped: list[Instant] = field(default_factory=list)
    acknowledged: list[bytes] = field(default_factory=list)
    measures: bool = True
    high: asyncio.Event = field(default_factory=asyncio.Event)
    _tank: Tank = field(default_factory=lambda: Tank(*_ORDINARY))
    _reached_at: Instant = field(default_factory=lambda: MachineClock().now())

    @property
    def runs(self) -> bool:
        """Whether the fan runs."""
        return len(self.started) > len(self.stopped)

    async def live(self, port: int) -> None:
        """Measure, speak and obey, for ever, over as many connections as it takes."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure())
            tasks.create_task(super().live(port))

    def taken(self, topic: Topic, payload: bytes) -> None:
        """Keep the readings that the broker has."""
        if topic.channel is Channel.UP:
            self.acknowledged.append(payload)
            if _level(payload) >= LIMIT_LEL_PCT:
                self.high.set()

    def do(self, command: Command, now: Instant) -> None:
        """Start or stop the fan."""
        self._advance(now)
        if self.runs != (command.command == "fan_start"):
            (self.stopped if self.runs else self.started).append(now)

    async def _measure(self) -> None:
        topic = Topic(KIND, self.device, Channel.UP)
        while self.measures and not (self.falls_silent and self.high_at):
            now = MachineClock().now()
            self._advance(now)
            self._unsent += [(topic, self._reading(now))] * (2 if self.repeats else 1)
            await pause(_EVERY)

    def _advance(self, now: Instant) -> None:
        hours = max(0, now - self._reached_at) * _FASTER / _HOUR_MS
        self._tank = after(self._tank, hours, self._source(), fan_runs=self.runs)
        self._reached_at = now

    def _source(self) -> Source:
        age = -1 if self.build_up_at is None else self._reached_at - self.build_up_at
        return _BUILD_UP if 0 <= age < _LASTS_MS else _ORDINARY

    def _reading(self, now: Instant) -> bytes:
        methane = round(self._tank.ch4_lel_pct, 2)
        if methane >= LIMIT_LEL_PCT and self.high_at is None:
            self.high_at = now
        return json.dumps(
            {
                "v": 1,
                "type": "telemetry",
                "device": self.device,
                "measured_at": iso_of(now),
                "ch4_lel_pct": methane,
                "o2_vol_pct": round(self._tank.o2_vol_pct, 2),
                "sensor_status": "ok",
                "fan": {"running": self.runs, "current_a": 1.8 if self.runs else 0.0},
            }
        ).encode()


def reading_of(payload: bytes) -> tuple[Identity, Values]:
    """Return the reading that a payload of a monitor must become."""
    body = json.loads(payload)
    at = instant_of(datetime.fromisoformat(body["measured_at"]))
    same = ("ch4_lel_pct", "o2_vol_pct", "sensor_status")
    fan = {f"fan_{name}": value for name, value in body["fan"].items()}
    return Identity(KIND, body["device"], at), {name: body[name] for name in same} | fan


def _level(payload: bytes) -> float:
    return float(json.loads(payload)["ch4_lel_pct"])
