"""What Alertmanager is told of an alert: its labels are the identity there, so none ever changes.

Severity is a label, because routes go by it. So an alert that changes its severity is another one
there, and the one before has to be ended. The identity of ours, which holds the start, is an
annotation: a silence, which goes by labels, shall last when the same comes back.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from devices.instant import Instant, iso_of
from ingest.areas import levels_of
from ingest.journal.alerts import Alert, AlertTransition
from rules.explanation import Text
from rules.severity import Severity

Labels: TypeAlias = tuple[tuple[str, str], ...]
_LONGEST_EVIDENCE = 1_000


class Words(NamedTuple):
    """What is told of each alert of a rule: its title, and where to read what to do."""

    title: Text
    runbook: str


class Posting(NamedTuple):
    """An alert as it is posted; `ends_at` ahead of now means that it fires."""

    labels: Labels
    annotations: Mapping[str, str]
    starts_at: Instant
    ends_at: Instant

    def body(self) -> dict[str, object]:
        """Return what becomes JSON."""
        return {
            "labels": dict(self.labels),
            "annotations": self.annotations,
            "startsAt": iso_of(self.starts_at),
            "endsAt": iso_of(self.ends_at),
        }


def fires(alert: Alert) -> bool:
    """Return whether people are told that it fires; lost data is no end."""
    return alert.state != "resolved" and not alert.suppressed


def firing(alert: Alert, words: Words, now: Instant, ahead_ms: int) -> Posting:
    """Return the posting of an alert that fires, as valid up to so long from now."""
    start = min(alert.start_at, now)
    return Posting(
        _labels(alert, alert.severity), _annotations(alert, words), start, now + ahead_ms
    )


def ended(alert: Alert, transitions: Sequence[AlertTransition], words: Words) -> list[Posting]:
    """Return the postings of what the alert was and left, by the transitions after the first.

    It ends when it did in device time, but no later than we were told. What it was and is again
    is among them: the posting that it fires has the last word.
    """
    annotations = _annotations(alert, words)
    return [
        Posting(_labels(alert, severity), annotations, min(alert.start_at, end), end)
        for severity, end in _ends(transitions).items()
    ]


def _ends(transitions: Sequence[AlertTransition]) -> dict[int, Instant]:
    """Return when each severity that people were told of ended last."""
    ends: dict[int, Instant] = {}
    before: int | None = None
    for each in transitions:
        quiet = each.suppressed or each.transition == "resolved"
        after = None if quiet else each.severity
        if before is not None and after != before:
            ends[before] = min(each.at, each.told_at)
        before = after
    return ends


def _labels(alert: Alert, severity: int) -> Labels:
    labels = {
        "alertname": alert.rule,
        "severity": Severity(severity).name.lower(),
        "scope": alert.scope,
        "subject": alert.subject,
        "source": "gridwatch",
        **levels_of(alert.areas),
    }
    return tuple(labels.items())


def _annotations(alert: Alert, words: Words) -> dict[str, str]:
    annotations = {
        "summary": f"{words.title.en}: {alert.subject}",
        "summary_zh": f"{words.title.zh}：{alert.subject}",
        "description": alert.text_en,
        "description_zh": alert.text_zh,
        "alert": alert.id,
        "start": iso_of(alert.start_at),
        "state": alert.state,
        "runbook_url": words.runbook,
        "evidence": alert.evidence[:_LONGEST_EVIDENCE],
    }
    if alert.state == "stale":
        annotations["data_lost_since"] = iso_of(alert.last_at)
    if alert.clear_at is not None:
        annotations["clear_since"] = iso_of(alert.clear_at)
    return annotations
