"""The incidents: tapes of many devices, mixed and repeated as their gateways publish them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from ingest.registry.content import Content
from tests.proof.door_tapes import door_tape, patient_door
from tests.proof.dwelling_tapes import Dwelling, dwelling, registered
from tests.proof.gas_tapes import gas_tape, patient_monitor
from tests.proof.ledger import Plans
from tests.proof.message import Message
from tests.proof.tape import Tape, Told
from tests.proof.water_tapes import daily_tape, hourly_tape

_WEEK = milliseconds_of(timedelta(days=7))
_FORTNIGHT = 2 * _WEEK
_REPEATED = 0.15
_LATE = 0.7
_FARTHEST = 60.0
"""Places by which a message comes later, or again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """How many gateways there are, and how many devices of each sort behind one."""

    gateways: int
    devices: int
    patient: int
    """Devices of each sort whose alert comes, or goes, by time alone after they are last heard."""
    name: str = ""
    """What the names of its devices begin with."""
    dwellings: int = 0
    """Dwellings in care behind a further gateway beside each; the registry has to know them."""


class Injected(NamedTuple):
    """What gateways publish, and the alerts that must come of it: these, and no others."""

    plans: Plans
    told: Sequence[Told]
    registry: Content
    """What the registry has to hold; of its devices nothing is told but of their dwellings."""


def incidents(trouble: Trouble, now: Instant, random: Random) -> Injected:
    """Return a plan for each gateway, of the past week, and the truth."""
    plans: dict[str, list[Message]] = {}
    told: list[Told] = []
    homes: list[Dwelling] = []
    for number in range(trouble.gateways):
        gateway = f"{trouble.name}gateway-{number}"
        tapes = list(_tapes(gateway, trouble, now - _WEEK, random))
        plans[gateway] = _mixed(tapes, random)
        told += [each for tape in tapes for each in tape.told]
    for number in range(trouble.gateways * bool(trouble.dwellings)):
        gateway = f"{trouble.name}street-{number}"
        names = [f"{gateway}-{each}" for each in range(trouble.dwellings)]
        street = [dwelling(name, now - _FORTNIGHT, random) for name in names]
        plans[gateway] = _mixed([home.tape for home in street], random)
        told += [each for home in street for each in home.tape.told]
        homes += street
    return Injected(plans, told, registered(homes))


def _tapes(gateway: str, trouble: Trouble, at: Instant, random: Random) -> Iterator[Tape]:
    for number in range(trouble.devices):
        yield gas_tape(f"{gateway}-gas-{number}", at, random)
        yield door_tape(f"{gateway}-door-{number}", at, random)
        yield hourly_tape(f"{gateway}-hourly-{number}", at, random)
        yield daily_tape(f"{gateway}-daily-{number}", at, random)
    for number in range(trouble.patient):
        yield patient_monitor(f"{gateway}-patient-gas-{number}", at, random)
        yield patient_door(f"{gateway}-patient-door-{number}", at)


def _mixed(tapes: Sequence[Tape], random: Random) -> list[Message]:
    """Return the messages of all, each tape in its order but for what is idle or repeated."""
    length = sum(len(tape.uploads) for tape in tapes)
    placed = [each for tape in tapes for each in _placed(tape, length, random)]
    return [message for _, message in sorted(placed, key=lambda each: each[0])]


def _placed(tape: Tape, length: int, random: Random) -> Iterable[tuple[float, Message]]:
    places = sorted(random.uniform(0, length) for _ in tape.uploads)
    for number, upload in enumerate(tape.uploads):
        if upload.at_once:
            places[number] = places[number - 1]
        place = places[number]
        late = upload.idle and random.random() < _LATE
        yield place + (random.uniform(0, _FARTHEST) if late else 0.0), upload.message
        if random.random() < _REPEATED:
            yield place + _FARTHEST + random.uniform(0, _FARTHEST), upload.message
