"""Quiet: until when nobody is to be told, and what an absence leaves of what was found."""

from collections.abc import Collection

from devices.instant import Instant
from rules.condition import Condition, State
from rules.finding import Finding, clear
from rules.lifecycle import Life
from rules.register import Quiet
from rules.rule import AWAY
from rules.severity import Severity


def quiet_until(
    quiets: Collection[Quiet], reasons: Collection[str], at: Instant, ahead_ms: int
) -> Instant:
    """Return until when, in device time, one of the reasons that hold at `at` does; 0 for none."""
    untils = (
        quiet.until + ahead_ms
        for quiet in quiets
        if quiet.reason in reasons and quiet.since + ahead_ms <= at
    )
    return max(untils, default=0)


def returned(
    condition: Condition, state: State, finding: Finding, quiets: Collection[Quiet], ahead_ms: int
) -> tuple[State, Finding]:
    """Return what is left of a finding where an absence has ended since it began: nothing.

    Only a condition that is `Returning` counts anew from that end; of others all is left.
    """
    anew = getattr(condition, "returned", None)
    if anew is None or finding.severity is None:
        return state, finding
    ends = (quiet.until + ahead_ms for quiet in quiets if quiet.reason == AWAY)
    end = max((end for end in ends if finding.since < end <= finding.at), default=None)
    return (state, finding) if end is None else (anew(state, end), clear(finding.at))


def still(life: Life, at: Instant) -> Finding:
    """Return the finding that an alert goes on."""
    return Finding(Severity(life.severity), at, life.start, life.evidence)
