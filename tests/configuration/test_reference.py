"""The reference pages and the example say what the program does."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.configuration import settings_fields
from ingest.settings_table import settings_markdown

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "gridwatch.toml"
KEYS = dict(settings_fields())


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_described(key: str) -> None:
    description = KEYS[key].description

    assert description
    assert re.fullmatch(r"\S.*\.", description, re.DOTALL)
    assert "|" not in description


def test_the_page_of_settings_is_fresh() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == settings_markdown(), (
        "write it anew: make docs"
    )


def test_the_page_lists_every_setting_once() -> None:
    page = settings_markdown()

    for key in KEYS:
        assert page.count(f"`GRIDWATCH_{key.replace('.', '__').upper()}`") == 1


def test_the_example_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    outcome = CliRunner().invoke(app, ["check", str(EXAMPLE)])

    assert (outcome.exit_code, outcome.output) == (0, f"{EXAMPLE}: good\n")


def test_what_the_example_sets_is_the_default() -> None:
    for table, values in tomllib.loads(EXAMPLE.read_text(encoding="utf-8")).items():
        for key, value in values.items():
            default = KEYS[f"{table}.{key}"].default
            assert value == (str(default) if isinstance(default, Path) else default)


def test_what_the_example_only_mentions_is_right_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("sesame\n", encoding="utf-8")
    text = re.sub(
        r"^# (?=(\w+ = |\[))", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    text = re.sub(r'"/etc/gridwatch/[a-z-]+"', f'"{secret}"', text)
    text = re.sub(r"^ca_file = .*$", "", text, flags=re.MULTILINE)
    everything = tmp_path / "everything.toml"
    everything.write_text(text, encoding="utf-8")

    outcome = CliRunner().invoke(app, ["check", str(everything)])

    assert (outcome.exit_code, outcome.output) == (0, f"{everything}: good\n")
