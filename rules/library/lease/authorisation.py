"""The authorisation of one person at one door: what it is to be, and how it becomes so."""

from typing import NamedTuple

from devices.instant import Instant
from devices.reading import Reading
from rules.commands import Flight, Outcome, command_of, issued, outcome
from rules.effect import Order, Proof
from rules.subject import Subject

SECOND = 1_000
LASTS = 60 * SECOND
"""From an order to its answer: a setting. A door answers within 5 s over a public network (GB
50396-2007), and the broker may have to wait for it to come back."""
ORDERS = 3
"""An order and two retries: a setting."""
AGAIN = 3_600 * SECOND
"""After the last retry, how long until it is tried anew: a setting."""
PRESENTED = frozenset({"face", "card", "id_card", "fingerprint", "pin", "qr", "bluetooth"})
"""What a person opens a door with that the door knows them by."""
NOT_KNOWN = frozenset({"unknown", "expired", "blacklisted", "not_yet_valid"})
"""Why a door refuses somebody who is not authorised; any other reason says nothing of that."""
REVOKE, RESTORE = "authorisation_revoke", "authorisation_restore"


class Holder(NamedTuple):
    """Who is authorised, where, and for which dwelling."""

    home: str
    person: str
    door: str


class Authorisation(NamedTuple):
    """What is known of it; saved as the list of its fields, so that new ones go to the end.

    `revoked` None says that it is not known: an order may or may not have been carried out.
    `order` was answered with done at `done_at`, by our clock, and its effect was not seen yet.
    """

    revoked: bool | None = False
    wanted: bool = False
    flight: Flight | None = None
    attempts: int = 0
    failed_at: Instant | None = None
    failed_answer: str | None = None
    order: str | None = None
    done_at: Instant | None = None

    @property
    def next_at(self) -> Instant | None:
        """When time has something to do."""
        if self.flight is not None:
            return self.flight.expires_at
        return None if self.failed_at is None else self.failed_at + AGAIN

    @property
    def is_settled(self) -> bool:
        """Whether it is as it is without any order."""
        return self == Authorisation()


Stepped = tuple[Authorisation, tuple[Order, ...]]


def authorisation_of(state: list[object] | Authorisation) -> Authorisation:
    """Return it from the list it was saved as."""
    found = state if isinstance(state, Authorisation) else Authorisation(*state)  # type: ignore[arg-type]
    return found._replace(flight=found.flight and Flight(*found.flight))


def answered_by(now: Instant, known: Authorisation) -> Authorisation:
    """Take in that the device says that it has carried the order out, if that is its answer.

    A failure that persons have seen is not over by that.
    """
    flight = known.flight
    if flight is None or flight.answer != "done":
        return known
    seen = known.failed_answer == "done"
    return known._replace(
        revoked=flight.command == REVOKE, flight=None, order=flight.identity, done_at=now,
        failed_at=known.failed_at if seen else None,
        failed_answer=known.failed_answer if seen else None,
    )  # fmt: skip


def refusal_seen(reading: Reading) -> bool | None:
    """Return whether a door has refused a person as not authorised; None if it says neither."""
    values = reading.values
    if values.get("event") == "opened" and values.get("opened_by") in PRESENTED:
        return False
    return True if values.get("denied_because") in NOT_KNOWN else None


def seen_by(known: Authorisation, reading: Reading, *, refused: bool) -> Stepped:
    """Take in what a door has done to the person: proof of an order, or that it had no effect."""
    at, now = min(reading.measured_at, reading.received_at), reading.received_at
    flight, order = known.flight, known.order
    since = known.done_at if flight is None else flight.expires_at - LASTS
    if since is None or at <= since:
        return known, ()
    if refused is known.wanted:
        order = order if flight is None else flight.identity
        return Authorisation(refused, refused), (Proof(order, now),) if order else ()
    if flight is not None:
        return known, ()
    known = known._replace(revoked=None, order=None, done_at=None)
    if known.attempts < ORDERS:
        return known, ()
    return known._replace(attempts=0, failed_at=now, failed_answer="done"), ()


def pressed(holder: Holder, known: Authorisation, now: Instant, *, revoke: bool) -> Stepped:
    """Return it as it is now wanted, with the order that is to make it so, if one is due."""
    if known.wanted is not revoke:
        known = Authorisation(known.revoked, revoke)
    known = _judged(known, now)
    if known.revoked is revoke:
        return known, ()
    if known.flight is not None:
        return known, ()
    if known.failed_at is not None and not known.attempts and now - known.failed_at < AGAIN:
        return known, ()
    command = REVOKE if revoke else RESTORE
    attempts = known.attempts + 1
    flight = issued(
        f"door/{holder.door} {holder.home} {holder.person} {attempts}", command, now, LASTS
    )
    known = known._replace(revoked=None, flight=flight, attempts=attempts)
    order = command_of(
        f"door/{holder.door}",
        flight,
        f"authorisation {holder.person}",
        (("person", holder.person),),
        Subject("premises", holder.home),
    )
    return known, (order,)


def _judged(known: Authorisation, now: Instant) -> Authorisation:
    """Drop an order that came to nothing, and note when the last retry did."""
    flight = known.flight
    if flight is None or outcome(flight, now, effect=False) is Outcome.WAITING:
        return known
    if known.attempts < ORDERS:
        return known._replace(flight=None)
    return known._replace(flight=None, attempts=0, failed_at=now, failed_answer=flight.answer)
