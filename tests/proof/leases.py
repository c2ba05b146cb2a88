"""The account of the leases: what the registry called for, what was ordered, told and done."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, NamedTuple

from devices.instant import Instant, milliseconds_of
from ingest.clock import MachineClock
from ingest.journal.alerts import Wanted, alerts
from ingest.journal.database import open_reader
from ingest.registry.content import Content
from ingest.registry.tables import (
    AUTHORISATIONS,
    DEVICES,
    LEASES,
    PREMISES,
    Authorisation,
    Device,
    Lease,
    Premises,
)
from tests.proof.client import Client
from tests.proof.differences import lines
from tests.proof.dwelling_tapes import AREA
from tests.proof.mutation import Mutation
from tests.proof.orders import Orders
from tests.proof.proof import register

REVOKE, RESTORE = "authorisation_revoke", "authorisation_restore"
SHORT_WATCH = Mutation(
    "looks at the registry every 0.3 s",
    "ingest/registry/facts.py",
    "_EVERY = timedelta(seconds=5)",
    "_EVERY = timedelta(seconds=0.3)",
    "",
)
_ALL = 1_000
_NOTICE = milliseconds_of(timedelta(days=30))
_AT_FIRST = milliseconds_of(timedelta(days=20))
"""Until the end of each lease as the service starts: within the notice, so that it is told of."""
_SOON = milliseconds_of(timedelta(seconds=1))
_RENEWED = milliseconds_of(timedelta(days=365))


class Door(Client):
    """A door that says nothing of itself."""

    kind: ClassVar[str] = "door"


class _Told(NamedTuple):
    rule: str
    subject: str
    start_at: Instant
    state: str


class Tenancy:
    """A lease in the registry: when it ended, or is to, and when it was renewed, None for never."""

    def __init__(self, number: int) -> None:
        self.door = Door(f"door-{number}")
        self.home, self.person = f"d-{number:016x}", f"p-{number:016x}"
        self.first_until = self.until = MachineClock().now() + _AT_FIRST
        self.ended_at: Instant | None = None
        self.renewed_at: Instant | None = None
        self.told_before_renewal = True
        """Whether its door is told of the end before it is renewed."""

    @property
    def orders(self) -> list[str]:
        """What the door is to do, in order."""
        restore = [RESTORE] if self.renewed_at and self.ended_at else []
        revoke = [REVOKE] if self.ended_at and self.told_before_renewal else []
        return [*revoke, *restore]

    @property
    def told(self) -> Iterator[_Told]:
        """What is to be told in the end."""
        over = self.ended_at or self.renewed_at
        soon = "resolved" if over else "firing"
        yield _Told("lease_ending", self.home, self.first_until - _NOTICE, soon)
        if self.ended_at:
            ended = "resolved" if self.renewed_at else "firing"
            yield _Told("lease_ended", self.home, self.ended_at, ended)


@dataclass
class Office(Orders):
    """Registers the leases, and looks at the doors, and into the journal beside the service."""

    tenancies: Sequence[Tenancy]

    @property
    def doors(self) -> list[Door]:
        """The doors."""
        return [each.door for each in self.tenancies]

    def begin(self) -> None:
        """Register all of them; the service does not run yet."""
        content = self._leases()
        for each in self.tenancies:
            name = each.door.device
            content.put(PREMISES, Premises(each.home, AREA, None, None))
            content.put(DEVICES, Device("door", name, AREA, None, None, None, None, None, None))
            content.put(AUTHORISATIONS, Authorisation(each.home, each.person, name, None, None))
        register(self.journal, content)

    def end(self, tenancy: Tenancy) -> None:
        """Let a lease end in a moment."""
        tenancy.until = tenancy.ended_at = MachineClock().now() + _SOON
        register(self.journal, self._leases())

    def renew(self, *tenancies: Tenancy) -> None:
        """Let leases end in a year."""
        for each in tenancies:
            each.renewed_at = MachineClock().now()
            each.until = each.renewed_at + _RENEWED
        register(self.journal, self._leases())

    def begun(self) -> bool:
        """Return whether all doors listen, and people were told that all leases are to end."""
        listening = all(door.listens.is_set() for door in self.doors)
        return listening and len(self._held()) == len(self.tenancies)

    def settled(self) -> bool:
        """Return whether all was told, and all was done at the doors and answered."""
        answered = Counter(each.device for each in self.commands() if each.answered_at)
        return set(self._held()) == set(self._expected()) and all(
            answered[each.door.device] >= len(each.orders) for each in self.tenancies
        )

    def wrong(self) -> list[str]:
        """Return a line for each way in which something is wrong; none if all is right."""
        held, expected = Counter(self._held()), Counter(self._expected())
        return lines(
            {
                **self.wrong_at(self.doors),
                "alerts missing": [*(expected - held).elements()],
                "alerts not injected": [*(held - expected).elements()],
                "doors": [what for each in self.tenancies for what in self._wrong_with(each)],
            }
        )

    def _wrong_with(self, tenancy: Tenancy) -> Iterator[str]:
        name, expected = tenancy.door.device, tenancy.orders
        given = [each.command for each in reversed(self.commands()) if each.device == name]
        if tenancy.told_before_renewal and given != expected:
            yield f"{name} was ordered {given}"
        done = [each.command.command for each in tenancy.door.done]
        if done != expected:
            yield f"{name} did {done} instead of {expected}"
        for each in tenancy.door.done:
            refuses = each.command.command == REVOKE
            if refuses and tenancy.renewed_at and each.at >= tenancy.renewed_at:
                yield f"{name} refused after the lease was renewed"

    def _leases(self) -> Content:
        content = Content()
        for each in self.tenancies:
            content.put(LEASES, Lease(each.home, each.person, None, each.until))
        return content

    def _expected(self) -> list[_Told]:
        return [told for each in self.tenancies for told in each.told]

    def _held(self) -> list[_Told]:
        with closing(open_reader(self.journal)) as reader:
            return [
                _Told(each.rule, each.subject, each.start_at, each.state)
                for each in alerts(reader, _ALL, Wanted(resolved=True))
            ]
