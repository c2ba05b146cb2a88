"""Short runs of small fleets, and what they said as decoded readings."""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from devices.decoding import Acceptance, Decoder
from devices.instant import Instant
from devices.models.calendar import DAY, HOUR
from devices.models.emission import Emission
from devices.models.fleet import Fleet
from devices.models.plan import STEADY, FleetPlan, NetworkHabits
from devices.models.scenario import parse_scenario
from devices.models.truth import Truth
from devices.reading import Reading
from devices.topic import Channel

START: Instant = 1_772_294_400_000
"""2026-03-01T00:00:00+08:00, a Sunday."""
DECODER = Decoder(Acceptance())


class Run(NamedTuple):
    """What a fleet said up to an instant, and what it still kept then."""

    emissions: list[Emission]
    truth: Truth

    def readings(self, device: str) -> list[Reading]:
        """The readings of a device by their own time, repeated ones once."""
        uploads = (one for one in self.emissions if one.topic.device == device)
        found = {reading.measured_at: reading for one in uploads for reading in decoded(one)}
        return [found[instant] for instant in sorted(found)]


def plan(
    network: NetworkHabits = STEADY,
    seed: int = 7,
    *,
    homes: int = 0,
    doors: int = 0,
    gas_monitors: int = 0,
) -> FleetPlan:
    """A small fleet on a steady network."""
    return FleetPlan(
        homes=homes, doors=doors, gas_monitors=gas_monitors, seed=seed, network=network
    )


def run(fleet_plan: FleetPlan, days: float, scenario: str = "") -> Run:
    """Run a fleet for some days from START, and flush it."""
    fleet = Fleet(fleet_plan, START, parse_scenario(scenario))
    until = fleet.emissions_until(START + int(days * DAY))
    emissions = list(chain(until, fleet.flush()))
    return Run(emissions, fleet.truth())


def event(**keys: object) -> str:
    """One event as TOML; texts are quoted."""
    lines = (
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
        for key, value in keys.items()
    )
    return "\n".join(("[[event]]", *lines, ""))


def decoded(emission: Emission) -> tuple[Reading, ...]:
    """The readings of an emission, decoded as if received when it left."""
    if emission.topic.channel is not Channel.UP:
        return ()
    topic = emission.topic
    return DECODER.decode(topic.kind, topic.device, emission.payload, emission.at).readings


def between(readings: Iterable[Reading], begin_h: float, end_h: float) -> list[Reading]:
    """The readings measured after the one and up to the other, in hours after START."""
    begin, end = START + int(begin_h * HOUR), START + int(end_h * HOUR)
    return [reading for reading in readings if begin < reading.measured_at <= end]


def litres(readings: Iterable[Reading]) -> int:
    """The sum of the increments."""
    return sum(round(1_000 * float(one.values.get("increment_m3", 0))) for one in readings)
