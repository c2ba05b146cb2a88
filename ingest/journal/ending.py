"""The end of an alert that no rule will end: told like any other, and with the reason why."""

from devices.instant import Instant
from ingest.journal.alerts import Alert
from ingest.journal.consequences import ChangeRow
from rules.explanation import Text
from rules.lifecycle import Transition


def ending(alert: Alert, now: Instant, why: Text) -> ChangeRow:
    """Return the transition that resolves an alert, its words before after the reason."""
    return ChangeRow(
        identity=f"{alert.id}/{Transition.RESOLVED}/{alert.severity}/{now}",
        alert=alert.id,
        rule=alert.rule,
        scope=alert.scope,
        subject=alert.subject,
        start_at=alert.start_at,
        transition=Transition.RESOLVED,
        severity=alert.severity,
        at=now,
        told_at=now,
        suppressed=alert.suppressed,
        evidence=alert.evidence,
        text_zh=f"{why.zh}此前：{alert.text_zh}",
        text_en=f"{why.en} Before: {alert.text_en}",
        areas=alert.areas,
    )
