"""The fuzzing without the fuzzer: its law holds for the samples, and finds what is planted."""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest

from devices.catalogue import catalogue
from devices.decoding import LARGEST_PAYLOAD
from devices.payload import Decoded, Measured
from devices.refusal import DecodeError, Reason
from tests.fuzz.finding import keep, shortened
from tests.fuzz.following import Path as FurtherPath
from tests.fuzz.law import LONGEST_S, BrokenLawError, judged, processor_s
from tests.fuzz.messages import MessageSample, hear_message, message_samples
from tests.fuzz.mutation import mutated
from tests.fuzz.run import Coverage, told
from tests.fuzz.targets import Target, kind_target, targets

TARGETS = targets()
ROUNDS = 300
DOOR = catalogue()["door"]
MARKED = b'"number":4711'
"""What a planted defect needs to see, in the first good sample of the kind."""

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)


def test_every_kind_is_fuzzed_and_what_they_share() -> None:
    assert set(TARGETS) == {*catalogue(), "messages"}


@every_target
def test_the_law_holds_for_the_corpus_and_what_is_made_of_it(target: Target) -> None:
    corpus = list(target.seeds)
    for number in range(ROUNDS):
        made = mutated(Random(number).choice(corpus), Random(number), corpus)
        corpus += [made] if made and len(made) < LARGEST_PAYLOAD // 8 else []

    assert len(corpus) > len(target.seeds) + ROUNDS // 2
    assert {target.breaks(sent) for sent in corpus} == {None}


@pytest.mark.parametrize("sample", message_samples(), ids=lambda sample: sample.name)
def test_a_message_becomes_what_its_sample_says(sample: MessageSample) -> None:
    assert hear_message(sample.sent)[0] == sample.becomes


def raising(payload: bytes) -> Decoded:
    known: dict[bytes, Decoded] = {}
    return known[payload]


def panicking(payload: bytes) -> Decoded:
    raise BaseException(payload)  # noqa: TRY002 a panic of compiled code is no Exception


def dawdling(payload: bytes) -> Decoded:
    until = processor_s() + LONGEST_S
    while processor_s() <= until:
        pass
    return DOOR.decode(payload)


def chatting(payload: bytes) -> Decoded:
    raise DecodeError(Reason.INCONSISTENT, repr(payload) * 100)


def flooding(payload: bytes) -> Decoded:
    device, measured, unknown = DOOR.decode(payload)
    return Decoded(device, measured * 97, unknown)


def with_values(payload: bytes, values: dict[str, float | int | str | bool]) -> Decoded:
    device, ((measured_at, _),), unknown = DOOR.decode(payload)
    return Decoded(device, (Measured(measured_at, values),), unknown)


PLANTED: dict[str, Callable[[bytes], Decoded]] = {
    "raises KeyError in test_fuzz.py": raising,
    "raises BaseException in test_fuzz.py": panicking,
    f"takes longer than {LONGEST_S} s": dawdling,
    "refuses in odd words": chatting,
    "becomes no reading, or too many": flooding,
    "raises ValueError in line_protocol.py": partial(with_values, values={}),
    "has a stranger that is none": partial(with_values, values={"stranger": 1}),
    "has a event that is none": partial(with_values, values={"event": "x"}),
    "has a battery_v that is none": partial(with_values, values={"battery_v": float("nan")}),
    "has a number that is none": partial(with_values, values={"number": True}),
}


def planted(defect: Callable[[bytes], Decoded]) -> Target:
    """The kind `door` with a defect that shows when an event has this number."""

    def decode(payload: bytes) -> Decoded:
        return defect(payload) if MARKED in payload else DOOR.decode(payload)

    return kind_target(replace(DOOR, decode=decode), FurtherPath())


@pytest.mark.parametrize("complaint", PLANTED)
def test_a_planted_defect_of_a_decoder_is_found(complaint: str) -> None:
    target = planted(PLANTED[complaint])

    found = {target.breaks(seed) or "" for seed in target.seeds}

    assert len(found) == 2
    assert max(found).startswith(complaint)


def test_a_finding_becomes_a_sample_as_short_as_what_shows_it(tmp_path: Path) -> None:
    target = planted(raising)
    (sent,) = (seed for seed in target.seeds if MARKED in seed)
    broken = str(target.breaks(sent + b"\x7f\xc3\x9f  "))

    path = keep(tmp_path, target, sent + b"\x7f\xc3\x9f  ", broken)

    text = path.read_text(encoding="utf-8")
    (sample,) = tomllib.loads(text)["sample"]
    assert text.startswith(f"# {broken}\n")
    assert target.breaks(sample["payload"].encode()) == broken
    assert len(sample["payload"]) < len(sent)
    assert sample["device"] == "door-0001"


def test_a_finding_that_is_no_text_is_written_in_hexadecimal(tmp_path: Path) -> None:
    path = keep(tmp_path, TARGETS["messages"], b"a topic\n\xff\x00", "a made-up law")

    (message,) = tomllib.loads(path.read_text(encoding="utf-8"))["message"]
    assert (message["topic"], message["payload_hex"]) == ("a topic", "ff00")


def test_what_is_shortened_keeps_only_what_matters() -> None:
    assert shortened(b"abcdefghij" * 20 + b"X" + b"klm" * 30, lambda less: b"X" in less) == b"X"


def test_a_run_tells_how_much_it_tried_and_what_it_found(tmp_path: Path) -> None:
    found = tmp_path / "door.found-1f"
    found.write_bytes(b"[]")
    (tmp_path / "door.timeout-2f").write_bytes(b"{")
    said = (
        "#2048 pulse  cov: 12 ft: 20 corp: 5/80b\n#9000 DONE   cov: 297 ft: 736 corp: 165/47Kb\n"
        f"finding {found}: raises KeyError in payload.py:7\n"
        "stat::number_of_executed_units: 9000\n"
    )

    done = told(TARGETS["door"], tmp_path, said)

    assert (done.executions, done.coverage) == (9000, Coverage(297, 736, 165))
    assert [path.read_text(encoding="utf-8").partition("\n")[0] for path in done.findings] == [
        "# raises KeyError in payload.py:7",
        "# does not end",
    ]
    assert set(tmp_path.iterdir()) == set(done.findings)
    assert done.lines[0].endswith("2 found")


def test_a_fuzzer_that_did_not_work_is_no_run_without_findings(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="No module named atheris"):
        told(TARGETS["door"], tmp_path, "No module named atheris")


def test_who_ends_the_fuzzing_is_no_finding() -> None:
    def interrupted(_: bytes) -> tuple[str, ...]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(interrupted, b"")
    with pytest.raises(BrokenLawError):
        judged(lambda sent: (str(1 // len(sent)),), b"")
