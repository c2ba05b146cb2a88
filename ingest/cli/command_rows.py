"""Commands as rows of output."""

from pydantic_core import from_json

from devices.instant import Instant, iso_of
from ingest.journal.commands import StoredCommand
from ingest.journal.overrides import Wanted

COLUMNS = (
    "issued_at", "device", "command", "state", "proven_at", "id",
    "arguments", "expires_at", "attempts", "sent_at", "answered_at", "reason",
)  # fmt: skip
IN_A_TABLE = COLUMNS[:6]

OVERRIDE_COLUMNS = ("device", "mode", "until", "asked_at", "asked_by", "state")


def override_row(wanted: Wanted) -> dict[str, object]:
    """Return what a person has taken over, and whether the service has done it."""
    request = wanted.request
    return {
        "device": request.subject,
        "mode": request.mode,
        "until": iso_of(request.until),
        "asked_at": iso_of(wanted.asked_at),
        "asked_by": request.asked_by or None,
        "state": "in force" if wanted.answer else "asked for",
    }


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
