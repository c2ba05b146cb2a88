"""Suites: the cases of one rule, run by the production engine."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ingest.simulate.refusal import InputError, unreadable
from rules.case import Case, CaseError, cases_of
from rules.casefile import cases_of_rule, run_case
from rules.catalogue import catalogue
from rules.rule import AlertRule


class Suite(NamedTuple):
    """Cases that belong to a rule, and what the outcome is to be called."""

    title: str
    rule: AlertRule
    cases: tuple[Case, ...]


class Failed(NamedTuple):
    """A case that did not end as it expects: what was seen, and what is wrong."""

    case: Case
    seen: tuple[str, ...]
    problems: tuple[str, ...]


def suites_of(wanted: Iterable[str], rule: str | None = None) -> list[Suite]:
    """Return the suites of rules and case files; of every rule where none is named.

    A file belongs to `rule`, or to the rule it or its folder is called after. Raises InputError.
    """
    names = list(wanted) or list(catalogue())
    return [
        suite_of(rule_of(name)) if _is_name(name) else _of_file(Path(name), rule) for name in names
    ]


def suite_of(rule: AlertRule) -> Suite:
    """Return the cases that lie in the rule's folder; InputError."""
    try:
        return Suite(rule.name, rule, cases_of_rule(rule))
    except CaseError as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise unreadable(Path(rule.name) / "cases.toml", error) from None


def failures_of(suite: Suite) -> Iterator[Failed | None]:
    """Run the cases of a suite; yield for each how it failed, or None."""
    for case in suite.cases:
        try:
            result = run_case(suite.rule, case)
        except CaseError as error:
            yield Failed(case, (), (str(error),))
            continue
        yield Failed(case, result.seen, result.problems) if result.problems else None


def rule_of(name: str) -> AlertRule:
    """Return the rule of this name; InputError."""
    found = catalogue().get(name)
    if found is None:
        raise InputError(f"{name}: expected one of {', '.join(catalogue())}")
    return found


def _is_name(text: str) -> bool:
    return text in catalogue() or not (os.sep in text or Path(text).suffix)


def _of_file(path: Path, name: str | None) -> Suite:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    rule = rule_of(name) if name else _rule_named_by(path)
    try:
        return Suite(str(path), rule, cases_of(text, str(path)))
    except CaseError as error:
        raise InputError(str(error)) from None


def _rule_named_by(path: Path) -> AlertRule:
    for name in (path.stem, path.absolute().parent.name):
        if name in catalogue():
            return catalogue()[name]
    raise InputError(f"{path}: expected --rule, or a file or folder called after a rule")
