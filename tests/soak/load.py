"""The load: waves of traffic with incidents in it, tanks that live, floods and bursts."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from devices.reading import Values
from ingest.clock import MachineClock, pause, stopwatch
from tests.proof.befalling import end
from tests.proof.incidents import Trouble, incidents
from tests.proof.ledger import LAST, TOOL, Ledger, Plans
from tests.proof.message import Identity, Letter, Message
from tests.proof.publishers import Publisher
from tests.proof.tanks import Monitor, reading_of
from tests.proof.tape import Told
from tests.proof.traffic import Size, traffic
from tests.proof.uploads import water

_WAVE = Size(clients=9, uploads=110, days=1, by_tool=0, bad=1)
_TROUBLE = Trouble(gateways=2, devices=1, patient=1)
_BREATH = timedelta(milliseconds=500)
_BREATH_OF_GATEWAYS = timedelta(milliseconds=150)
_BURST = Size(clients=18, uploads=160, days=1, by_tool=0, bad=1)
_FLOOD = Size(clients=3, uploads=200, days=1, by_tool=0, bad=0)
"""Of all together 1 to 2 % are malformed; the incidents are not."""
_GAUGES = 6
_AT_ONCE = timedelta()
_LOOK = timedelta(milliseconds=20)
_BEFORE_GAS_MS = 1_500
_DRAINED_WITHIN_S = 20


@dataclass
class Load:
    """What is published to a broker, and the truth about it.

    `wave_rates` and `burst_rates` are messages a second, as far as the broker took them.
    """

    port: int
    seed: str
    ledger: Ledger = field(default_factory=lambda: Ledger({}))
    told: list[Told] = field(default_factory=list)
    monitors: list[Monitor] = field(default_factory=list)
    wave_rates: list[float] = field(default_factory=list)
    burst_rates: list[float] = field(default_factory=list)
    _number: int = 0
    _past: list[Message] = field(default_factory=list)
    _lives: list[asyncio.Task[None]] = field(default_factory=list)

    async def wave(self) -> None:
        """Publish traffic with incidents, for about a quarter of a minute."""
        name, random = self._next("wave")
        now = MachineClock().now()
        injected = incidents(replace(_TROUBLE, name=name), now, random)
        self.told += injected.told
        plans = _without_last(traffic(replace(_WAVE, name=name), now, random))
        began_s = stopwatch()
        await asyncio.gather(
            self._publish(plans, _BREATH, random),
            self._publish(injected.plans, _BREATH_OF_GATEWAYS, random),
        )
        both = (*plans.values(), *injected.plans.values())
        self._past = [message for plan in both for message in plan]
        self.wave_rates.append(len(self._past) / (stopwatch() - began_s))

    async def burst(self) -> None:
        """Publish what devices have saved up, as fast as the broker takes it."""
        name, random = self._next("burst")
        plans = _without_last(traffic(replace(_BURST, name=name), MachineClock().now(), random))
        began_s = stopwatch()
        await self._publish(plans, _AT_ONCE, random)
        self.burst_rates.append(sum(map(len, plans.values())) / (stopwatch() - began_s))

    async def flood(self) -> None:
        """Publish the wave before once more, and new readings twice, all in any order."""
        name, random = self._next("flood")
        fresh = traffic(replace(_FLOOD, name=name), MachineClock().now(), random)
        plans = {
            client: _shuffled([each for each in plan if not _contradicts(each)] * 2, random)
            for client, plan in _without_last(fresh).items()
        }
        plans[f"{name}past"] = _shuffled(self._past, random)
        await self._publish(plans, _AT_ONCE, random)

    async def gauges(self) -> None:
        """Publish what a decoder can't stand, among what it can."""
        name, random = self._next("gauge")
        plan = [_gauge(f"{name}{number}", number) for number in range(_GAUGES)]
        await self._publish({f"{name}all": plan}, _AT_ONCE, random)

    async def last(self, device: str) -> None:
        """Publish a reading behind all others."""
        random = Random(self.seed)
        plan = [water(device, 1, MachineClock().now(), random)]
        await self._publish({device: plan}, _AT_ONCE, random)

    async def live(self, most: int, every: timedelta) -> None:
        """Let one tank after the other begin to live, and to fill with gas; for ever."""
        while True:
            if len(self.monitors) < most:
                at = MachineClock().now() + _BEFORE_GAS_MS
                monitor = Monitor(f"soak-tank-{len(self.monitors)}", at)
                self.monitors.append(monitor)
                self._lives.append(asyncio.create_task(monitor.live(self.port)))
            await pause(every)

    async def drain(self) -> None:
        """Let the tanks say what they have to, and no more; TimeoutError."""
        for monitor in self.monitors:
            monitor.measures = False
        async with asyncio.timeout(_DRAINED_WITHIN_S):
            while any(monitor.speaks for monitor in self.monitors):
                await pause(_LOOK)

    async def end(self) -> None:
        """End the tanks."""
        await end(self._lives)

    def readings(self) -> Mapping[Identity, Values]:
        """Return the readings that must be held."""
        return {
            **self.ledger.readings(),
            **dict(
                reading_of(payload) for monitor in self.monitors for payload in monitor.acknowledged
            ),
        }

    def messages(self) -> int:
        """Return how many messages the broker has acknowledged, repeats among them."""
        planned = sum(map(len, self.ledger.plans.values())) - len(self.ledger.unacknowledged())
        return planned + sum(len(monitor.acknowledged) for monitor in self.monitors)

    def malformed(self) -> int:
        """Return how many messages were planned that can only become dead letters."""
        plans = self.ledger.plans.values()
        return sum(each.letter is not None for plan in plans for each in plan)

    def _next(self, word: str) -> tuple[str, Random]:
        self._number += 1
        return f"{word}{self._number}-", Random(f"{self.seed} {word} {self._number}")

    async def _publish(self, plans: Plans, breath: timedelta, random: Random) -> None:
        self.ledger.extend(plans)
        async with asyncio.TaskGroup() as tasks:
            for client in plans:
                publisher = Publisher(client, self.port, self.ledger)
                tasks.create_task(publisher.run(breath, Random(random.random())))


def _without_last(plans: Plans) -> dict[str, list[Message]]:
    return {client: list(plan) for client, plan in plans.items() if client not in (LAST, TOOL)}


def _shuffled(messages: Iterable[Message], random: Random) -> list[Message]:
    messages = list(messages)
    return random.sample(messages, len(messages))


def _contradicts(message: Message) -> bool:
    """Return whether it matters that another message comes before this one."""
    return message.letter is not None and message.letter.stage == "store"


def _gauge(device: str, number: int) -> Message:
    topic, at, fails = f"gw/v1/soak_gauge/{device}/up", MachineClock().now(), number % 2 == 0
    body = {"device": device, "at": at, "level_m": number / 10, "fails": fails}
    payload = json.dumps(body).encode()
    if fails:
        return Message(topic, payload, letter=Letter("decode", "decoder_raised", topic, payload))
    return Message(topic, payload, {Identity("soak_gauge", device, at): {"level_m": number / 10}})
