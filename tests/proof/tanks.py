"""Tanks with a fan, each behind a client of its own, that obey each command once and keep count.

Their clocks are the real one, which is what the service judges a live reading by; gas comes and
goes a minute in a second.
"""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.instant import Instant, instant_of, iso_of
from devices.message import Command, decode_command
from devices.models.command import DONE, EXPIRED, Answer, reply_text
from devices.models.tank import Source, Tank, after
from devices.reading import Values
from devices.topic import Channel, Topic, parse_topic
from ingest.cancellation import heed_cancellation
from ingest.clock import MachineClock, pause
from ingest.demo.programs import LOOPBACK
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
_LOOK = timedelta(milliseconds=5)
_AGAIN = timedelta(milliseconds=100)
_ANSWER_LIMIT_S = 5.0
_SESSION_EXPIRY_S = 600


class Heard(NamedTuple):
    """A command as it came, and when."""

    command: Command
    at: Instant


@dataclass
class Monitor:
    """A monitor; `build_up_at` is when gas starts to build up, None for never.

    `high` is set when the broker has the first reading at level 1, and an event of `hears` when a
    command of this name is there. Everything is said twice if `repeats`; no answer leaves a `mute`;
    nothing is measured any more after level 1 if `falls_silent`. `acknowledged` are the readings
    that the broker has, and without `measures` there are no more.
    """

    device: str
    build_up_at: Instant | None = None
    mute: bool = False
    repeats: bool = False
    falls_silent: bool = False
    high_at: Instant | None = None
    heard: list[Heard] = field(default_factory=list)
    done: list[Heard] = field(default_factory=list)
    started: list[Instant] = field(default_factory=list)
    stopped: list[Instant] = field(default_factory=list)
    acknowledged: list[bytes] = field(default_factory=list)
    measures: bool = True
    high: asyncio.Event = field(default_factory=asyncio.Event)
    hears: dict[str, asyncio.Event] = field(
        default_factory=lambda: {name: asyncio.Event() for name in ("fan_start", "fan_stop")}
    )
    _tank: Tank = field(default_factory=lambda: Tank(*_ORDINARY))
    _reached_at: Instant = field(default_factory=lambda: MachineClock().now())
    _answers: dict[str, Answer] = field(default_factory=dict)
    _unsent: deque[tuple[Topic, bytes]] = field(default_factory=deque)

    @property
    def runs(self) -> bool:
        """Whether the fan runs."""
        return len(self.started) > len(self.stopped)

    @property
    def speaks(self) -> bool:
        """Whether there is something that the broker has not acknowledged."""
        return bool(self._unsent)

    async def live(self, port: int) -> None:
        """Measure, speak and obey, for ever, over as many connections as it takes."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure())
            tasks.create_task(self._stay_connected(port))

    async def _measure(self) -> None:
        topic = Topic(KIND, self.device, Channel.UP)
        while self.measures and not (self.falls_silent and self.high_at):
            now = MachineClock().now()
            self._advance(now)
            self._unsent += [(topic, self._reading(now))] * (2 if self.repeats else 1)
            await pause(_EVERY)

    async def _stay_connected(self, port: int) -> None:
        while True:
            try:
                await self._connected(port)
            except* aiomqtt.MqttError:
                await pause(_AGAIN)

    async def _connected(self, port: int) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_EXPIRY_S
        async with aiomqtt.Client(
            LOOPBACK,
            port,
            identifier=self.device,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
            timeout=_ANSWER_LIMIT_S,
        ) as client:
            await client.subscribe(f"gw/v1/{KIND}/{self.device}/down", qos=1)
            heed_cancellation()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._speak(client))
                tasks.create_task(self._listen(client))
                await asyncio.Event().wait()  # in here, see `heed_cancellation`

    async def _speak(self, client: aiomqtt.Client) -> None:
        """Publish in order; what is not acknowledged is published again by the next connection."""
        while True:
            while not self._unsent:
                await pause(_LOOK)
            topic, payload = self._unsent[0]
            await client.publish(str(topic), payload, qos=1)
            self._unsent.popleft()
            if topic.channel is Channel.UP:
                self.acknowledged.append(payload)
                if _level(payload) >= LIMIT_LEL_PCT:
                    self.high.set()
            heed_cancellation()

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            self._obey(decode_command(parse_topic(message.topic.value), message.payload))

    def _obey(self, command: Command) -> None:
        """Obey each command once, and answer it as often as it comes."""
        now = MachineClock().now()
        self.heard.append(Heard(command, now))
        if command.id not in self._answers:
            self._answers[command.id] = self._outcome(command, now)
        self.hears[command.command].set()
        if not self.mute:
            answer = reply_text(self.device, command.id, self._answers[command.id], iso_of(now))
            self._unsent.append((Topic(KIND, self.device, Channel.REPLY), answer))

    def _outcome(self, command: Command, now: Instant) -> Answer:
        if now > command.expires_at:
            return EXPIRED
        self._advance(now)
        self.done.append(Heard(command, now))
        if self.runs != (command.command == "fan_start"):
            (self.stopped if self.runs else self.started).append(now)
        return DONE

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
