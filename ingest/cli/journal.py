"""`gridwatch journal`: back the journal up, put a backup in its place, check it, upgrade it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.progress import Progress

from ingest.cli.options import (
    FAILED,
    JournalFile,
    SettingsFile,
    journal_of,
    journal_refusals,
    refuse,
)
from ingest.clock import MachineClock
from ingest.journal.backup import Told, back_up, restore
from ingest.journal.lock import held
from ingest.journal.soundness import Soundness, soundness_of
from ingest.journal.upgrade import upgrade

app = typer.Typer(help="The journal's file: backup, restore, check, upgrade.", no_args_is_help=True)
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("backup")
def backup_(
    file: Annotated[Path, typer.Argument(help="The new file.")],
    *,
    as_json: AsJson = False,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Copy the journal as it is now to a new file, and check the copy; the service may run.

    Exit code 1 if it could not be done; then the file is not there.
    """
    path = journal_of(settings, journal)
    with journal_refusals(), _bar("copied") as told:
        found = back_up(path, file, told)
    _print(file, found, as_json=as_json)


@app.command("restore")
def restore_(
    file: Annotated[Path, typer.Argument(help="A file that `backup` made.")],
    *,
    as_json: AsJson = False,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Put a backup in the journal's place; the service must be stopped.

    The journal before is kept beside it. Exit code 1 if it could not be done; then nothing changed.
    """
    path = journal_of(settings, journal)
    with journal_refusals(), _bar("copied") as told:
        aside = restore(file, path, MachineClock().now(), told)
    if as_json:
        typer.echo(json.dumps({"journal": str(path), "kept": str(aside) if aside else None}))
    else:
        kept = f"; the journal before is {aside}" if aside else ""
        typer.echo(f"{path}: restored from {file}{kept}")


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="A backup, instead of the service's journal.")
    ] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Leave the indexes out.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Read all of the file and say what is in it and what is wrong; the service may run.

    Exit code 1 if anything is wrong.
    """
    path = file or journal_of(settings, journal)
    with journal_refusals():
        found = soundness_of(path, quick=quick)
    _print(path, found, as_json=as_json)
    if found.faults:
        raise typer.Exit(FAILED)


@app.command("upgrade")
def upgrade_(settings: SettingsFile = None, journal: JournalFile = None) -> None:
    """Bring the journal of an earlier release up, as `gridwatch run` does at its start.

    There is no way back but a backup.
    """
    path = journal_of(settings, journal)
    if not path.exists():
        refuse(f"{path}: no journal here; `gridwatch run` makes it", FAILED)
    with journal_refusals(), held(path):
        done = upgrade(path, MachineClock().now())
    if done is None:
        typer.echo(f"{path}: nothing to do")
        return
    typer.echo(
        f"{path}: upgraded from schema version {done.version_before};"
        f" {done.states_dropped} states of rules begin anew,"
        f" {done.alerts_ended} open alerts were ended"
    )


def _print(path: Path, found: Soundness, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"file": str(path), "sound": not found.faults, **asdict(found)}))
        return
    for fault in found.faults:
        typer.echo(f"{path}: {fault}", err=True)
    if not found.faults:
        rows = ", ".join(f"{number:,} {name}" for name, number in found.counts.items() if number)
        typer.echo(f"{path}: sound, schema version {found.version}; rows: {rows or 'none'}")


@contextmanager
def _bar(word: str) -> Iterator[Told]:
    """Show a bar on a terminal; silent where standard error is none."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(word, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)
