"""The documented contract is what the kinds define."""

import re
from pathlib import Path

import pytest

from devices.catalogue import catalogue
from devices.kind import DeviceKind

DOCUMENT = (Path(__file__).parents[2] / "docs" / "influxdb.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (\S+) \|", re.MULTILINE)


@pytest.mark.parametrize("kind", catalogue().values(), ids=lambda kind: kind.name)
def test_every_field_is_documented_with_its_type_and_unit(kind: DeviceKind) -> None:
    section = DOCUMENT.split(f"### `{kind.name}`\n", 1)[1].split("\n##", 1)[0]

    assert ROW.findall(section) == [
        (field.name, field.type, field.unit or "-") for field in kind.fields
    ]
