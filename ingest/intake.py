"""Intake: sorts messages into readings, statuses, replies and dead letters, and no more."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from devices.catalogue import catalogue
from devices.decoding import Decoder
from devices.instant import Instant
from devices.message import decode_reply, decode_status
from devices.privacy import LARGEST_LOOKED_THROUGH, mentions_personal_data
from devices.refusal import DecodeError, Reason
from devices.topic import Channel, Topic, parse_topic
from ingest.flood import FloodGate
from ingest.journal.batch import Batch, DeadLetter
from ingest.mqtt.message import Message
from ingest.panic import is_panic

DECODER_RAISED = "decoder_raised"
"""The reason of a dead letter whose decoder failed instead of refusing: a defect to mend here."""

FLOOD = "flood"
"""The reason of a dead letter that stands for what a device said above its bound."""

MALFORMED = "malformed_packet"
"""The reason of a dead letter that is a whole MQTT packet which broke the protocol."""

_NOT_IN_A_TOPIC = re.compile(r"[^0-9A-Za-z_./+#$-]")
_ALL_BUT_LEVELS = re.compile(r"[^/]")
_LONGEST_TOPIC = 256
_UP = Channel.UP
_cached_topic = lru_cache(maxsize=65_536)(parse_topic)


@dataclass(slots=True)
class Sorted:
    """A batch, and the counts that describe how it came in."""

    batch: Batch = field(default_factory=Batch)
    received: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    shed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Messages let go, by kind and device."""

    def count_unknown(self, kind: str, number: int) -> None:
        """Count unknown fields of a payload."""
        if number:
            self.unknown_fields[kind] += number


class Intake:
    """Turns messages into a batch; whatever they hold, it never fails."""

    def __init__(self, decoder: Decoder, gate: FloodGate | None = None) -> None:
        self._decoder = decoder
        self._gate = gate or FloodGate(0)
        self._kinds = catalogue()

    def sort(self, messages: Sequence[Message]) -> Sorted:
        """Return what the messages hold, in their order."""
        result = Sorted()
        for message in messages:
            try:
                self._take(message, result)
            except DecodeError as error:
                letter = _dead_letter(message, error.reason, error.detail)
                result.batch.dead_letters.append(letter)
            except BaseException as error:  # the wall around plug-in decoders
                if not (isinstance(error, Exception) or is_panic(error)):
                    raise
                letter = _dead_letter(message, DECODER_RAISED, _where(error))
                result.batch.dead_letters.append(letter)
        if result.shed:
            at = max(message.received_at for message in messages)
            result.batch.dead_letters += [_flood(*each, at) for each in result.shed]
        return result

    def _take(self, message: Message, result: Sorted) -> None:
        text, payload, received_at, _, _, malformed = message
        try:
            topic = _malformed() if malformed else _cached_topic(text)
        except DecodeError:
            result.received["other", "other"] += 1
            raise
        said_kind, device, channel = topic
        kind = said_kind if said_kind in self._kinds else "other"
        result.received[kind, channel] += 1
        if not self._gate.takes(device, received_at, len(payload)):
            result.shed[kind, device] += 1
        elif channel is _UP:
            upload = self._decoder.decode(said_kind, device, payload, received_at)
            result.batch.readings.extend(upload.readings)
            if upload.unknown_fields:
                result.count_unknown(kind, upload.unknown_fields)
        else:
            self._take_aside(topic, message, result)

    def _take_aside(self, topic: Topic, message: Message, result: Sorted) -> None:
        if topic.kind not in self._kinds:
            raise DecodeError(
                Reason.UNKNOWN_KIND, f"kind: expected one of {', '.join(self._kinds)}"
            )
        acceptance = self._decoder.acceptance
        if topic.channel is Channel.STATUS:
            status = decode_status(topic, message.payload, message.received_at, acceptance)
            result.batch.statuses.append(status)
            result.count_unknown(topic.kind, status.unknown_fields)
        elif topic.channel is Channel.REPLY:
            reply = decode_reply(topic, message.payload, message.received_at, acceptance)
            result.batch.replies.append(reply)
            result.count_unknown(topic.kind, reply.unknown_fields)
        else:
            raise DecodeError(Reason.TOPIC, "channel: commands are not for the service")


def _malformed() -> NoReturn:
    raise DecodeError(Reason.TOPIC, "a PUBLISH that is not MQTT 5")


def _where(error: BaseException) -> str:
    """Return kind and place of an error, not its text, which may quote the payload."""
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    place = Path(traceback.tb_frame.f_code.co_filename).name if traceback else ""
    return f"{type(error).__name__} in {place}:{traceback.tb_lineno if traceback else 0}"


def _shown(topic: str) -> str:
    """Return the topic with what may be personal masked.

    A device may have a number as long as a telephone's, so a topic of ours keeps its digits.
    """
    personal = not _is_ours(topic) and mentions_personal_data(topic.encode())
    masked = _ALL_BUT_LEVELS if personal else _NOT_IN_A_TOPIC
    return masked.sub("?", topic[:_LONGEST_TOPIC])


def _is_ours(topic: str) -> bool:
    try:
        return _cached_topic(topic).kind in catalogue()
    except DecodeError:
        return False


def _flood(kind: str, device: str, at: Instant) -> DeadLetter:
    """Return one letter for all that was let go of a device in a batch: one each would be many."""
    detail = "more than accept.device_messages in 10 s; what came above that was let go"
    topic = str(Topic(kind, device, Channel.UP))
    return DeadLetter("decode", FLOOD, detail, topic, b"", at, withheld=True)


def _dead_letter(message: Message, reason: str, detail: str) -> DeadLetter:
    """Return the dead letter of a message; its payload is withheld if it may be personal."""
    payload = message.payload
    unknown = len(payload) > LARGEST_LOOKED_THROUGH
    return DeadLetter(
        stage="decode",
        reason=MALFORMED if message.malformed else reason,
        detail=detail,
        topic=_shown(message.topic),
        payload=payload,
        at=message.received_at,
        withheld=reason == Reason.PERSONAL_DATA or unknown or mentions_personal_data(payload),
    )
