"""Episodes: what the alerts of a rule about a subject looked like to people."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import NamedTuple

from devices.instant import Instant, iso_of, milliseconds_of
from rules.effect import AlertChange
from rules.finding import Evidence
from rules.lifecycle import Transition
from rules.severity import Severity
from rules.subject import Subject

SAME_EPISODE = timedelta(hours=24)
"""An alert that comes back sooner is the same trouble to those who are told of it."""

_BEGINS = (Transition.RAISED, Transition.RAISED_LATE)
_COLUMNS = (
    "rule", "scope", "subject", "start_at", "told_at", "end_at", "severity", "alerts", "excused",
    "explanation",
)  # fmt: skip


@dataclass(slots=True)
class Alert:
    """One alert from its start to its end, None while it lasts; `severity` is its greatest.

    `excused` says that late data has shown it to be wrong.
    """

    rule: str
    subject: Subject
    start: Instant
    told_at: Instant
    severity: int
    evidence: Evidence
    end: Instant | None = None
    excused: bool = False


class Episode(NamedTuple):
    """Alerts of a rule about a subject that lie no more than a day apart."""

    alerts: tuple[Alert, ...]

    @property
    def worst(self) -> Alert:
        """The first alert of the greatest severity."""
        return max(self.alerts, key=lambda alert: alert.severity)


@dataclass(slots=True)
class AlertLog:
    """Every alert that was ever told."""

    alerts: dict[str, Alert] = field(default_factory=dict)

    def add(self, change: AlertChange) -> None:
        """Take in a change of an alert."""
        if change.transition in _BEGINS:
            self.alerts[change.alert] = Alert(
                rule=change.rule,
                subject=change.subject,
                start=change.start,
                told_at=change.told_at,
                severity=change.severity,
                evidence=change.evidence,
            )
            return
        alert = self.alerts[change.alert]
        if change.severity > alert.severity:
            alert.severity, alert.evidence = change.severity, change.evidence
        if change.transition is Transition.RESOLVED:
            alert.end = change.at
        alert.excused |= change.transition is Transition.WOULD_NOT_HAVE_FIRED

    def of(self, rule: str) -> list[Alert]:
        """Return the alerts of a rule, by subject and time."""
        found = (alert for alert in self.alerts.values() if alert.rule == rule)
        return sorted(found, key=lambda alert: (alert.subject, alert.start))


def episodes_of(alerts: Iterable[Alert]) -> list[Episode]:
    """Return the episodes of one rule's alerts, which come by subject and time."""
    found = []
    for _, of_subject in groupby(alerts, key=lambda alert: alert.subject):
        together: list[Alert] = []
        for alert in of_subject:
            if together and _apart(together[-1], alert):
                found.append(Episode(tuple(together)))
                together = []
            together.append(alert)
        found.append(Episode(tuple(together)))
    return found


def episode_csv(told: Iterable[tuple[Episode, str]]) -> str:
    """Return the CSV of episodes, each with its explanation."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for episode, explanation in told:
        first, last = episode.alerts[0], episode.alerts[-1]
        writer.writerow(
            (
                first.rule,
                first.subject.scope,
                first.subject.id,
                iso_of(first.start),
                iso_of(first.told_at),
                "" if last.end is None else iso_of(last.end),
                Severity(episode.worst.severity).name.lower(),
                len(episode.alerts),
                sum(alert.excused for alert in episode.alerts),
                explanation,
            )
        )
    return text.getvalue()


def _apart(earlier: Alert, later: Alert) -> bool:
    return earlier.end is not None and later.start - earlier.end > milliseconds_of(SAME_EPISODE)
