"""The two plays there are: a simulated community, and recorded household meters."""

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from devices.instant import milliseconds_of
from devices.models.fleet import Fleet
from devices.models.plan import FleetPlan
from devices.models.scenario import parse_scenario
from ingest.clock import FastClock, MachineClock
from ingest.demo.stage import Play
from ingest.registry import COLUMNS
from ingest.simulate.local_time import RepeatedHour
from ingest.simulate.recording import read_recording
from ingest.simulate.replay import EndClock, Replay, weeks_to

PLAN = FleetPlan(homes=200, doors=40, gas_monitors=12, seed=1)
SPEED = 20_000.0
"""The past month takes about two and a half minutes; then the community is in the present."""
_PAST = timedelta(days=35)
_RECORDING_DAYS = 600
"""What the service has to accept as not too old: the recording spans 444 days."""


def community() -> Play:
    """Return 200 homes, 40 doors and 12 gas monitors that live through the past 35 days."""
    scenario = files("ingest.demo").joinpath("scenario.toml").read_text(encoding="utf-8")
    start = MachineClock().now() - milliseconds_of(_PAST)
    fleet = Fleet(PLAN, start, parse_scenario(scenario))
    return Play(
        "a simulated community",
        fleet,
        lambda: FastClock(start, SPEED),
        fleet.community.area_rows(),
        {},
        lambda tally: tally.readings + tally.repeated,
    )


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
        [",".join(COLUMNS)],
        {
            "accept": {"age_days": _RECORDING_DAYS},
            "journal": {"retention_days": _RECORDING_DAYS + 1},
        },
        lambda tally: tally.messages,
    )
