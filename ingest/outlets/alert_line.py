"""A transition of an alert as a line of line protocol; `docs/influxdb.md` states the contract."""

from ingest.areas import area_of, levels_of
from ingest.journal.alert_outgoing import Told
from ingest.sinks.line_protocol import tag_of, text_of
from rules.severity import Severity

MEASUREMENT = "alert"
_NUMBERS = 1_000_000
"""More than can follow each other in one millisecond."""
TAGS = (
    "rule", "severity", "transition", "scope", "subject", "area",
    "city", "district", "street", "community", "grid",
)  # fmt: skip
"""The subject is one of them: two alerts of one street in the same millisecond are two points."""
FIELDS = ("id", "sequence", "start_at", "told_at", "suppressed", "text_zh", "text_en")


def alert_line(told: Told) -> str:
    """Return the line of a transition, its time that of the device in milliseconds."""
    tags = {
        "rule": told.rule,
        "severity": Severity(told.severity).name.lower(),
        "transition": told.transition,
        "scope": told.scope,
        "subject": told.subject,
        "area": area_of(told.areas),
        **levels_of(told.areas),
    }
    fields = {
        "id": text_of(told.alert),
        "sequence": f"{_sequence(told)}i",
        "start_at": f"{told.start_at}i",
        "told_at": f"{told.told_at}i",
        "suppressed": str(told.suppressed).lower(),
        "text_zh": text_of(told.text_zh),
        "text_en": text_of(told.text_en),
    }
    source = ",".join((MEASUREMENT, *(f"{name}={tag_of(text)}" for name, text in tags.items())))
    return f"{source} {','.join(f'{name}={text}' for name, text in fields.items())} {told.at}"


def _sequence(told: Told) -> int:
    """Return a number that grows with each transition, and that no two of a subject share.

    The journal's number alone would begin anew with a new journal, the time alone is not unique.
    Below 2**63 up to the year 2262.
    """
    return told.told_at * _NUMBERS + told.seq % _NUMBERS
