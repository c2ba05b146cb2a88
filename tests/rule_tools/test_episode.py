"""Laws of alerts and episodes: what people were told, in the pieces they would count."""

import csv
import io

import pytest

from ingest.rule_tools.episode import AlertLog, Episode, episode_csv, episodes_of
from rules.effect import AlertChange
from rules.lifecycle import Transition
from rules.severity import Severity
from rules.subject import Subject, device_subject

HOUR = 3_600_000
METER = device_subject("water_meter", "wm-1")
OTHER = device_subject("water_meter", "wm-2")


def change(
    transition: Transition,
    hour: int,
    *,
    start: int,
    severity: Severity = Severity.WARNING,
    subject: Subject = METER,
) -> AlertChange:
    return AlertChange(
        rule="made_up",
        subject=subject,
        start=start * HOUR,
        transition=transition,
        severity=severity,
        at=hour * HOUR,
        told_at=hour * HOUR + 1_000,
        suppressed=False,
        evidence={"value": hour},
    )


def log_of(*changes: AlertChange) -> AlertLog:
    log = AlertLog()
    for each in changes:
        log.add(each)
    return log


def alert(start: int, end: int | None, subject: Subject = METER) -> tuple[AlertChange, ...]:
    raised = change(Transition.RAISED, start + 1, start=start, subject=subject)
    if end is None:
        return (raised,)
    return raised, change(Transition.RESOLVED, end, start=start, subject=subject)


def test_an_alert_has_its_greatest_severity_and_the_evidence_of_that() -> None:
    log = log_of(
        change(Transition.RAISED, 2, start=1, severity=Severity.NOTICE),
        change(Transition.ESCALATED, 3, start=1, severity=Severity.CRITICAL),
        change(Transition.EASED, 4, start=1, severity=Severity.NOTICE),
        change(Transition.RESOLVED, 5, start=1, severity=Severity.NOTICE),
    )

    (found,) = log.of("made_up")

    assert (found.severity, found.evidence) == (Severity.CRITICAL, {"value": 3})
    assert (found.start, found.told_at, found.end) == (HOUR, 2 * HOUR + 1_000, 5 * HOUR)
    assert log.of("another") == []


def test_an_alert_that_late_data_has_shown_to_be_wrong_is_excused() -> None:
    log = log_of(*alert(1, None), change(Transition.WOULD_NOT_HAVE_FIRED, 9, start=1))

    assert [found.excused for found in log.of("made_up")] == [True]


@pytest.mark.parametrize(
    ("alerts", "sizes"),
    [
        ((), []),
        ((alert(0, 5), alert(29, 30)), [2]),
        ((alert(0, 5), alert(30, 31)), [1, 1]),
        ((alert(0, 5), alert(20, 31), alert(55, None)), [3]),
        ((alert(0, 5), alert(6, 9, OTHER)), [1, 1]),
        ((alert(6, 9, OTHER), alert(10, 11), alert(0, 5)), [2, 1]),
    ],
)
def test_alerts_of_a_subject_no_more_than_a_day_apart_are_one_episode(
    alerts: tuple[tuple[AlertChange, ...], ...], sizes: list[int]
) -> None:
    log = log_of(*(each for changes in alerts for each in changes))

    assert [len(episode.alerts) for episode in episodes_of(log.of("made_up"))] == sizes


def test_the_list_has_one_row_for_each_episode() -> None:
    log = log_of(*alert(0, 5), *alert(6, None))
    (episode,) = episodes_of(log.of("made_up"))

    (row,) = csv.DictReader(io.StringIO(episode_csv([(Episode(episode.alerts), "多, 少")])))

    assert row == {
        "rule": "made_up",
        "scope": "device",
        "subject": "water_meter/wm-1",
        "start_at": "1970-01-01T00:00:00.000Z",
        "told_at": "1970-01-01T01:00:01.000Z",
        "end_at": "",
        "severity": "warning",
        "alerts": "2",
        "excused": "0",
        "explanation": "多, 少",
    }
