"""What goes into the journal at once, and what came of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from devices.catalogue import catalogue
from devices.instant import Instant
from devices.message import Reply, StatusReport
from devices.reading import Reading


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
    to the dead letters, because what was acknowledged is never dropped.
    """

    stored: Counter[str]
    late: Counter[str]
    duplicates: Counter[str]
    conflicts: list[DeadLetter]
