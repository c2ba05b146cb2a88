"""What a demonstration tells of alerts and commands, and how it sums up."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from devices.models.truth import EVERYWHERE, TruthRecord
from ingest.demo.story import Story
from ingest.demo.summary import summary_of
from ingest.journal.alert_table import AlertTable
from ingest.journal.command_table import CommandTable
from ingest.journal.consequences import ChangeRow, CommandRow
from ingest.journal.database import open_writer, transaction
from tests.journal.readings import START

HOUR = 3_600_000
DWELLING = "d-0123456789abcdef"


def record(
    event: int, what: str, device: str, hour: int, end: int | None, **parameters: str
) -> TruthRecord:
    end_at = None if end is None else START + end * HOUR
    return TruthRecord(event, what, "", device, START + hour * HOUR, end_at, parameters)


TRUTH = (
    record(1, "leak", "wm-1", 1, None),
    record(2, "outage", EVERYWHERE, 2, 4),
    record(3, "person_inactive", "wm-2", 3, None, dwelling=DWELLING),
    record(0, "clock_drift", "wm-3", 0, None),
    record(4, "burst", "wm-4", 50, None),
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_writer(tmp_path / "gridwatch.db")) as database:
        yield database


def tell(
    journal: sqlite3.Connection, rule: str, subject: str, hour: int, **changed: object
) -> None:
    at = START + hour * HOUR
    row: Mapping[str, object] = {
        "identity": f"{rule}/{subject}/{hour}", "alert": f"{rule}/{subject}", "rule": rule,
        "scope": "device", "subject": subject, "start_at": at, "transition": "raised",
        "severity": 2, "at": at, "told_at": at, "suppressed": False, "evidence": "{}",
        "text_zh": "漏水", "text_en": "water", **changed,
    }  # fmt: skip
    names = ChangeRow._fields
    change = ChangeRow(**{name: row[name] for name in names if name in row})  # type: ignore[arg-type]
    with transaction(journal):
        AlertTable(journal).write([change])


def story_of(journal: sqlite3.Connection) -> Story:
    return Story(journal, lambda: TRUTH)


def test_what_is_injected_is_told_when_devices_have_come_so_far(
    journal: sqlite3.Connection,
) -> None:
    story = story_of(journal)

    told = [[line.title for line in story.news(START + hour * HOUR)] for hour in (0, 2, 3, 3)]

    assert told == [
        [],
        ["leak at wm-1", "outage at all devices"],
        ["person inactive at wm-2"],
        [],
    ]


def test_an_alert_is_told_once_with_both_texts_and_its_end_without(
    journal: sqlite3.Connection,
) -> None:
    story = story_of(journal)
    tell(journal, "burst", "water_meter/wm-9", 1)
    first, again = story.news(START, last=True), story.news(START, last=True)
    tell(journal, "burst", "water_meter/wm-9", 2, transition="resolved")

    ((end,),) = (story.news(START, last=True),)
    assert [(line.mark, line.title, line.texts) for line in first] == [
        ("warning", "Burst 爆管疑似: water_meter/wm-9", ("漏水", "water"))
    ]
    assert again == []
    assert (end.mark, end.texts) == ("over", ())


@pytest.mark.parametrize(
    ("rule", "subject", "is_told"),
    [
        ("burst", "water_meter/wm-9", False),
        ("burst", "water_meter/wm-1", True),
        ("household_silent", DWELLING, True),
        ("meter_silent", "water_meter/wm-1", False),
    ],
)
def test_a_notice_is_told_where_something_was_injected_unless_of_silence(
    journal: sqlite3.Connection, rule: str, subject: str, *, is_told: bool
) -> None:
    tell(journal, rule, subject, 1, severity=1)

    assert bool(story_of(journal).news(START)) == is_told


def test_an_order_its_answer_and_its_proof_are_told_as_they_become_known(
    journal: sqlite3.Connection,
) -> None:
    story = story_of(journal)
    order = CommandRow(
        "c-1", "gas_monitor", "gm-1", "fan_start", "{}", "fan", "fan", "device",
        "gas_monitor/gm-1", START, START + 10_000,
    )  # fmt: skip
    with transaction(journal):
        CommandTable(journal).add([order])
    told = [[line.mark for line in story.news(START, last=True)]]
    for name, instant in (("answered_at", START + 2_000), ("proven_at", START + 3_500)):
        journal.execute(f"UPDATE command SET state = 'done', {name} = {instant}")  # noqa: S608 ours
        told.append([f"{line.mark} {line.title}" for line in story.news(START, last=True)])

    assert told == [
        ["order"],
        ["answer fan_start to gas_monitor/gm-1: done after 2.0 s"],
        ["proof fan_start to gas_monitor/gm-1: seen by its effect after 3.5 s"],
    ]


def test_alerts_are_of_the_incident_at_their_place_and_time(journal: sqlite3.Connection) -> None:
    tell(journal, "continuous_leak", "water_meter/wm-1", 25)
    tell(journal, "household_silent", DWELLING, 27)
    tell(journal, "meter_silent", "water_meter/wm-1", 3, severity=1)
    tell(journal, "burst", "water_meter/wm-4", 4)
    tell(journal, "water_battery", "water_meter/wm-5", 4, severity=1)

    fates, others, ahead = summary_of(journal, TRUTH, START + 30 * HOUR)

    assert [(each.record.what, [alert.rule for alert in each.alerts]) for each in fates] == [
        ("leak", ["continuous_leak"]),
        ("outage", ["meter_silent"]),
        ("person_inactive", ["household_silent"]),
    ]
    assert [alert.rule for alert in others] == ["burst"]
    assert [each.what for each in ahead] == ["burst"]


def test_how_grave_an_alert_was_is_told_with_when_it_became_so(
    journal: sqlite3.Connection,
) -> None:
    for hour, severity in ((25, 1), (45, 2), (50, 1)):
        tell(journal, "leak", "water_meter/wm-1", hour, severity=severity, alert="a")

    fates, _, _ = summary_of(journal, TRUTH, START + 100 * HOUR)

    assert [(each.severity, each.at - START) for each in fates[0].alerts] == [
        (1, 25 * HOUR),
        (2, 45 * HOUR),
    ]


def test_what_a_story_did_not_get_to_is_named_and_what_heralds_it_is_no_false_alarm(
    journal: sqlite3.Connection,
) -> None:
    tell(journal, "lease_ending", DWELLING, 1)

    fates, others, ahead = summary_of(journal, TRUTH, START + 2 * HOUR)

    assert [each.record.what for each in fates] == ["leak", "outage"]
    assert [each.what for each in ahead] == ["person_inactive", "burst"]
    assert others == ()


def test_what_our_clock_brings_about_waits_until_devices_have_lived_so_far(
    journal: sqlite3.Connection,
) -> None:
    story = story_of(journal)
    tell(journal, "lease_ending", "d-1", 90)
    tell(journal, "burst", "water_meter/wm-9", 6)

    told = [
        [line.title for line in story.news(START + hour * HOUR, last=hour == 80)]
        for hour in (0, 6, 8, 80)
    ]

    assert [sum("Burst" in title for title in titles) for titles in told] == [0, 1, 0, 0]
    assert [sum("Lease" in title for title in titles) for titles in told] == [0, 0, 0, 1]
