"""A fleet: every simulated device of a community, in the order in which they speak."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple, TypeAlias

from devices.instant import Instant
from devices.message import Command, decode_command
from devices.models.command import EXPIRED, Answer, reply_text
from devices.models.community import DOOR, METER, MONITOR, Community, DeviceName
from devices.models.door import Door
from devices.models.emission import Emission
from devices.models.injection import injections
from devices.models.meter import Meter
from devices.models.monitor import Monitor
from devices.models.network import Network
from devices.models.plan import FleetPlan
from devices.models.scenario import EMPTY, Scenario
from devices.models.simulated import SimulatedDevice
from devices.models.truth import Truth, truth_of
from devices.refusal import DecodeError
from devices.topic import Channel, Topic

_REMEMBERED = 32
"""Commands that a device remembers to answer a repetition alike."""


class Letter(NamedTuple):
    """A message under way, or kept in its device until the network lets it through."""

    topic: Topic
    payload: bytes
    new_readings: int
    repeated_readings: int


class Order(NamedTuple):
    """A command that waits for the end of an outage."""

    topic: Topic
    payload: bytes


Due: TypeAlias = tuple[Instant, int, SimulatedDevice | Letter | Order]
"""What is due, when; the number keeps apart what is due at the same instant."""


class Fleet:
    """All devices of a plan. It keeps no clock: it is advanced to an instant and says what left."""

    def __init__(self, plan: FleetPlan, start: Instant, scenario: Scenario = EMPTY) -> None:
        self.community = Community(plan)
        """Names, pseudonyms and areas."""
        self._injections = injections(scenario, self.community, start)
        self._faults: Counter[str] = Counter(duplicate=0, lost=0, late=0, rollover=0, replacement=0)
        self._network = Network(self.community, self._injections, self._faults)
        self._devices = self._made(start)
        self._answers: dict[DeviceName, deque[tuple[str, Answer]]] = {}
        self._numbers = count()
        self._due: list[Due] = [
            (device.next_at(), next(self._numbers), device)
            for devices in self._devices.values()
            for device in devices
        ]
        heapify(self._due)

    def devices(self) -> Iterator[tuple[str, str]]:
        """Yield the kind and id of each device."""
        for name in self.community.names():
            yield name.kind, name.device

    def next_at(self) -> Instant | None:
        """Return when the next emission may be due, None when nothing will ever be."""
        return self._due[0][0] if self._due else None

    def emissions_until(self, instant: Instant) -> Iterator[Emission]:
        """Yield, in order of `at`, all that leaves up to and including the instant."""
        while self._due and self._due[0][0] <= instant:
            at, _, item = heappop(self._due)
            if isinstance(item, Letter):
                yield Emission(at, *item)
            elif isinstance(item, Order):
                yield from self.obey(item.topic, item.payload, at)
            elif at == item.next_at():
                yield from self._turn(item, at)

    def obey(self, topic: Topic, payload: bytes, at: Instant) -> tuple[Emission, ...]:
        """Return what the device answers to a message that reached its `down` topic.

        Nothing for what no device of the fleet would take notice of. During an outage the command
        reaches the device afterwards, and the answer comes from `emissions_until`.
        """
        name = self.community.name_of(topic.device)
        if name is None or name.kind != topic.kind:
            return ()
        try:
            command = decode_command(topic, payload)
        except DecodeError:
            return ()
        device = self._devices[name.kind][name.number - 1]
        reached_at = self._network.through(device, at)
        if reached_at > at:
            self._push(reached_at, Order(topic, payload))
            return ()
        answer = self._answer(device, command, at)
        at_text = self.community.calendar.text_of(at)
        reply = reply_text(topic.device, command.id, answer, at_text)
        return (Emission(at, topic._replace(channel=Channel.REPLY), reply, 0, 0),)

    def flush(self) -> Iterator[Emission]:
        """Yield, in order of `at`, the messages still kept in devices or under way."""
        kept = sorted(due for due in self._due if isinstance(due[2], Letter))
        self._due = [due for due in self._due if not isinstance(due[2], Letter)]
        heapify(self._due)
        for at, _, letter in kept:
            if isinstance(letter, Letter):
                yield Emission(at, *letter)

    def truth(self) -> Truth:
        """Return what was injected, and how often the network misbehaved."""
        return truth_of(self._injections, self.community, self._faults)

    def _made(self, start: Instant) -> Mapping[str, Sequence[SimulatedDevice]]:
        plan, community, of = self.community.plan, self.community, self._injections.of
        return {
            METER: [
                Meter(number, community, of(DeviceName(METER, number)), start)
                for number in range(1, plan.homes + 1)
            ],
            DOOR: [
                Door(number, community, of(DeviceName(DOOR, number)), start)
                for number in range(1, plan.doors + 1)
            ],
            MONITOR: [
                Monitor(number, community, of(DeviceName(MONITOR, number)), start)
                for number in range(1, plan.gas_monitors + 1)
            ],
        }

    def _push(self, at: Instant, item: SimulatedDevice | Letter | Order) -> None:
        heappush(self._due, (at, next(self._numbers), item))

    def _turn(self, device: SimulatedDevice, at: Instant) -> Iterator[Emission]:
        """Let the device speak, and hand what it says to the network."""
        said = device.speak(at)
        self._push(device.next_at(), device)
        if said is None:
            return
        self._faults.update(said.faults)
        name = device.name
        topic = Topic(name.kind, name.device, Channel.UP)
        new = True
        for arrives_at in self._network.arrivals(device, at):
            readings = (said.readings, 0) if new else (0, said.readings)
            new = False
            if arrives_at == at:
                yield Emission(at, topic, said.payload, *readings)
            else:
                self._push(arrives_at, Letter(topic, said.payload, *readings))

    def _answer(self, device: SimulatedDevice, command: Command, at: Instant) -> Answer:
        """Obey a command once; a repetition gets the answer of the first time."""
        past = self._answers.setdefault(device.name, deque(maxlen=_REMEMBERED))
        for command_id, answer in past:
            if command_id == command.id:
                return answer
        if at > command.expires_at:
            answer = EXPIRED
        else:
            before = device.next_at()
            answer = device.obey(command, at)
            if device.next_at() != before:
                self._push(device.next_at(), device)
        past.append((command.id, answer))
        return answer
