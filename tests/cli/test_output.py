"""Laws of what the command line prints: readable to people, and safe in a terminal."""

import json
import re

import pytest
from rich.cells import cell_len

from ingest.cli.output import json_line, print_block

ROW = {"text_zh": "水表失联：自 2026-03-01 起未收到数据，已超过 54 小时", "short": "x"}


def test_json_shows_chinese_and_escapes_what_does_not_print() -> None:
    row = {"zh": "水", "moves": "\x1b[2J\x9b\u202e\x7f", "tag": "\U000e0001"}

    line = json_line(row)

    assert line.isprintable()
    assert "水" in line
    assert json.loads(line) == row


def test_a_block_is_wrapped_at_the_width_of_a_terminal_and_nowhere_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_block(ROW)
    piped = capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_block(ROW)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()

    assert piped.splitlines() == [f"text_zh  {ROW['text_zh']}", "short    x"]
    first, *more, last = shown
    assert first.startswith("text_zh  水表失联")
    assert more
    assert all(line.startswith(" " * 9) and line[9] != " " for line in more)
    assert all(cell_len(line) <= 40 for line in shown)
    whole = "".join(line[9:] for line in (first, *more))
    assert whole.replace(" ", "") == ROW["text_zh"].replace(" ", "")
    assert last == "short    x"
