"""Clients: devices behind a connection of their own, that obey each command once and keep count.

Their clocks are the real one, which is what the service judges a live reading and a command by.
"""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, NamedTuple

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.instant import Instant, iso_of
from devices.message import Command, decode_command
from devices.models.command import DONE, EXPIRED, Answer, reply_text
from devices.topic import Channel, Topic, parse_topic
from ingest.cancellation import heed_cancellation
from ingest.clock import MachineClock, pause
from ingest.demo.programs import LOOPBACK

_LOOK = timedelta(milliseconds=5)
_AGAIN = timedelta(milliseconds=100)
_ANSWER_LIMIT_S = 5.0
_SESSION_EXPIRY_S = 600


class Heard(NamedTuple):
    """A command as it came, and when."""

    command: Command
    at: Instant


def _events() -> defaultdict[str, asyncio.Event]:
    return defaultdict(asyncio.Event)


@dataclass(kw_only=True)
class Client:
    """A device; an event of `hears` is set when a command of this name is there.

    `listens` is set when it has subscribed for the first time. No answer leaves a `mute`.
    """

    kind: ClassVar[str]
    device: str = field(kw_only=False)
    mute: bool = False
    heard: list[Heard] = field(default_factory=list)
    done: list[Heard] = field(default_factory=list)
    listens: asyncio.Event = field(default_factory=asyncio.Event)
    hears: defaultdict[str, asyncio.Event] = field(default_factory=_events)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _unsent: deque[tuple[Topic, bytes]] = field(default_factory=deque)

    @property
    def speaks(self) -> bool:
        """Whether there is something that the broker has not acknowledged."""
        return bool(self._unsent)

    async def live(self, port: int) -> None:
        """Speak and obey, for ever, over as many connections as it takes."""
        while True:
            try:
                await self._connected(port)
            except* aiomqtt.MqttError:
                await pause(_AGAIN)

    def taken(self, topic: Topic, payload: bytes) -> None:
        """Hear that the broker has a message."""

    def do(self, command: Command, now: Instant) -> None:
        """Do what it is told."""

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
            await client.subscribe(f"gw/v1/{self.kind}/{self.device}/down", qos=1)
            heed_cancellation()
            self.listens.set()
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
            self.taken(topic, payload)
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
            self._unsent.append((Topic(self.kind, self.device, Channel.REPLY), answer))

    def _outcome(self, command: Command, now: Instant) -> Answer:
        if now > command.expires_at:
            return EXPIRED
        self.do(command, now)
        self.done.append(Heard(command, now))
        return DONE
