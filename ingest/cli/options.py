"""What several commands share: the settings file, refusals, and times as a person gives them."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn, TypeAlias

import typer

from devices.instant import Instant, instant_of, milliseconds_of
from ingest.configuration import SETTINGS_VARIABLE, SettingsError, load_settings
from ingest.journal.database import JournalError, JournalUnavailable
from ingest.settings import Settings

FAILED = 1
"""Exit code: it was asked rightly and could not be done."""
MISUSED = 2
"""Exit code: arguments or settings can't be used as they are."""

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
_LIKE_A_DATE = re.compile(r"\d{4}-?\d\d")


def refuse(text: str, code: int = MISUSED) -> NoReturn:
    """Print what is wrong to standard error and end with the code."""
    typer.echo(text, err=True)
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
    except JournalError as error:
        refuse(str(error), FAILED)
    except JournalUnavailable as error:
        refuse(f"journal: {error}", FAILED)
    except sqlite3.DatabaseError as error:
        refuse(f"journal: not one that this program can use: {error}", FAILED)


def duration_of(text: str) -> timedelta:
    """Return the duration of text such as 90s, 15m, 12h or 7d; typer.BadParameter otherwise."""
    duration = _duration(text)
    if duration is None:
        raise typer.BadParameter(f"expected such as 90s, 15m, 12h or 7d, not {text}")
    return duration


def moment_of(text: str, now: Instant) -> Instant:
    """Return the instant that lies an age such as 7d before now, or that ISO 8601 text names.

    typer.BadParameter for anything else; an instant needs an offset.
    """
    duration = _duration(text)
    if duration is not None:
        return now - milliseconds_of(duration)
    try:
        if _LIKE_A_DATE.match(text):
            return instant_of(datetime.fromisoformat(text))
    except (ValueError, TypeError):
        pass
    raise typer.BadParameter(
        "expected an age such as 90s, 15m, 12h or 7d,"
        f" or an instant such as 2026-03-01T04:00:00+08:00, not {text}"
    )


def _duration(text: str) -> timedelta | None:
    number, unit = text[:-1], text[-1:]
    try:
        return timedelta(**{_UNITS[unit]: float(number)})
    except (KeyError, ValueError, OverflowError):
        return None
