"""A copy of the service with one defect, to see whether the proof notices."""

import shutil
from pathlib import Path
from typing import NamedTuple

import ingest


class Mutation(NamedTuple):
    """A replacement in one file of `ingest`, and the complaint the proof must have about it."""

    name: str
    file: str
    old: str
    new: str
    complaint: str


def copy_of_ingest(folder: Path) -> Path:
    """Copy the package `ingest` into the folder and return the copy."""
    package = Path(ingest.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(package, folder / package.name, ignore=ignored))


def mutate(package: Path, mutation: Mutation) -> None:
    """Put the defect in; AssertionError if the text it replaces is not there just once."""
    path = package / mutation.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1, f"{mutation.file} has changed: mend the mutation"
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
