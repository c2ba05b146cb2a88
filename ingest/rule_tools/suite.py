"""Suites: the cases of one rule, run by the production engine."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from ingest.rule_tools.library import Library, library_of
from ingest.simulate.refusal import InputError, unreadable
from rules.case import Case, CaseError, cases_of
from rules.casefile import CaseResult, cases_of_rule, run_case
from rules.catalogue import alert_rules
from rules.rule import AlertRule
from rules.sequence import SequenceRule
from rules.sequence_case import run_sequence_case

_Rule = TypeVar("_Rule")


class Suite(NamedTuple):
    """Cases that belong to a rule, and what the outcome is to be called."""

    title: str
    rule: AlertRule | SequenceRule
    cases: tuple[Case, ...]


class Failed(NamedTuple):
    """A case that did not end as it expects: what was seen, and what is wrong."""

    case: Case
    seen: tuple[str, ...]
    problems: tuple[str, ...]


def suites_of(
    wanted: Iterable[str], rule: str | None = None, library: Library | None = None
) -> list[Suite]:
    """Return the suites of rules and case files; of every rule where none is named.

    A file belongs to `rule`, or to the rule it or its folder is called after. Of a library with
    rules of the operator's own, those are meant where none is named. Raises InputError.
    """
    known = library or library_of()
    names = list(wanted) or list(known.folders or known.judges)
    return [
        _of_rule(name, known) if _is_name(name, known) else _of_file(Path(name), rule, known)
        for name in names
    ]


def suite_of(rule: AlertRule | SequenceRule) -> Suite:
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
            result = result_of(suite.rule, case)
        except CaseError as error:
            yield Failed(case, (), (str(error),))
            continue
        yield Failed(case, result.seen, result.problems) if result.problems else None


def result_of(rule: AlertRule | SequenceRule, case: Case) -> CaseResult:
    """Return what a rule or sequence does in a case; CaseError if the case can't be run."""
    return run_sequence_case(rule, case) if isinstance(rule, SequenceRule) else run_case(rule, case)


def told_rule_of(name: str) -> AlertRule:
    """Return the rule of this name, or the alert of a sequence; InputError."""
    return _found(name, alert_rules())


def judge_of(name: str) -> AlertRule | SequenceRule:
    """Return the rule of this name, or the sequence of it or of an alert of it; InputError."""
    return _found(name, library_of().findable)


def _found(name: str, among: Mapping[str, _Rule]) -> _Rule:
    if name not in among:
        raise InputError(f"{name}: expected one of {', '.join(among)}")
    return among[name]


def _is_name(text: str, library: Library) -> bool:
    return text in library.findable or not (os.sep in text or Path(text).suffix)


def _of_rule(name: str, library: Library) -> Suite:
    rule = _found(name, library.findable)
    folder = library.folders.get(rule.name)
    if folder is None:
        return suite_of(rule)
    return _of_file(folder / "cases.toml", rule.name, library)._replace(title=rule.name)


def _of_file(path: Path, name: str | None, library: Library) -> Suite:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    rule = _found(name, library.findable) if name else _rule_named_by(path, library)
    try:
        return Suite(str(path), rule, cases_of(text, str(path)))
    except CaseError as error:
        raise InputError(str(error)) from None


def _rule_named_by(path: Path, library: Library) -> AlertRule | SequenceRule:
    for name in (path.stem, path.absolute().parent.name):
        if name in library.findable:
            return library.findable[name]
    raise InputError(f"{path}: expected --rule, or a file or folder called after a rule")
