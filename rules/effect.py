"""Effects: what the rules want done. Each has an identity and may be delivered twice."""

from typing import NamedTuple, TypeAlias

from devices.instant import Instant
from devices.message import Argument
from rules.finding import Evidence
from rules.lifecycle import Transition
from rules.subject import Subject


class AlertChange(NamedTuple):
    """A transition of an alert, with what it was judged by.

    `at` and `start` are device time; `told_at` is ours, that of the reading or tick that brought
    it. `severity` is what it is now, or was last if the alert is resolved.
    """

    rule: str
    subject: Subject
    start: Instant
    transition: Transition
    severity: int
    at: Instant
    told_at: Instant
    suppressed: bool
    evidence: Evidence

    @property
    def alert(self) -> str:
        """The identity of the alert: rule, subject and start."""
        return f"{self.rule}/{self.subject.scope}/{self.subject.id}/{self.start}"

    @property
    def identity(self) -> str:
        """The identity of this change of it."""
        return f"{self.alert}/{self.transition}/{self.severity}/{self.at}"


class Command(NamedTuple):
    """An order to a device; obeyed once by its identity, and not at all after `expires_at`.

    At most one of a purpose is under way. `target` is what it acts on, such as the fan: of several
    orders to one target that have not left yet, only the last is meant. `orderer` is the subject
    that gave it, None for the device itself.
    """

    identity: str
    kind: str
    device: str
    command: str
    purpose: str
    expires_at: Instant
    target: str = ""
    arguments: tuple[tuple[str, Argument], ...] = ()
    orderer: Subject | None = None


class Proof(NamedTuple):
    """The effect of an order was seen, by our clock at `at`."""

    identity: str
    at: Instant


class Withdrawal(NamedTuple):
    """An order is not wanted any more: if it has not left by then, by our clock, it stays here."""

    identity: str
    at: Instant


Order: TypeAlias = Command | Proof | Withdrawal
Effect: TypeAlias = AlertChange | Command | Proof | Withdrawal
