"""A reading that was decoded and then refused further on: as a dead letter, and back."""

from pydantic_core import from_json, to_json

from devices.instant import Instant
from devices.reading import Reading
from ingest.journal.batch import DeadLetter


def dead_letter_of(reading: Reading, stage: str, reason: str, detail: str) -> DeadLetter:
    """Return the dead letter of the reading.

    When it arrived is no part of the payload: the same reading refused again is the same letter.
    """
    content = reading._asdict()
    received_at = content.pop("received_at")
    topic = f"gw/v1/{reading.kind}/{reading.device}/up"
    return DeadLetter(stage, reason, detail, topic, to_json(content), received_at)


def reading_of(payload: bytes, received_at: Instant) -> Reading:
    """Return the reading that the payload of such a dead letter holds."""
    return Reading(received_at=received_at, **from_json(payload))
