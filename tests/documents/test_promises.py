"""The page of promises: every case and test that it names is there."""

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rules.casefile import cases_of_rule
from rules.catalogue import catalogue, sequences

if TYPE_CHECKING:
    from rules.rule import AlertRule
    from rules.sequence import SequenceRule

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| (?P<promise>[^|]+) \| (?P<shown>[^|]+) \|$", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")


def rows() -> list[tuple[str, list[str]]]:
    """Each promise with what shows it, without the head of the table."""
    found = [(each["promise"], _NAME.findall(each["shown"])) for each in _ROW.finditer(PAGE)]
    return found[1:]


def is_there(name: str) -> bool:
    path, is_test, test = name.partition("::")
    if is_test:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return any(isinstance(each, kinds) and each.name == test for each in tree.body)
    rule, _, case = name.partition(": ")
    judged: dict[str, AlertRule | SequenceRule] = {**catalogue(), **sequences()}
    return rule in judged and case in [each.name for each in cases_of_rule(judged[rule])]


def test_every_case_and_test_that_is_promised_is_there() -> None:
    names = [name for _, shown in rows() for name in shown]

    assert len(names) > 50
    assert [name for name in names if not is_there(name)] == []


def test_every_promise_is_shown_by_something() -> None:
    assert len(rows()) == PAGE.count("\n| ") - 1
    assert [promise for promise, shown in rows() if not shown] == []
