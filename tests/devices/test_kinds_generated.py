"""The law of all input: whatever arrives becomes readings within their fields, or a DecodeError."""

import json
import random
from collections import Counter
from math import isfinite
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.catalogue import catalogue
from devices.decoding import Decoder, Upload
from devices.field import Field
from devices.refusal import DecodeError
from devices.sample import Sample, samples_of
from tests.devices.oddities import oddity

EXAMPLES = 500
BATCH = 210
"""Inputs an example: drawing is what hypothesis is slow at, so a drawn seed makes a whole batch."""
LEAST = 100_000

KINDS = tuple(catalogue())
SAMPLES = {kind: samples_of(kind) for kind in KINDS}
FIELDS: dict[str, dict[str, Field]] = {
    kind: {field.name: field for field in catalogue()[kind].fields} for kind in KINDS
}
TREES = {
    kind: [json.loads(sample.payload) for sample in SAMPLES[kind] if sample.refused is None]
    for kind in KINDS
}


class Counts(NamedTuple):
    """How many inputs each kind had, and what became of them."""

    kinds: Counter[str]
    outcomes: Counter[str]


def judge(sample: Sample, payload: bytes, counts: Counts) -> None:
    counts.kinds[sample.kind] += 1
    try:
        upload = Decoder().decode(sample.kind, sample.device, payload, sample.received_at)
    except DecodeError as error:
        counts.outcomes[error.reason] += 1
        return
    counts.outcomes["readings"] += 1
    assert_lawful(sample.kind, upload)


def assert_lawful(kind: str, upload: Upload) -> None:
    assert type(upload) is Upload
    assert upload.readings
    assert upload.unknown_fields >= 0
    for reading in upload.readings:
        for name, value in reading.values.items():
            assert FIELDS[kind][name].takes(value), (name, value)
            assert not isinstance(value, float) or isfinite(value)


def mutated_bytes(dice: random.Random, sample: Sample, scrap: bytes, odd: str) -> bytes:
    """A sample with a few bytes changed, dropped, or replaced by scrap."""
    payload = bytearray(sample.payload)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(payload) + 1)
        payload[at : at + dice.randint(0, 3)] = dice.choice(
            (scrap, b"", bytes([dice.randrange(256)]), b'"', b"9", odd.encode("utf-8", "replace"))
        )
    return bytes(payload)


def mutated_tree(dice: random.Random, sample: Sample, scrap: bytes, odd: str) -> bytes:
    """A good payload with one or two fields set to something odd, dropped or added."""
    tree = dict(dice.choice(TREES[sample.kind]))
    for _ in range(dice.randint(1, 2)):
        key = dice.choice((*tree, odd)) if tree else odd
        if dice.random() < 0.2:
            tree.pop(key, None)
        else:
            tree[key] = oddity(dice, odd, depth=2)
    return json.dumps(tree).encode()


def random_tree(dice: random.Random, sample: Sample, scrap: bytes, odd: str) -> bytes:
    """An object of the contract's names and anything as values."""
    names = (*dice.choice(TREES[sample.kind]), *FIELDS[sample.kind], odd)
    tree = {dice.choice(names): oddity(dice, odd, depth=4) for _ in range(dice.randint(0, 8))}
    envelope = dice.choice(({"v": 1, "device": sample.device}, {}))
    return json.dumps(envelope | tree, ensure_ascii=dice.random() < 0.9).encode("utf-8", "replace")


def duplicate_keys(dice: random.Random, sample: Sample, scrap: bytes, odd: str) -> bytes:
    """A good payload with a second value for one of its keys."""
    tree = dice.choice(TREES[sample.kind])
    again = json.dumps({dice.choice((*tree, odd)): oddity(dice, odd, depth=1)})
    return (json.dumps(tree)[:-1] + "," + again[1:]).encode()


def deep_nesting(dice: random.Random, sample: Sample, scrap: bytes, odd: str) -> bytes:
    """A good payload with a field nested up to 1,000 levels deep."""
    depth = dice.choice((10, 100, 190, 200, 201, 1_000))
    opening, closing = dice.choice((("[", "]"), ('{"a":', "}")))
    nested = opening * depth + "1" + closing * depth
    tree = dice.choice(TREES[sample.kind])
    key = json.dumps(dice.choice((*tree, odd)))
    return (json.dumps(tree)[:-1] + f",{key}:{nested}}}").encode()


def scraps(dice: random.Random, sample: Sample, scrap: bytes, odd: str) -> bytes:
    """Bytes without any sense."""
    return scrap * dice.randint(0, 3) + dice.randbytes(dice.randint(0, 32))


MAKERS = (mutated_bytes, mutated_tree, mutated_tree, random_tree, duplicate_keys, scraps) * 4 + (
    deep_nesting,
)


def test_a_hundred_thousand_inputs_become_readings_within_their_fields_or_a_refusal() -> None:
    counts = Counts(Counter(), Counter())

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=st.integers(0, 2**64 - 1), scrap=st.binary(max_size=64), odd=st.text(max_size=16))
    def survive(seed: int, scrap: bytes, odd: str) -> None:
        dice = random.Random(seed)
        for number in range(BATCH):
            sample = dice.choice(SAMPLES[KINDS[number % len(KINDS)]])
            judge(sample, dice.choice(MAKERS)(dice, sample, scrap, odd), counts)

    survive()
    assert counts.kinds.total() >= LEAST
    assert min(counts.kinds[kind] for kind in KINDS) >= LEAST // 4
    assert counts.outcomes["readings"] > LEAST // 50
    assert len(counts.outcomes) >= 11, "the inputs should reach most reasons"
