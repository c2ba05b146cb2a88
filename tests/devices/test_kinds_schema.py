"""Laws of the generated JSON Schemas."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from devices.catalogue import catalogue
from devices.kind import DeviceKind
from devices.sample import samples_of
from devices.schema import schema_text
from ingest.schemas import write_schemas

DOCS = Path(__file__).parents[2] / "docs" / "payloads"
KINDS = tuple(catalogue().values())
MISFITS = ("missing_field", "mistyped_field", "wrong_version", "unknown_type")

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def validator_of(kind: DeviceKind) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text(kind)))


@every_kind
def test_the_documented_schema_is_the_code_s(kind: DeviceKind) -> None:
    written = (DOCS / f"{kind.name}.schema.json").read_text(encoding="utf-8")
    assert written == schema_text(kind), "stale: run `make docs`"


@every_kind
def test_the_schema_is_valid_and_describes_each_property(kind: DeviceKind) -> None:
    schema = json.loads(schema_text(kind))
    Draft202012Validator.check_schema(schema)
    objects = [schema, *schema.get("$defs", {}).values()]
    properties = [item for part in objects for item in part.get("properties", {}).items()]
    assert [name for name, item in properties if not item.get("description")] == []


@every_kind
def test_the_schema_takes_what_the_decoder_takes(kind: DeviceKind) -> None:
    validator = validator_of(kind)
    for sample in samples_of(kind.name):
        if sample.refused is None:
            errors = list(validator.iter_errors(json.loads(sample.payload)))
            assert errors == [], sample.name


@every_kind
def test_the_schema_refuses_what_has_the_wrong_shape(kind: DeviceKind) -> None:
    """Save what needs two fields to judge: an event and how it came about."""
    validator = validator_of(kind)
    shape = [sample for sample in samples_of(kind.name) if sample.refused in MISFITS]
    taken = [sample.name for sample in shape if validator.is_valid(json.loads(sample.payload))]
    assert set(taken) <= {
        "opened by nothing",
        "opened by null",
        "denied for no reason",
        "a date of no calendar",
        "a slot of 60.0",
    }


def test_schemas_are_written_for_every_kind_and_for_alerts_and_nothing_else(tmp_path: Path) -> None:
    write_schemas(tmp_path / "new")
    written = {file.name for file in (tmp_path / "new").iterdir()}
    assert written == {f"{kind.name}.schema.json" for kind in KINDS} | {"alert.schema.json"}
