"""`gridwatch deadletter`: look at what was refused, try it again, or let it go."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from devices.instant import iso_of
from ingest.cli.options import (
    FAILED,
    JournalFile,
    SettingsFile,
    journal_of,
    journal_refusals,
    refuse,
    settings_of,
)
from ingest.cli.output import Form, print_block, print_rows
from ingest.configuration import SettingsError
from ingest.journal.database import open_reader, open_writer, passing_failures, transaction
from ingest.journal.dead_letters import (
    DeadLetterTable,
    KeptDeadLetter,
    dead_letter,
    dead_letters,
)
from ingest.printable import printable
from ingest.retry import retry_all

app = typer.Typer(
    help="Messages that were refused, and why; the service may run meanwhile.",
    no_args_is_help=True,
)
Ids: TypeAlias = Annotated[list[int] | None, typer.Argument(help="Numbers, as `list` shows.")]
All: TypeAlias = Annotated[bool, typer.Option("--all", help="All of them.")]
FormOption: TypeAlias = Annotated[
    Form, typer.Option("--format", "-f", help="Form of output; json is one object a line.")
]
_COLUMNS = ("id", "last_at", "times", "stage", "reason", "topic", "detail", "bytes", "first_at")
_IN_A_TABLE = _COLUMNS[:-1]
_ALL = 1_000_000
_NOT_KEPT = "payload withheld: it may hold personal data, is too large to tell, or stands for many"


@app.command("list")
def list_(
    most: Annotated[int, typer.Option(min=1, max=_ALL, help="The newest so many.")] = 50,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """List dead letters, newest first, without their payloads."""
    with journal_refusals():
        letters = dead_letters(open_reader(journal_of(settings, journal)), most)
    if not letters:
        typer.echo("no dead letters", err=True)
    if form is Form.TABLE:
        rows = ({name: _row(each)[name] for name in _IN_A_TABLE} for each in letters)
        print_rows(form, _IN_A_TABLE, rows)
    else:
        print_rows(form, _COLUMNS, map(_row, letters))


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="Number, as `list` shows.")],
    *,
    payload: Annotated[
        bool, typer.Option("--payload", help="The payload as well; what came is not for everyone.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Only the payload, its bytes as they came.")
    ] = False,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Show one dead letter; what does not print in its payload is shown as its escape."""
    with journal_refusals():
        letter = dead_letter(open_reader(journal_of(settings, journal)), number)
    if letter is None:
        refuse(f"no dead letter of the number {number}", FAILED)
    if raw:
        _write_raw(letter)
        return
    print_block(_row(letter))
    if payload or letter.payload is None:
        typer.echo(f"\n{_payload_text(letter)}")


@app.command()
def retry(
    ids: Ids = None,
    *,
    every: All = False,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Send dead letters the way of new messages; those that are taken are removed.

    Exit code 1 if one is refused again.
    """
    loaded = settings_of(settings)
    path = journal or loaded.journal.path
    letters = _chosen(path, ids, every=every)
    try:
        with journal_refusals():
            outcomes = asyncio.run(retry_all(path, letters, loaded))
    except SettingsError as error:
        refuse(str(error))
    for letter, outcome in zip(letters, outcomes, strict=True):
        typer.echo(f"{letter.id}: {printable(outcome.text)}")
    if not all(outcome.taken for outcome in outcomes):
        raise typer.Exit(FAILED)


@app.command()
def drop(
    ids: Ids = None,
    *,
    every: All = False,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Remove dead letters for good."""
    path = journal_of(settings, journal)
    letters = _chosen(path, ids, every=every)
    with journal_refusals(), passing_failures():
        database = open_writer(path)
        with transaction(database):
            dropped = DeadLetterTable(database).drop(letter.id for letter in letters)
    typer.echo(f"{dropped} dropped")


def _chosen(path: Path, ids: list[int] | None, *, every: bool) -> list[KeptDeadLetter]:
    if bool(ids) == every:
        refuse("expected numbers, or --all")
    with journal_refusals():
        reader = open_reader(path)
        if every:
            return dead_letters(reader, _ALL)
        found = [(number, dead_letter(reader, number)) for number in dict.fromkeys(ids or ())]
    missing = [str(number) for number, letter in found if letter is None]
    if missing:
        refuse(f"no dead letter of the number {', '.join(missing)}", FAILED)
    return [letter for _, letter in found if letter]


def _row(letter: KeptDeadLetter) -> dict[str, object]:
    return {
        "id": letter.id,
        "last_at": iso_of(letter.last_at),
        "times": letter.times,
        "stage": letter.stage,
        "reason": letter.reason,
        "topic": letter.topic,
        "detail": letter.detail,
        "bytes": letter.size,
        "first_at": iso_of(letter.first_at),
    }


def _payload_text(letter: KeptDeadLetter) -> str:
    if letter.payload is None:
        return _NOT_KEPT
    return printable(letter.payload.decode("utf-8", "backslashreplace"), kept="\n\t")


def _write_raw(letter: KeptDeadLetter) -> None:
    if letter.payload is None:
        refuse(_NOT_KEPT, FAILED)
    sys.stdout.buffer.write(letter.payload)
    sys.stdout.buffer.flush()
