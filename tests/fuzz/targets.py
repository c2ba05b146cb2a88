"""What is fuzzed: the decoder of every kind there is, and the messages that all kinds share."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from devices.catalogue import catalogue
from devices.decoding import Decoder
from devices.instant import iso_of
from devices.kind import DeviceKind
from devices.refusal import DecodeError
from devices.sample import Sample, samples_of
from tests.fuzz.following import Path
from tests.fuzz.law import BrokenLawError, Hear, Landmarks, held, is_finite, judged, landmarks_of
from tests.fuzz.messages import hear_message, message_samples, parts_of
from tests.fuzz.quoting import payload_line, quoted

MOST_READINGS = 96
"""Of one message: a day of quarter hours."""


class Target(NamedTuple):
    """What takes bytes, its corpus, and how an input stands in a table of the samples in `file`."""

    name: str
    hear: Hear
    seeds: tuple[bytes, ...]
    file: str
    table: str
    sample: Callable[[bytes], str]

    def judge(self, sent: bytes) -> Landmarks:
        """Return what the input showed; BrokenLawError if it breaks the law."""
        return judged(self.hear, sent)

    def breaks(self, sent: bytes) -> str | None:
        """Return how the input breaks the law, None if it does not."""
        try:
            self.judge(sent)
        except BrokenLawError as broken:
            return str(broken)
        return None


def targets() -> dict[str, Target]:
    """Return them all by name: those of the kinds that the catalogue finds, and the messages'."""
    path = Path()
    found = [kind_target(kind, path) for kind in catalogue().values()]
    return {target.name: target for target in (*found, _messages())}


def kind_target(kind: DeviceKind, path: Path) -> Target:
    """Return the decoder of a kind, which hears one device at one time, with all its samples."""
    samples = samples_of(kind.name)
    return Target(
        kind.name,
        partial(_hear, Decoder(kinds={kind.name: kind}), kind, path, samples[0]),
        tuple(sample.payload for sample in samples),
        f"devices/kinds/{kind.name}/samples.toml",
        "sample",
        partial(_kind_sample, samples[0]),
    )


def _hear(decoder: Decoder, kind: DeviceKind, path: Path, heard: Sample, sent: bytes) -> Landmarks:
    """Decode as if the sample `heard` had been sent like this; BrokenLawError if unlawful."""
    try:
        upload = decoder.decode(kind.name, heard.device, sent, heard.received_at)
    except DecodeError as refused:
        return landmarks_of(refused)
    held(0 < len(upload.readings) <= MOST_READINGS, "becomes no reading, or too many")
    held(0 <= upload.unknown_fields <= len(sent), "counts unknown fields that are not there")
    fields = {field.name: field for field in kind.fields}
    for reading in upload.readings:
        for name, value in reading.values.items():
            held(name in fields and fields[name].takes(value), f"has a {name} that is none")
            held(is_finite(value), f"has a {name} that is no number")
    path.follow(upload.readings)
    return ("readings", *upload.readings[-1].values)


def _kind_sample(heard: Sample, sent: bytes) -> str:
    return (
        f'device = "{heard.device}"\nreceived_at = {iso_of(heard.received_at)}\n'
        f'group = "broken"\n{payload_line(sent)}\nrefused = "not_json"\n'
    )


def _messages() -> Target:
    seeds = tuple(sample.sent for sample in message_samples())
    return Target(
        "messages", hear_message, seeds, "tests/fuzz/messages.toml", "message", _message_sample
    )


def _message_sample(sent: bytes) -> str:
    topic, payload = parts_of(sent)
    return f'topic = {quoted(topic)}\n{payload_line(payload)}\nbecomes = "topic"\n'
