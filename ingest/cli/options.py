"""What several commands share: the settings file, refusals, durations, and forms of output."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn, TypeAlias

import typer

from ingest.configuration import SETTINGS_VARIABLE, SettingsError, load_settings
from ingest.journal.database import JournalError, JournalUnavailable
from ingest.settings import Settings

SettingsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        "-s",
        envvar=SETTINGS_VARIABLE,
        help="Settings file (TOML); without it, the defaults and the environment.",
    ),
]
JournalFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--journal", help="Journal file, instead of the one in the settings."),
]
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def refuse(text: str, code: int = 2) -> NoReturn:
    """Print what is wrong to standard error and end with the code."""
    print(text, file=sys.stderr)  # noqa: T201 the command's own output
    raise typer.Exit(code)


def settings_of(file: Path | None) -> Settings:
    """Return the settings, or end with what is wrong with them."""
    try:
        return load_settings(file)
    except SettingsError as error:
        refuse(str(error))


def journal_of(file: Path | None, journal: Path | None) -> Path:
    """Return the journal's path: the one named, or the one of the settings."""
    return journal or settings_of(file).journal.path


@contextmanager
def journal_refusals() -> Iterator[None]:
    """End with one clear line when the journal can't be used."""
    try:
        yield
    except (JournalError, JournalUnavailable) as error:
        refuse(str(error), 1)


def duration_of(text: str) -> timedelta:
    """Return the duration of text such as 90s, 15m, 12h or 7d; typer.BadParameter otherwise."""
    number, unit = text[:-1], text[-1:]
    try:
        return timedelta(**{_UNITS[unit]: float(number)})
    except (KeyError, ValueError, OverflowError):
        raise typer.BadParameter(f"expected such as 90s, 15m, 12h or 7d, not {text}") from None
