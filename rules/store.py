"""Where the states of subjects are kept, and what changes of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from devices.instant import Instant
from devices.reading import Reading
from rules.effect import Effect
from rules.judge import Failure
from rules.memory import SavedState
from rules.subject import Subject


class Store(Protocol):
    """Where states were saved, by the transactions that took them."""

    def load(self, subject: Subject) -> bytes | None:
        """Return the saved state of a subject, or None."""

    def deadlines(self) -> Iterable[tuple[Instant, Subject]]:
        """Return every saved deadline, in any order."""

    def since(self, subject: Subject, at: Instant) -> Sequence[Reading]:
        """Return the readings of a device measured after `at`, in order, `MOST_WAITING` at most.

        Only those of earlier transactions that were given to `observe` then.
        """


class NoStore:
    """A store that holds nothing."""

    def load(self, subject: Subject) -> bytes | None:  # noqa: ARG002 there is none
        """Return None."""
        return None

    def deadlines(self) -> Iterable[tuple[Instant, Subject]]:
        """Return none."""
        return ()

    def since(self, subject: Subject, at: Instant) -> Sequence[Reading]:  # noqa: ARG002
        """Return none."""
        return ()


class Outcome(NamedTuple):
    """What changed since the last take; to be written in one transaction with the readings."""

    states: dict[Subject, SavedState]
    effects: tuple[Effect, ...]
    failures: tuple[Failure, ...]
