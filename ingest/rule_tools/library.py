"""Rules to be tried: those of this release, and those of a folder of the operator's own over them.

Context: a limit says where a rule begins to tell; how it judges is code.
Decision: a folder in the shape of `rules/library` is loaded as a plug-in, from a path that a person
names, and nowhere else: what stands there runs with the rights of whoever loads it. A rule takes
the place of the one of its name, or stands beside the others.
Given up: a language for rules, and rules in the journal or from the network.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module, invalidate_caches
from itertools import count
from pathlib import Path
from stat import S_ISVTX, S_IWGRP, S_IWOTH
from traceback import extract_tb
from types import ModuleType
from typing import NamedTuple, TypeAlias

from ingest.simulate.refusal import InputError, unreadable
from rules.bound import Rulebook
from rules.catalogue import catalogue, sequences
from rules.limits import LimitBook
from rules.rule import AlertRule
from rules.sequence import SequenceRule

Judge: TypeAlias = AlertRule | SequenceRule
_NUMBERS = count(1)


class Library(NamedTuple):
    """Rules that judge by themselves, and sequences, by name. `folders` are of those loaded."""

    rules: Mapping[str, AlertRule]
    sequences: Mapping[str, SequenceRule]
    folders: Mapping[str, Path] = {}

    @property
    def told(self) -> Mapping[str, AlertRule]:
        """All that people may be told of, by name."""
        alerts = {alert.name: alert for each in self.sequences.values() for alert in each.alerts}
        return {**self.rules, **alerts}

    @property
    def judges(self) -> Mapping[str, Judge]:
        """Rules and sequences, by name."""
        return {**self.rules, **self.sequences}

    @property
    def own(self) -> Mapping[str, Judge]:
        """Those that were loaded."""
        return {name: self.judges[name] for name in self.folders}

    @property
    def findable(self) -> Mapping[str, Judge]:
        """Rules and sequences, by their names and those of their alerts."""
        sequence_of = {
            alert.name: each for each in self.sequences.values() for alert in each.alerts
        }
        return {**self.judges, **sequence_of}


def library_of(folder: Path | None = None) -> Library:
    """Return what this release judges by, with the rules of a folder over it; InputError.

    Runs the code of the folder.
    """
    if folder is None:
        return Library(catalogue(), sequences())
    own = {path.parent.name: path.parent for path in _rule_files(folder)}
    judges = {name: _loaded(name, path) for name, path in own.items()}
    library = Library(
        {**catalogue(), **{n: each for n, each in judges.items() if isinstance(each, AlertRule)}},
        {
            **sequences(),
            **{n: each for n, each in judges.items() if not isinstance(each, AlertRule)},
        },
        own,
    )
    _refuse_names_of_two(library, folder)
    return library


def tried(libraries: Sequence[Library], names: Sequence[str]) -> list[Rulebook]:
    """Return for each library the rules of these names that it has; InputError if none has one.

    Without names: all rules, and the sequences that are the operator's own.
    """
    if not names:
        own = {name for each in libraries for name in each.folders}
        names = [
            name for each in libraries for name in (*each.rules, *sorted(own & {*each.sequences}))
        ]
    missing = [name for name in names if not any(name in each.findable for each in libraries)]
    if missing:
        raise InputError(f"{missing[0]}: expected one of {', '.join(libraries[-1].findable)}")
    return [
        _rulebook([each.findable[n] for n in names if n in each.findable]) for each in libraries
    ]


def _rulebook(judges: Iterable[Judge]) -> Rulebook:
    rules, sequences_ = {}, {}
    for judge in judges:
        if isinstance(judge, AlertRule):
            rules[judge.name] = judge
        elif judge.scope == "device":
            sequences_[judge.name] = judge
        else:
            raise InputError(f"{judge.name}: moved by the registry and by answers, not by readings")
    return Rulebook(tuple(rules.values()), LimitBook(), tuple(sequences_.values()))


def digest_of(folder: Path) -> str:
    """Return what tells one content of a folder of rules from another; InputError."""
    digest = sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        try:
            text = path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from None
        digest.update(f"{path.relative_to(folder)} {len(text)}\n".encode() + text)
    return digest.hexdigest()


def refuse_if_others_write(folder: Path) -> None:
    """Raise InputError if anybody but us and root can change what is in a folder of rules."""
    if os.name == "nt":
        return
    folder = folder.resolve()
    for path in (folder, *sorted(folder.rglob("*"))):
        found = path.stat()
        if found.st_uid not in (0, os.geteuid()) or found.st_mode & (S_IWGRP | S_IWOTH):
            raise InputError(f"{path}: others can change it: expected ours or root's, chmod go-w")
    for path in folder.parents:
        mode = path.stat().st_mode
        if mode & (S_IWGRP | S_IWOTH) and not mode & S_ISVTX:
            raise InputError(f"{path}: others can change what is in it: chmod go-w")


def _rule_files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*/rule.py"))
    if not found:
        raise InputError(f"{folder}: expected a folder with a folder for each rule, rule.py in it")
    return found


def _loaded(name: str, folder: Path) -> Judge:
    """Return `RULE` of a folder's `rule.py`, which finds its neighbours as `from .part import`."""
    package = ModuleType(f"own_rules_{next(_NUMBERS)}_{name}")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    with _no_bytecode(), _refusing(folder):
        judge = getattr(import_module(f"{package.__name__}.rule"), "RULE", None)
    if not isinstance(judge, AlertRule | SequenceRule):
        raise InputError(f"{folder}/rule.py: expected RULE, an AlertRule or a SequenceRule")
    if judge.name != name:
        raise InputError(f"{folder}/rule.py: expected the name {name}, found {judge.name}")
    for path in sorted(folder.glob("*.py")):
        if path.stem != "__init__" and f"{package.__name__}.{path.stem}" not in sys.modules:
            raise InputError(f"{path}: nothing reads it: expected `from .{path.stem} import ...`")
    return judge


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Leave nothing in the folder: it may be another's, and what is changed is to be read anew."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    try:
        yield
    except SyntaxError as error:
        raise InputError(f"{error.filename}: line {error.lineno}: {error.msg}") from None
    except Exception as error:  # noqa: BLE001 the wall around code of others
        inside = [each for each in extract_tb(error.__traceback__) if str(folder) in each.filename]
        where = f"{inside[-1].filename}: line {inside[-1].lineno}" if inside else str(folder)
        raise InputError(f"{where}: {type(error).__name__}: {error}") from None


def _refuse_names_of_two(library: Library, folder: Path) -> None:
    names = [*library.rules, *library.sequences]
    names += [alert.name for each in library.sequences.values() for alert in each.alerts]
    for name in library.folders:
        told = [alert.name for alert in getattr(library.judges[name], "alerts", ())]
        for each in (name, *told):
            if names.count(each) > 1:
                raise InputError(f"{folder / name}: {each} is the name of something else already")
