"""The pictures of the documents: small, shown somewhere, and true to the terminal."""

import re
import struct
from pathlib import Path

import pytest

from website.pictures import LARGEST, from_a_beginning
from website.terminal import terminal_page
from website.tree import ROOT

PICTURES = sorted((ROOT / "docs/pictures").iterdir())
SHOWN_BY = ("README.md", "docs/README.md")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_shown(picture: Path) -> None:
    content = picture.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    pages = [(ROOT / page).read_text(encoding="utf-8") for page in SHOWN_BY]

    assert content.startswith(b"\x89PNG")
    assert len(content) <= LARGEST
    assert width >= 1000
    assert height >= 600
    assert any(re.search(rf"!\[[^\]]+\]\([^)]*{picture.name}\)", page) for page in pages)


def test_a_wide_character_takes_two_cells_and_colours_stay_till_they_change() -> None:
    page = terminal_page(["\x1b[31m甲a<", "b\x1b[0m c"])

    assert re.search(r'<span style="color: #[0-9a-f]{6}"><i>甲</i>a&lt;</span>\n', page)
    assert re.search(r'\n<span style="color: #[0-9a-f]{6}">b</span> c</pre>', page)


def test_a_picture_begins_with_the_beginning_of_something() -> None:
    assert from_a_beginning("   end of it\n\x1b[2m   more\n11-20 over\n   its text") == [
        "11-20 over",
        "   its text",
    ]
