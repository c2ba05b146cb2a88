"""The summary of a demonstration: what was injected, held against what was told of it."""

import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from operator import attrgetter
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.models.truth import EVERYWHERE, TruthRecord
from ingest.demo.story import OF_SILENCE, is_incident, place_of, places_of
from rules.severity import Severity

_FOREBODING_MS = milliseconds_of(timedelta(hours=1))
"""An alert begins with the slot of a meter in which its cause begins."""
_WAKE_MS = milliseconds_of(timedelta(hours=6))
"""So long after its end something may still be told of an incident."""
_HERALDS = frozenset({"lease_ending"})
"""Rules that tell of what is still to come."""
_ALERTS = """
SELECT alert.rule, alert.subject, c.severity, min(c.at)
FROM alert JOIN alert_change AS c ON c.alert = alert.id
GROUP BY alert.id, c.severity ORDER BY min(c.seq)
"""


class Told(NamedTuple):
    """What was told by a rule of a subject: how grave, and when first so grave."""

    rule: str
    subject: str
    severity: int
    at: Instant


class Fate(NamedTuple):
    """An incident, and the alerts about it."""

    record: TruthRecord
    alerts: tuple[Told, ...]


class Summary(NamedTuple):
    """What was injected, with the alerts about it, and other alerts from a warning on.

    `ahead` is what of the scenario was not reached.
    """

    fates: tuple[Fate, ...]
    others: tuple[Told, ...]
    ahead: tuple[TruthRecord, ...]


def summary_of(
    reader: sqlite3.Connection, truth: Iterable[TruthRecord], reached: Instant
) -> Summary:
    """Return the summary up to an instant; alerts belong to incidents by place and time."""
    incidents = sorted((each for each in truth if is_incident(each)), key=attrgetter("start_at"))
    records = [each for each in incidents if each.start_at <= reached]
    ahead = tuple(each for each in incidents if each.event and each.start_at > reached)
    records.sort(key=lambda record: record.device != EVERYWHERE)
    alerts = [Told(*row) for row in reader.execute(_ALERTS)]
    fates = []
    for record in records:
        about = [alert for alert in alerts if _is_about(alert, record)]
        alerts = [alert for alert in alerts if alert not in about]
        fates.append(Fate(record, tuple(about)))
    fates.sort(key=lambda fate: fate.record.start_at)
    to_come = {place for record in ahead for place in places_of(record)}
    grave = (alert for alert in alerts if alert.severity >= Severity.WARNING)
    others = tuple(
        alert
        for alert in grave
        if alert.rule not in _HERALDS or place_of(alert.subject) not in to_come
    )
    return Summary(tuple(fates), others, ahead)


def _is_about(alert: Told, record: TruthRecord) -> bool:
    end_at = alert.at if record.end_at is None else record.end_at + _WAKE_MS
    if not record.start_at - _FOREBODING_MS <= alert.at <= end_at:
        return False
    if record.device == EVERYWHERE:
        return alert.rule in OF_SILENCE
    return place_of(alert.subject) in places_of(record)
