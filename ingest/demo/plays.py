"""The two plays there are: a simulated community, and recorded household meters."""

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from devices.instant import Instant, milliseconds_of
from devices.models.fleet import Fleet
from devices.models.plan import FleetPlan
from devices.models.scenario import parse_scenario
from ingest.clock import MachineClock
from ingest.demo.pace import TOGETHER_MS, Pace
from ingest.demo.stage import Play
from ingest.registry.content import Content
from ingest.registry.demo import community_content
from ingest.simulate.layout import Layout
from ingest.simulate.local_time import RepeatedHour
from ingest.simulate.recording import read_recording
from ingest.simulate.replay import EndClock, Replay, weeks_to

PLAN = FleetPlan(homes=200, doors=32, gas_monitors=4, seed=1)
_PAST = timedelta(hours=78)
"""In which a person in care can be inactive for three days."""
_GATEWAYS = Layout(own_up_to=0, gateways=4, in_flight=200)
"""Connections that carry all devices: one for each would take as long again for the same days."""
_RECORDING_DAYS = 600
"""What the service has to accept as not too old: the recording spans 444 days."""


def community(folder: Path) -> Play:
    """Return 200 homes, 32 doors and 4 gas monitors that live through the past days."""
    now = MachineClock().now()
    start = now - milliseconds_of(_PAST)
    pace = Pace(now - TOGETHER_MS, folder / "cue")
    fleet = demo_fleet(now)
    return Play(
        "a simulated community",
        fleet,
        lambda: pace.of_devices(start),
        community_content(fleet, now),
        {},
        lambda tally: tally.readings + tally.repeated,
        pace,
        lambda: fleet.truth().injected,
        _GATEWAYS,
    )


def demo_fleet(now: Instant) -> Fleet:
    """Return the devices of the simulated community, at the beginning of their past."""
    scenario = files("ingest.demo").joinpath("scenario.toml").read_text(encoding="utf-8")
    return Fleet(PLAN, now - milliseconds_of(_PAST), parse_scenario(scenario))


def recording(file: Path) -> Play:
    """Return the recorded meters of a file, moved by whole weeks to end before now.

    Raises InputError of `ingest.simulate.refusal` for a file that can't be read.
    """
    meters = read_recording(file, RepeatedHour.SUMMER)
    source = Replay(meters, weeks_to(MachineClock().now(), meters))
    return Play(
        "recorded household meters",
        source,
        lambda: EndClock(source.last_at),
        Content(),
        {
            "accept": {"age_days": _RECORDING_DAYS},
            "journal": {"retention_days": _RECORDING_DAYS + 1},
            "rules": {"judge": False},
        },
        lambda tally: tally.messages,
    )
