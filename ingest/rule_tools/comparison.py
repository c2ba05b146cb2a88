"""Comparison: what other limits or rules would have changed."""

from pathlib import Path
from typing import NamedTuple

from ingest.registry import RegistryError
from ingest.registry.content import Content
from ingest.registry.files import read_folder, read_table
from ingest.registry.limits import limits_in
from ingest.registry.tables import LIMITS
from ingest.rule_tools.backtest import Trial
from ingest.rule_tools.episode import Alert
from ingest.rule_tools.library import Library
from ingest.rule_tools.overlap import Lasting, alone
from ingest.simulate.refusal import InputError, unreadable
from rules.bound import Rulebook
from rules.limits import LimitBook
from rules.register import TableRegister
from rules.subject import Subject


class Difference(NamedTuple):
    """The alerts of a rule on two sides; those of one side that overlap none of the other.

    One limit tells of the same incident earlier than another, so that its start says nothing.
    """

    rule: str
    here: int
    there: int
    only_here: int
    only_there: int


def limits_from(path: Path, register: TableRegister, library: Library) -> LimitBook:
    """Return the limits of a file, or of a folder's `limits.csv`, fit for the register's places.

    Raises InputError.
    """
    try:
        book = limits_in(_content(path))
    except RegistryError as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise unreadable(path, error) from None
    return fitting(book, register, library, str(path))


def fitting(book: LimitBook, register: TableRegister, library: Library, name: str) -> LimitBook:
    """Return limits that fit rules and places; InputError. `name` is what they are called."""
    chains = {book.sets(register.places_of(Subject("device", key))) for key in register.devices}
    rulebook = Rulebook(tuple(library.rules.values()), book, tuple(library.sequences.values()))
    complaints = rulebook.complaints(chains) if book.settings else []
    if complaints:
        raise InputError("\n".join(f"{name}: {complaint}" for complaint in complaints))
    return book


def _content(path: Path) -> Content:
    if path.is_dir():
        return read_folder(path)
    return Content({LIMITS.name: read_table(LIMITS, path)})


def differences_of(here: Trial, there: Trial) -> list[Difference]:
    """Return the difference of every rule that judged anything on either side, in their order."""
    ours, theirs = _alerts_of(here), _alerts_of(there)
    return [
        _difference(rule, ours.get(rule, []), theirs.get(rule, [])) for rule in {**ours, **theirs}
    ]


def _alerts_of(trial: Trial) -> dict[str, list[Alert]]:
    return {each.rule.name: each.alerts for each in trial.rules}


def _difference(rule: str, ours: list[Alert], theirs: list[Alert]) -> Difference:
    return Difference(
        rule=rule,
        here=len(ours),
        there=len(theirs),
        only_here=len(alone(ours, theirs, _lasting)),
        only_there=len(alone(theirs, ours, _lasting)),
    )


def _lasting(alert: Alert) -> Lasting:
    return Lasting(alert.subject, alert.start, alert.end)
