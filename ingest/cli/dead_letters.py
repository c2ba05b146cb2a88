"""`gridwatch deadletter`: look at what was refused, try it again, or let it go."""

import asyncio
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.table import Table

from devices.instant import iso_of
from ingest.cli.options import (
    JournalFile,
    SettingsFile,
    journal_of,
    journal_refusals,
    refuse,
    settings_of,
)
from ingest.journal.database import open_reader, open_writer, passing_failures
from ingest.journal.dead_letters import (
    DeadLetterTable,
    KeptDeadLetter,
    dead_letter,
    dead_letters,
)
from ingest.retry import Outcome, retry_all
from ingest.settings import Settings

app = typer.Typer(help="Messages that were refused.", no_args_is_help=True)
Ids: TypeAlias = Annotated[list[int] | None, typer.Argument(help="Numbers, as `list` shows.")]
All: TypeAlias = Annotated[bool, typer.Option("--all", help="All of them.")]
_ALL = 1_000_000


@app.command("list")
def list_(
    most: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """List dead letters, newest first, without their payloads."""
    with journal_refusals():
        letters = dead_letters(open_reader(journal_of(settings, journal)), most)
    table = Table("id", "last at", "times", "stage", "reason", "topic", "detail", "bytes")
    for letter in letters:
        table.add_row(
            str(letter.id), iso_of(letter.last_at), str(letter.times), letter.stage,
            letter.reason, letter.topic, letter.detail, str(letter.size),
        )  # fmt: skip
    Console().print(table)


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="Number, as `list` shows.")],
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Show one dead letter with its payload."""
    with journal_refusals():
        letter = dead_letter(open_reader(journal_of(settings, journal)), number)
    if letter is None:
        refuse(f"{number}: no dead letter of this number", 1)
    console = Console(highlight=False)
    for name in ("id", "stage", "reason", "detail", "topic", "times", "size"):
        console.print(f"{name:9}{getattr(letter, name)}", markup=False)
    console.print(f"{'first at':9}{iso_of(letter.first_at)}")
    console.print(f"{'last at':9}{iso_of(letter.last_at)}")
    console.print(_payload_text(letter), markup=False)


@app.command()
def retry(
    ids: Ids = None,
    *,
    every: All = False,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Send dead letters the way of new messages; those that are taken are removed."""
    loaded = settings_of(settings)
    path = journal or loaded.journal.path
    letters = _chosen(path, ids, every=every)
    with journal_refusals():
        outcomes = asyncio.run(_retry(path, letters, loaded))
    for letter, outcome in zip(letters, outcomes, strict=True):
        print(f"{letter.id}: {outcome.text}")  # noqa: T201
    if not all(outcome.taken for outcome in outcomes):
        raise typer.Exit(1)


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
        dropped = DeadLetterTable(open_writer(path)).drop(letter.id for letter in letters)
    print(f"{dropped} dropped")  # noqa: T201


async def _retry(path: Path, letters: list[KeptDeadLetter], settings: Settings) -> list[Outcome]:
    return await retry_all(path, letters, settings)


def _chosen(path: Path, ids: list[int] | None, *, every: bool) -> list[KeptDeadLetter]:
    if bool(ids) == every:
        refuse("expected numbers, or --all")
    with journal_refusals():
        reader = open_reader(path)
        if every:
            return dead_letters(reader, _ALL)
        found = [(number, dead_letter(reader, number)) for number in ids or ()]
    missing = [str(number) for number, letter in found if letter is None]
    if missing:
        refuse(f"no dead letter of the number {', '.join(missing)}", 1)
    return [letter for _, letter in found if letter]


def _payload_text(letter: KeptDeadLetter) -> str:
    if letter.payload is None:
        return "payload withheld: it may hold personal data"
    return letter.payload.decode("utf-8", "backslashreplace")
