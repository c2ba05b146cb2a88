"""Laws that hold for every kind the catalogue finds."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from devices import kinds
from devices.catalogue import catalogue
from devices.decoding import Decoder, Upload
from devices.field import Field
from devices.instant import Instant
from devices.kind import DeviceKind
from devices.privacy import is_personal_key
from devices.reading import Reading
from devices.refusal import DecodeError
from devices.sample import Sample, samples_of

KINDS = tuple(catalogue().values())
FIELDS = tuple((kind, field) for kind in KINDS for field in kind.fields)
SAMPLES = tuple(sample for kind in KINDS for sample in samples_of(kind.name))
RELEASED = Path(__file__).parents[2] / "docs" / "payloads" / "released-fields.txt"

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
every_field = pytest.mark.parametrize(
    ("kind", "field"), FIELDS, ids=[f"{kind.name}-{field.name}" for kind, field in FIELDS]
)
every_sample = pytest.mark.parametrize(
    "sample", SAMPLES, ids=[f"{sample.kind}: {sample.name}" for sample in SAMPLES]
)


def outcome(sample: Sample) -> Upload | DecodeError:
    try:
        return Decoder().decode(sample.kind, sample.device, sample.payload, sample.received_at)
    except DecodeError as error:
        return error


@every_sample
def test_a_sample_becomes_exactly_what_it_expects(sample: Sample) -> None:
    came = outcome(sample)
    if isinstance(came, DecodeError):
        assert came.reason == sample.refused, came.detail
        return
    assert sample.refused is None
    assert came.unknown_fields == sample.unknown_fields
    assert came.readings == tuple(
        Reading(sample.device, sample.kind, measured_at, sample.received_at, values)
        for measured_at, values in sample.readings
    )
    assert [types_of(reading) for reading in came.readings] == [
        {name: type(value) for name, value in values.items()} for _, values in sample.readings
    ]


def types_of(reading: Reading) -> dict[str, type]:
    return {name: type(value) for name, value in reading.values.items()}


@every_sample
def test_a_sample_brings_only_fields_of_its_kind(sample: Sample) -> None:
    fields = {field.name: field for field in catalogue()[sample.kind].fields}
    for _, values in sample.readings:
        assert [name for name, value in values.items() if not fields[name].takes(value)] == []


@every_kind
def test_the_samples_show_each_field_of_the_kind(kind: DeviceKind) -> None:
    shown = {
        name for sample in samples_of(kind.name) for _, values in sample.readings for name in values
    }
    assert shown == {field.name for field in kind.fields}


@every_kind
def test_a_kind_has_good_broken_and_edge_samples_and_no_name_twice(kind: DeviceKind) -> None:
    samples = samples_of(kind.name)
    assert {sample.group for sample in samples} == {"good", "broken", "edge"}
    assert len({sample.name for sample in samples}) == len(samples)
    assert all((sample.refused is None) == (sample.group != "broken") for sample in samples)


@every_kind
def test_a_kind_has_a_folder_of_its_own_name(kind: DeviceKind) -> None:
    folder = files(kinds) / kind.name
    held = {file.name for file in folder.iterdir()}
    assert {"fields.py", "kind.py", "payload.py", "samples.toml", "README.md"} <= held
    assert kind.title
    assert kind.title_zh
    assert kind.commands


@every_field
def test_a_field_has_unit_range_or_choices_and_a_source(kind: DeviceKind, field: Field) -> None:
    assert field.meaning
    assert field.source
    if field.type in ("float", "integer"):
        assert field.unit
        assert field.low is not None
        assert field.high is not None
        assert field.low < field.high
    elif field.type == "text":
        assert field.choices or field.pattern
    else:
        assert (field.choices, field.pattern, field.unit) == ((), None, None)


@every_field
def test_no_field_of_the_contract_is_taken_for_personal(kind: DeviceKind, field: Field) -> None:
    assert not is_personal_key(field.name)


@every_kind
def test_a_field_is_named_once(kind: DeviceKind) -> None:
    names = [field.name for field in kind.fields]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("line", RELEASED.read_text(encoding="utf-8").splitlines())
def test_a_released_field_keeps_its_name_type_and_unit(line: str) -> None:
    kind, name, *type_and_unit = line.split()
    field = next(field for field in catalogue()[kind].fields if field.name == name)
    assert [field.type, field.unit or "-"] == type_and_unit


@every_field
def test_every_field_is_released(kind: DeviceKind, field: Field) -> None:
    line = f"{kind.name} {field.name} {field.type} {field.unit or '-'}"
    assert line in RELEASED.read_text(encoding="utf-8").splitlines()


@every_field
def test_the_readme_states_a_field_as_the_code_has_it(kind: DeviceKind, field: Field) -> None:
    cells = (f"`{field.name}`", field.type, field.unit or "", range_of(field))
    row = f"| {' | '.join((*cells, field.meaning, field.source))} |"
    assert row in readme_of(kind).splitlines()


def range_of(field: Field) -> str:
    if field.choices:
        return ", ".join(f"`{choice}`" for choice in field.choices)
    if field.pattern:
        return "`" + field.pattern.replace("|", r"\|") + "`"
    return "true, false" if field.type == "boolean" else f"{field.low:.15g} to {field.high:.15g}"


def readme_of(kind: DeviceKind) -> str:
    return (files(kinds) / kind.name / "README.md").read_text(encoding="utf-8")


@every_kind
def test_the_readme_names_every_command_and_reason(kind: DeviceKind) -> None:
    text = readme_of(kind)
    assert [command for command in kind.commands if f"`{command}`" not in text] == []
    refused = {sample.refused for sample in samples_of(kind.name)} - {None}
    assert [reason for reason in refused if f"`{reason}`" not in text] == []


@every_kind
def test_the_examples_and_the_command_line_of_the_readme_are_accepted(kind: DeviceKind) -> None:
    text = readme_of(kind)
    examples = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    topic, sent = re.findall(r"-t (\S+) -m '(.*)'$", text, re.MULTILINE)[0]
    examples.append(sent.replace("""'"$(date -Iseconds)"'""", "2026-03-01T04:00:00+08:00"))
    _, _, name, device, channel = topic.split("/")
    assert (name, channel) == (kind.name, "up")
    for example in examples:
        upload = Decoder().decode(name, device, example.encode(), a_minute_after_the_examples())
        assert upload.readings
        assert upload.unknown_fields == 0


def a_minute_after_the_examples() -> Instant:
    return next(sample.received_at for sample in SAMPLES if sample.group == "good")
