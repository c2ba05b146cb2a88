"""Laws of the backtest: the same as the service would have said, counted by what was watched."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from devices.instant import iso_of
from devices.reading import Reading
from ingest.journal.batch import Batch
from ingest.journal.database import open_reader
from ingest.journal.journal import Journal
from ingest.rule_tools.backtest import Trial, backtest
from ingest.rule_tools.coverage import Coverage
from ingest.rule_tools.feed import Feed, JournalFeed, RecordingFeed
from ingest.rule_tools.span import Span
from ingest.simulate.recording import read_recording
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.condition import State, Timeless, Verdict
from rules.effect import AlertChange
from rules.engine import Engine
from rules.lifecycle import Transition
from rules.register import TableRegister
from rules.rule import AlertRule
from rules.severity import Severity
from tests.rule_tools import recorded

DAY = 86_400_000
SAMPLE = Path(__file__).parents[1] / "samples/daiad/readings.csv"
SILENT = catalogue()["meter_silent"]


@pytest.fixture
def feed(tmp_path: Path) -> RecordingFeed:
    return RecordingFeed(read_recording(recorded.write(tmp_path)))


def trial_of(feed: Feed, *rules: AlertRule) -> Trial:
    return backtest(Rulebook(rules), feed, lambda _: None)


def test_a_silence_of_the_past_is_told_when_its_time_was_up(feed: RecordingFeed) -> None:
    trial = trial_of(feed, SILENT)

    ((alert,),) = (each.alerts for each in trial.rules)
    assert alert.subject.id == "water_meter/daiad-home-1"
    assert iso_of(alert.start) == "2016-03-01T08:00:00.000Z"
    assert iso_of(alert.told_at) == "2016-03-03T14:00:00.000Z"
    assert alert.end is not None
    assert iso_of(alert.end) == "2016-03-04T09:00:00.000Z"
    assert (trial.readings, feed.left_out, len(trial.coverage)) == (7, 1, 2)


def test_alerts_are_counted_by_the_months_that_devices_were_watched(feed: RecordingFeed) -> None:
    (each,) = trial_of(feed, SILENT).rules

    months = (3 * 24 + 3 + 3 * 24) / 24 / (365.25 / 12)
    assert each.device_months == pytest.approx(months)
    assert each.per_device_month() == pytest.approx(1 / months)
    assert each.per_device_month(Severity.WARNING) == 0.0


def test_of_a_rule_that_no_reading_concerned_nothing_is_said(feed: RecordingFeed) -> None:
    trial = trial_of(feed, SILENT, catalogue()["water_frost"], catalogue()["oxygen"])

    assert [each.rule.name for each in trial.rules] == ["meter_silent"]
    assert trial.idle == ["water_frost", "oxygen"]


def test_all_that_the_engine_tells_of_is_counted() -> None:
    feed = RecordingFeed(read_recording(SAMPLE))
    rules = tuple(catalogue().values())

    trial = trial_of(feed, *rules)

    counted = {each.rule.name: len(each.alerts) for each in trial.rules if each.alerts}
    assert counted == raised_in(feed, Rulebook(rules))
    assert {"night_flow", "abnormal_use", "low_day"} < {*counted}
    assert all(each.device_months > 0 for each in trial.rules)
    assert "burst" not in trial.idle
    assert "water_frost" in trial.idle


def raised_in(feed: Feed, rulebook: Rulebook) -> Counter[str]:
    """How many alerts of each rule an engine raises that is given all of a feed."""
    engine = Engine(rulebook, feed.register, SavedStates())
    for reading in feed:
        engine.tick(reading.received_at)
        engine.observe(reading)
    changes = [each for each in engine.take().effects if isinstance(each, AlertChange)]
    return Counter(each.rule for each in changes if each.transition is Transition.RAISED)


def test_what_was_journalled_is_judged_as_what_was_recorded(
    feed: RecordingFeed, tmp_path: Path
) -> None:
    path = tmp_path / "gridwatch.db"
    asyncio.run(_journalled(path, list(feed)))
    journal = JournalFeed(open_reader(path), TableRegister())

    (of_journal,) = trial_of(journal, SILENT).rules
    (of_recording,) = trial_of(feed, SILENT).rules

    assert of_journal.alerts == of_recording.alerts
    assert of_journal.device_months == of_recording.device_months


async def _journalled(path: Path, readings: list[Reading]) -> None:
    journal = Journal(path, 10**9)
    await journal.commit(Batch(readings))
    await journal.close()


@pytest.mark.parametrize("source", ["recording", "journal"])
def test_what_was_measured_outside_of_the_span_is_left_out(tmp_path: Path, source: str) -> None:
    recording = read_recording(recorded.write(tmp_path))
    first, *_, last = sorted(each.measured_at for each in RecordingFeed(recording))
    span = Span(first + 1, last)
    path = tmp_path / "gridwatch.db"
    asyncio.run(_journalled(path, list(RecordingFeed(recording))))

    inside: Feed = (
        RecordingFeed(recording, (), span)
        if source == "recording"
        else JournalFeed(open_reader(path), TableRegister(), span)
    )

    assert len(list(inside)) == 5
    assert all(first < each.measured_at < last for each in inside)


class _Raises(Timeless):
    def start(self) -> State:
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:  # noqa: ARG002 it fails at once
        raise ValueError


def test_a_condition_that_raises_is_counted(feed: RecordingFeed) -> None:
    broken = replace(SILENT, name="broken", condition=lambda _: _Raises())

    trial = trial_of(feed, broken, SILENT)

    assert trial.failures == {"broken": 7}
    assert [len(each.alerts) for each in trial.rules] == [0, 1]


def test_a_reading_older_than_the_newest_of_its_device_is_late() -> None:
    coverage = Coverage()
    days = {"a": (3, 2, 4), "b": (1,)}
    late = [
        coverage.add(Reading(device, "water_meter", day * DAY, 9 * DAY, {"cumulative_m3": 1.0}))
        for device, measured in days.items()
        for day in measured
    ]

    assert late == [False, True, False, False]
    assert coverage.late == 1
    assert coverage.device_months() == pytest.approx(2 / (365.25 / 12))
