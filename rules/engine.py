"""The engine's place: what the pipeline asks of it between decoding and the commit."""

from collections.abc import Sequence
from typing import Never, Protocol, TypeAlias

from devices.instant import Instant
from devices.reading import Reading

Effect: TypeAlias = Never
"""What a rule wants done. There are no rules yet, so there is no effect to speak of."""


class Engine(Protocol):
    """Decides in event time. Pure: its state changes by these calls only."""

    def observe(self, reading: Reading) -> Sequence[Effect]:
        """Take a reading in and return what follows from it."""

    def tick(self, now: Instant) -> Sequence[Effect]:
        """Let time pass and return what follows from that."""

    def next_deadline(self) -> Instant | None:
        """Return when `tick` has something to do next, or None."""


class NoRules:
    """An engine without rules: nothing follows from anything."""

    def observe(self, reading: Reading) -> Sequence[Effect]:  # noqa: ARG002 nothing is asked of it
        """Return no effect."""
        return ()

    def tick(self, now: Instant) -> Sequence[Effect]:  # noqa: ARG002 nothing is due
        """Return no effect."""
        return ()

    def next_deadline(self) -> Instant | None:
        """Return None: nothing is ever due."""
        return None
