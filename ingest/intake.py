"""Intake: sorts messages into readings, statuses, replies and dead letters, and no more."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from devices.catalogue import catalogue
from devices.decoding import Decoder
from devices.message import decode_reply, decode_status
from devices.privacy import mentions_personal_data
from devices.refusal import DecodeError, Reason
from devices.topic import Channel, Topic, parse_topic
from ingest.journal.batch import Batch, DeadLetter
from ingest.mqtt.message import Message
from rules.engine import Engine

DECODER_RAISED = "decoder_raised"
"""The reason of a dead letter whose decoder failed instead of refusing: a defect to mend here."""

MALFORMED = "malformed_packet"
"""The reason of a dead letter that is a whole MQTT packet which broke the protocol."""

_NOT_IN_A_TOPIC = re.compile(r"[^0-9A-Za-z_./+#$-]")
_LONGEST_TOPIC = 256
_cached_topic = lru_cache(maxsize=65_536)(parse_topic)


@dataclass(slots=True)
class Sorted:
    """A batch, and the counts that describe how it came in."""

    batch: Batch = field(default_factory=Batch)
    received: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_fields: Counter[str] = field(default_factory=Counter)

    def count_unknown(self, kind: str, number: int) -> None:
        """Count unknown fields of a payload."""
        if number:
            self.unknown_fields[kind] += number


class Intake:
    """Turns messages into a batch; whatever they hold, it never fails."""

    def __init__(self, decoder: Decoder, engine: Engine) -> None:
        self._decoder = decoder
        self._engine = engine
        self._kinds = catalogue()

    def sort(self, messages: Iterable[Message]) -> Sorted:
        """Return what the messages hold, in their order."""
        result = Sorted()
        for message in messages:
            try:
                self._take(message, result)
            except DecodeError as error:
                letter = _dead_letter(message, error.reason, error.detail)
                result.batch.dead_letters.append(letter)
            except Exception as error:  # noqa: BLE001 the wall around plug-in decoders
                letter = _dead_letter(message, DECODER_RAISED, type(error).__name__)
                result.batch.dead_letters.append(letter)
        for reading in result.batch.readings:
            self._engine.observe(reading)
        return result

    def _take(self, message: Message, result: Sorted) -> None:
        if message.malformed:
            raise DecodeError(Reason.TOPIC, "a PUBLISH that is not MQTT 5")
        topic = _cached_topic(message.topic)
        kind = topic.kind if topic.kind in self._kinds else "other"
        result.received[kind, topic.channel] += 1
        if topic.channel is Channel.UP:
            upload = self._decoder.decode(
                topic.kind, topic.device, message.payload, message.received_at
            )
            result.batch.readings += upload.readings
            result.count_unknown(kind, upload.unknown_fields)
        else:
            self._take_aside(topic, message, result)

    def _take_aside(self, topic: Topic, message: Message, result: Sorted) -> None:
        if topic.kind not in self._kinds:
            raise DecodeError(
                Reason.UNKNOWN_KIND, f"kind: expected one of {', '.join(self._kinds)}"
            )
        if topic.channel is Channel.STATUS:
            status = decode_status(topic, message.payload, message.received_at)
            result.batch.statuses.append(status)
            result.count_unknown(topic.kind, status.unknown_fields)
        elif topic.channel is Channel.REPLY:
            reply = decode_reply(topic, message.payload, message.received_at)
            result.batch.replies.append(reply)
            result.count_unknown(topic.kind, reply.unknown_fields)
        else:
            raise DecodeError(Reason.TOPIC, "channel: commands are not for the service")


def _dead_letter(message: Message, reason: str, detail: str) -> DeadLetter:
    """Return the dead letter of a message; its payload is withheld if it may be personal."""
    return DeadLetter(
        stage="decode",
        reason=MALFORMED if message.malformed else reason,
        detail=detail,
        topic=_NOT_IN_A_TOPIC.sub("?", message.topic[:_LONGEST_TOPIC]),
        payload=message.payload,
        at=message.received_at,
        withheld=reason == Reason.PERSONAL_DATA or mentions_personal_data(message.payload),
    )
