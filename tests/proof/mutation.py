"""A copy of the service with one defect, to see whether the proof notices."""

import shutil
from os import pathsep
from pathlib import Path
from typing import NamedTuple

import pytest

import devices
import ingest
import rules


class Mutation(NamedTuple):
    """A replacement in one file of the copy, and the complaint the proof must have about it."""

    name: str
    file: str
    old: str
    new: str
    complaint: str


FORGETS_DWELLINGS = Mutation(
    "forgets at its start what it knows of dwellings",
    "rules/engine.py",
    "self._profiles.of(subject), self._store.load(subject)",
    'self._profiles.of(subject), subject[0] == "device" and self._store.load(subject) or None',
    "",
)


def copy_of_the_service(folder: Path, environment: pytest.MonkeyPatch) -> Path:
    """Copy the packages of the service into the folder, for child processes to take instead.

    Return the folder.
    """
    environment.setenv("PYTHONPATH", str(folder), prepend=pathsep)
    environment.setenv("PYTHONSAFEPATH", "1")
    ignored = shutil.ignore_patterns("__pycache__")
    for package in (devices, rules, ingest):
        original = Path(str(package.__file__)).parent
        shutil.copytree(original, folder / original.name, ignore=ignored)
    return folder


def mutate(copy: Path, mutation: Mutation) -> None:
    """Put the defect in; AssertionError if the text it replaces is not there just once."""
    path = copy / mutation.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1, f"{mutation.file} has changed: mend the mutation"
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
