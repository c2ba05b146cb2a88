"""Messages with their topics: what all kinds have in common, with samples of its own."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from pydantic_core import from_json, to_json

from devices.decoding import Decoder
from devices.instant import instant_of
from devices.message import decode_command
from devices.refusal import DecodeError, Reason
from devices.topic import Channel, Topic, parse_topic
from ingest.intake import Intake
from ingest.journal.batch import Batch
from ingest.mqtt.message import Message
from tests.fuzz.law import Landmarks, held, is_finite, landmarks_of

FILE = Path(__file__).with_name("messages.toml")
_ROWS = tomllib.loads(FILE.read_text(encoding="utf-8"))
RECEIVED_AT = instant_of(_ROWS["received_at"])
_LONGEST_TOPIC = 256
_INTAKE = Intake(Decoder())


class MessageSample(NamedTuple):
    """A message, and what it becomes: a channel's, or the reason why it is refused."""

    name: str
    topic: str
    payload: bytes
    becomes: str

    @property
    def sent(self) -> bytes:
        """The message as one piece of bytes."""
        return self.topic.encode() + b"\n" + self.payload


def message_samples() -> tuple[MessageSample, ...]:
    """Return the samples, in the order of the file."""
    return tuple(
        MessageSample(row["name"], row["topic"], _payload(row), row["becomes"])
        for row in _ROWS["message"]
    )


def _payload(row: dict[str, str]) -> bytes:
    return bytes.fromhex(row["payload_hex"]) if "payload_hex" in row else row["payload"].encode()


def parts_of(sent: bytes) -> tuple[str, bytes]:
    """Return topic and payload, which the first line break parts."""
    address, _, payload = sent.partition(b"\n")
    return address.decode("utf-8", "replace"), payload


def hear_message(sent: bytes) -> Landmarks:
    """Take a message in, a command as the device does; BrokenLawError if that is not lawful."""
    topic, payload = parts_of(sent)
    try:
        parsed = parse_topic(topic)
    except DecodeError as refused:
        landmarks_of(refused)
        return _sorted(topic, payload)
    held(str(parsed) == topic, "has another topic than the one that was parsed")
    if parsed.channel is not Channel.DOWN:
        return _sorted(topic, payload)
    try:
        return _commanded(parsed, payload)
    except DecodeError as refused:
        return landmarks_of(refused)


def _sorted(topic: str, payload: bytes) -> Landmarks:
    batch = _INTAKE.sort([Message(topic, payload, RECEIVED_AT, 1, 1)]).batch
    _check(batch)
    for letter in batch.dead_letters:
        held(letter.reason in frozenset(Reason), f"{letter.reason}: {letter.detail}")
        held(len(letter.topic) <= _LONGEST_TOPIC and letter.topic.isascii(), "keeps an odd topic")
        return landmarks_of(DecodeError(Reason(letter.reason), letter.detail))
    return (topic.rpartition("/")[2],)


def _check(batch: Batch) -> None:
    others = len(batch.statuses) + len(batch.replies) + len(batch.dead_letters)
    held(bool(batch.readings) + others == 1, "becomes nothing, or two things")
    for status in batch.statuses:
        held(status.at <= RECEIVED_AT, "is a status of the future")
    for reply in batch.replies:
        held(0 < len(reply.id) <= 64 and reply.id.isascii(), "answers a command of an odd id")


def _commanded(topic: Topic, payload: bytes) -> Landmarks:
    arguments = dict(decode_command(topic, payload).arguments)
    held(all(map(is_finite, arguments.values())), "is a command with a number that is none")
    held(from_json(to_json(arguments)) == arguments, "is not the command that is read back")
    return (topic.channel,)
