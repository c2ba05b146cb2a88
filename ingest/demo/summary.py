"""The summary of a demonstration: what was injected, held against what was told of it."""

import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.models.truth import EVERYWHERE, TruthRecord
from ingest.demo.story import OF_SILENCE, place_of, places_of
from rules.severity import Severity

_OF_THE_NETWORK = frozenset({"duplicate", "lost", "late", "clock_drift", "rollover", "replacement"})
"""What befalls messages, clocks and counters is to be borne, and told to nobody."""
_FOREBODING_MS = milliseconds_of(timedelta(hours=1))
"""An alert begins with the slot of a meter in which its cause begins."""
_WAKE_MS = milliseconds_of(timedelta(hours=6))
"""So long after its end something may still be told of an incident."""
_ALERTS = """
SELECT rule, subject, worst, min(c.at)
FROM alert JOIN alert_change AS c ON c.alert = alert.id GROUP BY alert.id ORDER BY 4
"""


class Told(NamedTuple):
    """An alert: its rule, where, how grave at its worst, when it was raised."""

    rule: str
    subject: str
    worst: int
    raised_at: Instant


class Fate(NamedTuple):
    """An incident, and the alerts about it."""

    record: TruthRecord
    alerts: tuple[Told, ...]


class Summary(NamedTuple):
    """What was injected with the alerts about it, and other alerts from a warning on."""

    fates: tuple[Fate, ...]
    others: tuple[Told, ...]


def summary_of(
    reader: sqlite3.Connection, truth: Iterable[TruthRecord], reached: Instant
) -> Summary:
    """Return the summary up to an instant; alerts belong to incidents by place and time."""
    records = [
        each for each in truth if each.what not in _OF_THE_NETWORK and each.start_at <= reached
    ]
    records.sort(key=lambda record: (record.device != EVERYWHERE, record.start_at))
    alerts = [Told(*row) for row in reader.execute(_ALERTS)]
    fates = []
    for record in records:
        about = [alert for alert in alerts if _is_about(alert, record)]
        alerts = [alert for alert in alerts if alert not in about]
        fates.append(Fate(record, tuple(about)))
    fates.sort(key=lambda fate: fate.record.start_at)
    others = (alert for alert in alerts if alert.worst >= Severity.WARNING)
    return Summary(tuple(fates), tuple(others))


def _is_about(alert: Told, record: TruthRecord) -> bool:
    end_at = alert.raised_at if record.end_at is None else record.end_at + _WAKE_MS
    if not record.start_at - _FOREBODING_MS <= alert.raised_at <= end_at:
        return False
    if record.device == EVERYWHERE:
        return alert.rule in OF_SILENCE
    return place_of(alert.subject) in places_of(record)
