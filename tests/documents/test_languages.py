"""Both READMEs say the same: figures, commands, names, settings and where they point."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rules.catalogue import catalogue

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
)
_NUMBER = re.compile(r"(?<![\w.])\d(?:[\d,.]*\d)?(?![\w])")
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(((?!README)[^)]+)\)")
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_COMMENT = re.compile(r"\s+# .*$", re.MULTILINE)
_HEADING = re.compile(r"^(#+) ", re.MULTILINE)


def commands(text: str) -> list[str]:
    return [_COMMENT.sub("", block) for block in _BLOCK.findall(text)]


def settings(text: str) -> list[object]:
    return [tomllib.loads(each) for each in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]


@pytest.mark.parametrize(
    "said",
    [
        lambda text: Counter(_NUMBER.findall(text)),
        lambda text: Counter(_CODE.findall(text)),
        _LINK.findall,
        _HEADING.findall,
        commands,
        settings,
    ],
    ids=["figures", "names", "links", "headings", "commands", "settings"],
)
def test_both_readmes_say_the_same(said: Callable[[str], object]) -> None:
    assert said(ENGLISH)
    assert said(CHINESE) == said(ENGLISH)


def test_each_readme_leads_to_the_other() -> None:
    assert "](README.zh-CN.md)" in ENGLISH
    assert "](README.md)" in CHINESE


def test_the_readme_counts_the_rules_that_there_are() -> None:
    assert re.findall(r"The (\d+) rules", ENGLISH) == [str(len(catalogue()))]
