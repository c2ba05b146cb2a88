"""Findings: what a condition has to say of a subject at one instant."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from devices.instant import Instant
from devices.reading import Value
from rules.severity import Severity

Evidence: TypeAlias = Mapping[str, Value | None]
"""The few values an explanation is made from; part of the subject's saved state."""

NO_EVIDENCE: Evidence = {}


class Finding(NamedTuple):
    """What is the matter at `at`, in device time; it began at `since`.

    `severity` None says that nothing is. `known` False says that it can't be judged now, whatever
    the rest says. `confirmed` says that the evidence is enough without waiting for the hold.
    """

    severity: Severity | None
    at: Instant
    since: Instant
    evidence: Evidence = NO_EVIDENCE
    known: bool = True
    confirmed: bool = False


def clear(at: Instant) -> Finding:
    """Return the finding that nothing is the matter."""
    return Finding(None, at, at)


def unknown(at: Instant) -> Finding:
    """Return the finding that the subject can't be judged."""
    return Finding(None, at, at, known=False)
