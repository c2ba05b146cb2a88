"""The sequence of a dwelling's leases: notice, end, authorisation revoked, restored on renewal.

Context: a door has no other effect than its answer, and a lease is known from the registry alone.
Decision: on our clock, at each threshold of a lease, at each answer, and whenever the registry says
something else, what is wanted at each door is compared with what it last answered.
Given up: doing anything for a lease that is no longer in the registry: why it is gone isn't known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from rules.commands import answered
from rules.effect import Order
from rules.finding import Evidence, Finding, clear
from rules.library.lease.alerts import AUTHORISATION_FAILED, LEASE_ENDED, LEASE_ENDING
from rules.library.lease.authorisation import (
    ORDERS,
    RESTORE,
    REVOKE,
    Authorisation,
    Holder,
    answered_by,
    authorisation_of,
    pressed,
)
from rules.limits import InForce
from rules.moment import Moment
from rules.register import FOR_GOOD, Lease
from rules.sequence import Override, Turn
from rules.severity import Severity

DAY = 86_400_000
SOON = 7 * DAY
"""From when on the notice is a warning; practice: remind 30, 7 and 1 days before (a suggestion)."""
TOLD = 30 * DAY
"""For how long after its end a lease is told of: a setting."""
_SOURCE = "end of the lease in the registry"
_PRACTICE = "lease sequence of this project"
Named = tuple[str, Finding]


class Tenancies(NamedTuple):
    """What is known of a dwelling; saved as the list of its fields, so that new ones go to the end.

    `doors` holds, by person and door, what is not simply authorised. `next_at` is our time.
    """

    next_at: Instant | None = None
    doors: Mapping[str, Authorisation] = {}
    told: tuple[str, ...] = ()


_NEVER = Tenancies()


@dataclass(frozen=True, slots=True)
class Leases:
    """The sequence. State: Tenancies. `notice` is the number of days before the end."""

    notice: InForce

    def start(self) -> Tenancies:
        """Return a dwelling of which nothing is known."""
        return _NEVER

    def observe(self, home: str, state: object, reading: Reading) -> Turn:  # noqa: ARG002
        """Take no notice: no reading concerns a lease."""
        return Turn(state)

    def override(self, home: str, state: object, override: Override, now: Instant) -> Turn:  # noqa: ARG002
        """Change nothing: the registry says what is wanted."""
        return Turn(state)

    def answer(self, home: str, state: list[object] | Tenancies, reply: Reply) -> Turn:  # noqa: ARG002
        """Take in a reply: done settles it, anything else is followed by a retry."""
        before, now = _tenancies_of(state), reply.received_at
        doors = dict(before.doors)
        orders: tuple[Order, ...] = ()
        for key, known in before.doors.items():
            flight = answered(known.flight, reply.id, reply.result)
            if flight != known.flight:
                doors[key], proofs = answered_by(now, known._replace(flight=flight))
                orders += proofs
        if doors == before.doors:
            return Turn(before)
        return Turn(before._replace(doors=doors, next_at=now), (), orders)

    def tick(
        self, home: str, state: list[object] | Tenancies, moment: Moment, told_at: Instant
    ) -> Turn:
        """Compare what is wanted now with what is known, and find what there is to tell."""
        at = moment.at - moment.ahead_ms
        before = _tenancies_of(state)
        if moment.hearing:
            return Turn(before)
        doors, orders = _pressed(home, before.doors, moment.leases, told_at)
        found = tuple(self._found(moment.leases, doors, at))
        told = tuple(name for name, _ in found)
        gone = tuple((name, clear(at)) for name in before.told if name not in told)
        after = Tenancies(self._next_at(moment.leases, doors, at), doors, told)
        return Turn(after, found + gone, orders)

    def deadline(self, state: list[object] | Tenancies) -> Instant | None:
        """Return the next threshold of a lease, or when an order is to be looked at."""
        return _tenancies_of(state).next_at

    def _found(
        self, leases: tuple[Lease, ...], doors: Mapping[str, Authorisation], at: Instant
    ) -> Iterator[Named]:
        notice = round(self.notice.value * DAY)
        ending = [each for each in leases if each.ends_at - notice <= at < each.ends_at]
        if ending:
            first = min(ending, key=_end)
            severity = Severity.WARNING if first.ends_at - at <= SOON else Severity.NOTICE
            evidence: Evidence = {
                "person": first.person, "ends_at": first.ends_at, "count": len(ending),
                "limit": self.notice.value, "limit_from": self.notice.source,
            }  # fmt: skip
            since = first.ends_at - notice
            yield LEASE_ENDING.name, Finding(severity, at, since, evidence)
        ended = [each for each in leases if each.ends_at <= at < each.ends_at + TOLD]
        if ended:
            last = max(ended, key=_end)
            evidence = {
                "person": last.person, "ends_at": last.ends_at, "count": len(ended),
                "doors": sum(each.until <= at for each in last.openings), "limit_from": _SOURCE,
            }  # fmt: skip
            yield LEASE_ENDED.name, Finding(Severity.NOTICE, at, last.ends_at, evidence)
        yield from _failures(doors, at)

    def _next_at(
        self, leases: tuple[Lease, ...], doors: Mapping[str, Authorisation], at: Instant
    ) -> Instant | None:
        notice = round(self.notice.value * DAY)
        instants = [
            lease.ends_at + offset for lease in leases for offset in (-notice, -SOON, 0, TOLD)
        ]
        shared = [opening.until for lease in leases for opening in lease.shared]
        instants += [until for until in shared if until < FOR_GOOD]
        instants += [known.next_at for known in doors.values() if known.next_at is not None]
        return min((instant for instant in instants if instant > at), default=None)


def _end(lease: Lease) -> Instant:
    return lease.ends_at


def _tenancies_of(state: object) -> Tenancies:
    if isinstance(state, Tenancies):
        return state
    next_at, doors, told = state  # type: ignore[misc]
    known = {key: authorisation_of(each) for key, each in doors.items()}  # type: ignore[has-type]
    return Tenancies(next_at, known, tuple(told))  # type: ignore[has-type]


def _pressed(
    home: str, doors: Mapping[str, Authorisation], leases: tuple[Lease, ...], now: Instant
) -> tuple[dict[str, Authorisation], tuple[Order, ...]]:
    """Return what is known of the doors and the orders that are due.

    Of a person who has no lease any more, it is kept where the door refuses. Where a lease of
    another dwelling ends last, that dwelling tells the door to refuse, and here it is not known.
    """
    after = {
        key: Authorisation(known.revoked, known.wanted) for key, known in doors.items()
        if known.wanted
    }  # fmt: skip
    orders: list[Order] = []
    for lease in leases:
        for door, until, ends_last in lease.openings:
            key = f"{lease.person} {door}"
            if until <= now and not ends_last:
                after[key] = Authorisation(revoked=None, wanted=True)
                continue
            holder = Holder(home, lease.person, door)
            known = doors.get(key, Authorisation())
            after[key], given = pressed(holder, known, now, revoke=until <= now)
            orders += given
    return {key: known for key, known in after.items() if not known.is_settled}, tuple(orders)


def _failures(doors: Mapping[str, Authorisation], at: Instant) -> Iterator[Named]:
    failed = [(key, known) for key, known in doors.items() if known.failed_at is not None]
    for key, known in failed[:1]:
        person, _, door = key.rpartition(" ")
        evidence: Evidence = {
            "person": person, "door": door, "answer": known.failed_answer, "limit": ORDERS,
            "command": REVOKE if known.wanted else RESTORE, "limit_from": _PRACTICE,
        }  # fmt: skip
        since = min(at, known.failed_at or at)
        yield AUTHORISATION_FAILED.name, Finding(Severity.WARNING, at, since, evidence)
