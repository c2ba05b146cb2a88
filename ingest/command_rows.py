"""Commands as rows of the journal, and as messages to devices."""

from pydantic_core import from_json, to_json

from devices.instant import Instant, iso_of
from devices.topic import Channel, Topic
from ingest.journal.commands import StoredCommand
from ingest.journal.consequences import CommandRow
from rules.effect import Command
from rules.subject import device_subject


def command_row(command: Command, now: Instant) -> CommandRow:
    """Return the row of a command that is given now."""
    orderer = command.orderer or device_subject(command.kind, command.device)
    return CommandRow(
        identity=command.identity,
        kind=command.kind,
        device=command.device,
        command=command.command,
        arguments=to_json(dict(command.arguments)).decode(),
        purpose=command.purpose,
        target=command.target,
        scope=orderer.scope,
        subject=orderer.id,
        issued_at=now,
        expires_at=command.expires_at,
    )


def message_of(command: StoredCommand) -> tuple[str, bytes]:
    """Return the topic and payload by which a command leaves."""
    content: dict[str, object] = {
        "v": 1,
        "device": command.device,
        "id": command.identity,
        "command": command.command,
        "expires_at": iso_of(command.expires_at),
    }
    if arguments := from_json(command.arguments):
        content["arguments"] = arguments
    return str(Topic(command.kind, command.device, Channel.DOWN)), to_json(content)
