"""How a device answers a command."""

import json
from typing import NamedTuple

from devices.message import Result


class Answer(NamedTuple):
    """How a command went, and why it was not done if it wasn't."""

    result: Result
    reason: str | None = None


DONE = Answer("done")
EXPIRED = Answer("expired")
UNKNOWN_COMMAND = Answer("refused", "unknown_command")


def reply_text(device: str, command_id: str, answer: Answer, at: str) -> bytes:
    """Return the payload of a reply; `at` is ISO 8601 text."""
    tree = {"v": 1, "device": device, "id": command_id, "result": answer.result, "at": at}
    if answer.reason is not None:
        tree["reason"] = answer.reason
    return json.dumps(tree, separators=(",", ":")).encode()
