"""What goes into the journal at once, and what came of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from devices.catalogue import catalogue
from devices.instant import Instant
from devices.message import Reply, StatusReport
from devices.reading import Reading
from rules.subject import Subject


class DeadLetter(NamedTuple):
    """A message that was refused, where and why.

    `withheld` marks a payload that may hold personal data: its size and a keyed digest are kept,
    its bytes are not.
    """

    stage: str
    reason: str
    detail: str
    topic: str
    payload: bytes
    at: Instant
    withheld: bool = False

    @property
    def kind(self) -> str:
        """The kind in the topic, `other` for one that is not known: a bounded label."""
        levels = self.topic.split("/")
        return levels[2] if len(levels) == 5 and levels[2] in catalogue() else "other"


class Answered(NamedTuple):
    """The command that a reply is about, who ordered it, and whether it was the first answer."""

    command: str
    orderer: Subject
    first: bool


@dataclass(slots=True)
class Batch:
    """Everything that follows from some messages; it becomes durable as a whole or not at all."""

    readings: list[Reading] = field(default_factory=list)
    statuses: list[StatusReport] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Committed:
    """How many readings of each kind were stored, were late, or repeated a stored one.

    `conflicts` are readings that contradict a stored one of the same device and instant: they went
    to the dead letters, because what was acknowledged is never dropped. `answered` counts first
    answers by kind, command and result, `unmatched` by kind those to no command of their device.
    """

    stored: Counter[str]
    late: Counter[str]
    duplicates: Counter[str]
    conflicts: list[DeadLetter]
    answered: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)

    def with_answers(self, answers: Sequence[tuple[Reply, Answered | None]]) -> "Committed":
        """Return it with replies counted, each with what it answers."""
        if not answers:
            return self
        first = ((reply.kind, to.command, reply.result) for reply, to in answers if to and to.first)
        unmatched = (reply.kind for reply, to in answers if not to)
        return replace(self, answered=Counter(first), unmatched=Counter(unmatched))
