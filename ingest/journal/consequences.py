"""What follows from readings or from time: written in the transaction that brought it."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from ingest.journal.overrides import OverrideRequest
from rules.effect import Proof
from rules.subject import Scope, Subject

StateRow: TypeAlias = tuple[Scope, str, bytes, Instant | None]
"""Scope and id of a subject, its state, and when it wants to be looked at, in our time. A plain
tuple: there is one for nearly every reading."""


class Fresh(NamedTuple):
    """Readings that were not stored before, each device's in the order of measurement.

    `late` are the places of those older than what was stored of their device before. `doubted` are
    those not stored, because they contradict what is stored of their device and instant. `replies`
    are answers to commands of ours, repeats included, each with the subject that ordered it. `last`
    is the number of the reading that was stored last before them.
    """

    readings: Sequence[Reading]
    late: Collection[int] = ()
    doubted: Sequence[Reading] = ()
    replies: Sequence[tuple[Reply, Subject]] = ()
    last: int = 0


class ChangeRow(NamedTuple):
    """A transition of an alert, with its explanation, and the codes of its area joined by `/`."""

    identity: str
    alert: str
    rule: str
    scope: Scope
    subject: str
    start_at: Instant
    transition: str
    severity: int
    at: Instant
    told_at: Instant
    suppressed: bool
    evidence: str
    text_zh: str
    text_en: str
    areas: str = ""


class CommandRow(NamedTuple):
    """A command to be sent. `arguments` is a JSON object; `scope` and `subject` ordered it."""

    identity: str
    kind: str
    device: str
    command: str
    arguments: str
    purpose: str
    target: str
    scope: Scope
    subject: str
    issued_at: Instant
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class Consequences:
    """Rows to be written; `answers` to requests to reset, by alert; `words` to be remembered.

    `withdrawn` are commands, by identity, that are not to leave if they have not yet; `unjudged`
    readings that the service is yet to judge, `judged` the numbers of those it has; `taken_over`
    the requests to take a device over, with their answers.
    """

    states: Sequence[StateRow] = ()
    changes: Sequence[ChangeRow] = ()
    commands: Sequence[CommandRow] = ()
    proofs: Sequence[Proof] = ()
    withdrawn: Sequence[str] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    taken_over: Sequence[tuple[OverrideRequest, str]] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    unjudged: Sequence[Reading] = ()
    judged: Sequence[int] = ()
    beside: Callable[[sqlite3.Connection], None] | None = None


Judgement: TypeAlias = Callable[[Fresh], Consequences]
"""Says what follows from readings; called inside their transaction, which may yet fail."""


def nothing(fresh: Fresh) -> Consequences:  # noqa: ARG001 whatever it is
    """Judge nothing."""
    return Consequences()
