"""The ledger: what each client has to publish, and what the broker has acknowledged of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from devices.reading import Values
from ingest.clock import pause
from tests.proof.message import Identity, Letter, Message

Plans: TypeAlias = Mapping[str, Sequence[Message]]
"""Messages by client, in the order in which it publishes them."""

TOOL = "mosquitto_pub"
"""The client whose messages the broker's own tool publishes, one process each."""
LAST = "last"
"""The client that publishes one message when all others are done: behind it there is no more."""

_LOOK = timedelta(milliseconds=2)


class Ledger:
    """Kept by the publishers alone; the service has no part in it."""

    def __init__(self, plans: Plans) -> None:
        self.plans = plans
        self._total = sum(map(len, plans.values()))
        self._acknowledged: set[tuple[str, int]] = set()

    def extend(self, plans: Plans) -> None:
        """Add clients with what they have to publish."""
        self.plans = {**self.plans, **plans}
        self._total += sum(map(len, plans.values()))

    def acknowledge(self, client: str, place: int) -> None:
        """Record that the broker has taken this message of the client."""
        self._acknowledged.add((client, place))

    async def reached(self, share: float) -> None:
        """Return when this share of all messages is acknowledged."""
        while len(self._acknowledged) < share * self._total:
            await pause(_LOOK)

    def unacknowledged(self) -> list[tuple[str, int]]:
        """Return client and place of what the broker never acknowledged."""
        every = ((name, place) for name, plan in self.plans.items() for place in range(len(plan)))
        return [each for each in every if each not in self._acknowledged]

    def readings(self) -> dict[Identity, Values]:
        """Return the readings that must be held: what is said first of an instant stands."""
        told: dict[Identity, Values] = {}
        for message in self._taken():
            for identity, values in message.readings.items():
                told.setdefault(identity, values)
        return told

    def letters(self) -> set[Letter]:
        """Return the dead letters that must be held, each once however often it was sent."""
        return {message.letter for message in self._taken() if message.letter}

    def pending(self, client: str) -> dict[int, Message]:
        """Return what a client has to publish, in order."""
        return dict(enumerate(self.plans[client]))

    def _taken(self) -> Iterator[Message]:
        for client, plan in self.plans.items():
            for place, message in enumerate(plan):
                if (client, place) in self._acknowledged:
                    yield message
