"""The sequence of a dwelling's leases: notice, end, authorisation revoked, restored on renewal.

Context: what a door does shows when the person stands before it, which may be never; a lease is
known from the registry alone.
Decision: on our clock, at each threshold of a lease, at each answer, and whenever the registry says
something else, what is wanted at each door is compared with what it last answered; an opening or a
refusal after that proves the order, or shows that it had no effect.
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
    refusal_seen,
    seen_by,
)
from rules.library.lease.reminders import Said, findings_of, instants_of, reminder_of
from rules.limits import InForce
from rules.moment import Moment
from rules.register import FOR_GOOD, Lease
from rules.sequence import Override, Turn
from rules.severity import Severity

_PRACTICE = "lease sequence of this project"
Named = tuple[str, Finding]


class Tenancies(NamedTuple):
    """What is known of a dwelling; saved as the list of its fields, so that new ones go to the end.

    `doors` holds, by person and door, what is not simply authorised, `told` the names of the alerts
    that are on, `said` what those of leases say. `next_at` is our time.
    """

    next_at: Instant | None = None
    doors: Mapping[str, Authorisation] = {}
    told: tuple[str, ...] = ()
    said: Mapping[str, Said] = {}


_NEVER = Tenancies()


@dataclass(frozen=True, slots=True)
class Leases:
    """The sequence. State: Tenancies. `notice` is the number of days before the end."""

    notice: InForce

    def start(self) -> Tenancies:
        """Return a dwelling of which nothing is known."""
        return _NEVER

    def observe(self, home: str, state: list[object] | Tenancies, reading: Reading) -> Turn:  # noqa: ARG002
        """See whether a door opens to a person, or refuses them, as was ordered."""
        before, refused = _tenancies_of(state), refusal_seen(reading)
        key = f"{reading.values.get('person')} {reading.device}"
        known = before.doors.get(key)
        if known is None or refused is None:
            return Turn(state)
        after, proofs = seen_by(known, reading, refused=refused)
        if after == known:
            return Turn(state)
        doors = {**before.doors, key: after}
        return Turn(before._replace(doors=doors, next_at=reading.received_at), (), proofs)

    def override(self, home: str, state: object, override: Override, now: Instant) -> Turn:  # noqa: ARG002
        """Change nothing: the registry says what is wanted."""
        return Turn(state)

    def answer(self, home: str, state: list[object] | Tenancies, reply: Reply) -> Turn:  # noqa: ARG002
        """Take in a reply: done settles it, anything else is followed by a retry."""
        before, now = _tenancies_of(state), reply.received_at
        doors = dict(before.doors)
        for key, known in before.doors.items():
            flight = answered(known.flight, reply.id, reply.result)
            if flight != known.flight:
                doors[key] = answered_by(now, known._replace(flight=flight))
        if doors == before.doors:
            return Turn(before)
        return Turn(before._replace(doors=doors, next_at=now))

    def tick(
        self, home: str, state: list[object] | Tenancies, moment: Moment, told_at: Instant
    ) -> Turn:
        """Compare what is wanted now with what is known, and find what there is to tell."""
        at = moment.at - moment.ahead_ms
        before = _tenancies_of(state)
        if moment.hearing:
            return Turn(before)
        doors, orders = _pressed(home, before.doors, moment.leases, told_at)
        said, found = self._said(moment.leases, before.said, at)
        found += _failures(doors, at)
        told = tuple({name: None for name, _ in found})
        found += ((name, clear(at)) for name in before.told if name not in told)
        after = Tenancies(self._next_at(moment.leases, doors, at), doors, told, said)
        return Turn(after, tuple(found), orders)

    def deadline(self, state: list[object] | Tenancies) -> Instant | None:
        """Return the next threshold of a lease, or when an order is to be looked at."""
        return _tenancies_of(state).next_at

    def _said(
        self, leases: tuple[Lease, ...], before: Mapping[str, Said], at: Instant
    ) -> tuple[dict[str, Said], list[Named]]:
        """Return what is then said of the leases, by alert, and what that finds."""
        said: dict[str, Said] = {}
        found: list[Named] = []
        reminders = [reminder_of(lease, at, self.notice) for lease in leases]
        for alert in (LEASE_ENDING.name, LEASE_ENDED.name):
            of_alert = [each for each in reminders if each and each.alert == alert]
            if of_alert:
                said[alert], findings = findings_of(of_alert, before.get(alert), at, self.notice)
                found += ((alert, finding) for finding in findings)
        return said, found

    def _next_at(
        self, leases: tuple[Lease, ...], doors: Mapping[str, Authorisation], at: Instant
    ) -> Instant | None:
        instants = [instant for lease in leases for instant in instants_of(lease, self.notice)]
        shared = [opening.until for lease in leases for opening in lease.shared]
        instants += [until for until in shared if until < FOR_GOOD]
        instants += [known.next_at for known in doors.values() if known.next_at is not None]
        return min((instant for instant in instants if instant > at), default=None)


def heeds(state: object, reading: Reading) -> bool:
    """Return whether a reading is of a person at a door that was told something of them."""
    person = reading.values.get("person")
    return person is not None and f"{person} {reading.device}" in _tenancies_of(state).doors


def _tenancies_of(state: object) -> Tenancies:
    if isinstance(state, Tenancies):
        return state
    saved = Tenancies(*state)  # type: ignore[misc]
    doors = {key: authorisation_of(each) for key, each in saved.doors.items()}
    said = {alert: Said(each[0], tuple(each[1])) for alert, each in saved.said.items()}
    return Tenancies(saved.next_at, doors, tuple(saved.told), said)


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
