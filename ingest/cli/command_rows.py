"""Commands as rows of output."""

from pydantic_core import from_json

from devices.instant import Instant, iso_of
from ingest.journal.commands import StoredCommand

COLUMNS = (
    "issued_at", "device", "command", "state", "proven_at", "id",
    "arguments", "expires_at", "attempts", "sent_at", "answered_at", "reason",
)  # fmt: skip
IN_A_TABLE = COLUMNS[:6]


def row_of(command: StoredCommand) -> dict[str, object]:
    """Return all that is known of a command."""
    instants = {
        name: _shown(getattr(command, name))
        for name in ("issued_at", "expires_at", "sent_at", "answered_at", "proven_at")
    }
    row: dict[str, object] = {
        **instants,
        "device": f"{command.kind}/{command.device}",
        "command": command.command,
        "state": command.state,
        "id": command.identity,
        "arguments": " ".join(f"{k}={v}" for k, v in from_json(command.arguments).items()),
        "attempts": command.attempts,
        "reason": command.reason,
    }
    return {name: row[name] for name in COLUMNS}


def _shown(at: Instant | None) -> str | None:
    return None if at is None else iso_of(at)
