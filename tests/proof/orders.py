"""Orders: the commands that the service gave, looked at beside it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ingest.journal.commands import StoredCommand, newest_commands
from ingest.journal.database import open_reader
from tests.proof.client import Client, Heard

_ALL = 1_000_000
_ROUNDED_MS = 1_000
"""The broker counts the life of a message in whole seconds."""


@dataclass
class Orders:
    """Looks into the journal beside the service."""

    journal: Path

    def commands(self) -> list[StoredCommand]:
        """Return all commands there are, the latest first."""
        with closing(open_reader(self.journal)) as reader:
            return newest_commands(reader, _ALL)

    def order_waits(self, client: Client) -> Callable[[], bool]:
        """Return what says whether an order to the device is durable and has not left."""
        return lambda: any(
            each.state == "queued" and each.device == client.device for each in self.commands()
        )

    def nothing_waits(self) -> bool:
        """Return whether all that was ordered has left, or never will."""
        return not any(each.state == "queued" for each in self.commands())

    def wrong_at(self, clients: Iterable[Client]) -> Mapping[str, Sequence[object]]:
        """Return what devices heard and did that they were not to."""
        clients = list(clients)
        ordered = self.commands()
        identities = {each.identity for each in ordered}
        heard = [each for client in clients for each in client.heard]
        done = Counter(each.command.id for client in clients for each in client.done)
        return {
            "commands done that nobody ordered": sorted(done.keys() - identities),
            "commands heard that nobody ordered": sorted(
                {each.command.id for each in heard} - identities
            ),
            "commands done more than once": [each for each in done if done[each] > 1],
            "commands heard too late": [each for each in heard if _is_late(each)],
            "commands sent too late": [
                each for each in ordered if (each.sent_at or 0) > each.expires_at
            ],
        }


def _is_late(heard: Heard) -> bool:
    return heard.at > heard.command.expires_at + _ROUNDED_MS
