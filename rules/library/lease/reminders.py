"""Reminders: what there is to tell of the leases of a dwelling, and which of it is new.

Context: a dwelling has one alert of each name, but several tenants. Told once, the end of the
second lease would be seen by nobody while the alert of the first is on.
Decision: whenever a lease passes a threshold, that is told: as a step up where it is graver than
what was told, else anew, as another alert in the place of the one before. It names that lease.
Given up: one alert from the first notice to the end; the last day is one of its own.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from devices.instant import Instant
from rules.finding import Evidence, Finding, clear
from rules.library.lease.alerts import LEASE_ENDED, LEASE_ENDING
from rules.limits import InForce
from rules.register import Lease
from rules.severity import Severity

DAY = 86_400_000
SOON, LAST = 7 * DAY, 1 * DAY
"""Before its end; practice: remind 30, 7 and 1 days before (a suggestion)."""
TOLD = 30 * DAY
"""For how long after its end a lease is told of: a setting."""
_SOURCE = "end of the lease in the registry"


class Reminder(NamedTuple):
    """What there is to tell of a lease: the threshold that it passed last, and how grave that is.

    `key` tells it apart from all others of the dwelling.
    """

    alert: str
    severity: Severity
    since: Instant
    key: str
    lease: Lease


class Said(NamedTuple):
    """What was told last, saved as a list: how gravely, and of which reminders, the named last."""

    severity: int
    keys: tuple[str, ...]


def instants_of(lease: Lease, notice: InForce) -> Iterator[Instant]:
    """Yield when there is something else to tell of a lease."""
    yield from (lease.ends_at - before for before, _, _ in _thresholds(notice))
    yield lease.ends_at + TOLD


def reminder_of(lease: Lease, at: Instant, notice: InForce) -> Reminder | None:
    """Return what there is to tell of a lease, if anything."""
    found = None
    if at < lease.ends_at + TOLD:
        for number, (before, severity, alert) in enumerate(_thresholds(notice)):
            since = lease.ends_at - before
            if since <= at:
                key = f"{lease.person} {lease.ends_at} {number}"
                found = Reminder(alert, severity, since, key, lease)
    return found


def findings_of(
    reminders: Iterable[Reminder], said: Said | None, at: Instant, notice: InForce
) -> tuple[Said, list[Finding]]:
    """Return what is then said of the leases by one alert, and its findings; of one lease at least.

    What is told anew ends the alert before, a millisecond earlier.
    """
    present = {each.key: each for each in reminders}
    known = said.keys if said else ()
    new = [each for key, each in present.items() if key not in known]
    severity = max(each.severity for each in present.values())
    named = max(new or present.values(), key=_since)
    if not new and known[-1] in present:
        named = present[known[-1]]
    others = (key for key in present if key != named.key)
    evidence = _evidence(named, len(present), at, notice)
    found = [Finding(severity, at, named.since, evidence)]
    if said and new and severity <= said.severity:
        found.insert(0, clear(at - 1))
    return Said(severity, (*others, named.key)), found


def _thresholds(notice: InForce) -> tuple[tuple[int, Severity, str], ...]:
    """Return how long before the end what is told, in the order of time."""
    return (
        (round(notice.value * DAY), Severity.NOTICE, LEASE_ENDING.name),
        (SOON, Severity.WARNING, LEASE_ENDING.name),
        (LAST, Severity.WARNING, LEASE_ENDING.name),
        (0, Severity.NOTICE, LEASE_ENDED.name),
    )


def _evidence(named: Reminder, count: int, at: Instant, notice: InForce) -> Evidence:
    lease = named.lease
    evidence: Evidence = {"person": lease.person, "ends_at": lease.ends_at, "count": count}
    if named.alert == LEASE_ENDING.name:
        return {**evidence, "limit": notice.value, "limit_from": notice.source}
    refusing = sum(opening.until <= at for opening in lease.openings)
    return {**evidence, "doors": refusing, "limit_from": _SOURCE}


def _since(reminder: Reminder) -> tuple[Instant, str]:
    return reminder.since, reminder.key
