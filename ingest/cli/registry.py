"""`gridwatch registry`: areas, dwellings, devices, and what holds there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import (
    FAILED,
    JournalFile,
    SettingsFile,
    journal_of,
    journal_refusals,
    refuse,
)
from ingest.cli.output import print_block
from ingest.clock import MachineClock
from ingest.demo.plays import demo_fleet
from ingest.journal.database import open_reader, open_writer, passing_failures
from ingest.registry import RegistryError, import_registry, read_registry
from ingest.registry.content import Content
from ingest.registry.demo import community_content
from ingest.registry.files import read_folder, write_folder
from ingest.registry.importing import import_content
from ingest.registry.shown import blocks, counts
from ingest.registry.store import Change, read_content

app = typer.Typer(
    help="Areas, dwellings, devices, and what holds there; the service may run meanwhile.",
    no_args_is_help=True,
)


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(help="Folder of CSV files, one a table; or one with kind,device,area."),
    ],
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Make the tables of a folder what the registry holds, or place the devices of one file.

    All or nothing. Tables without a file stay as they are; the single file adds to the devices.
    """
    with _source_refusals(source):
        if source.is_dir():
            _import_folder(source, journal_of(settings, journal))
        else:
            _import_file(source, journal_of(settings, journal))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A folder that is new or empty.")],
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Write all tables as CSV files that `import` reads."""
    with journal_refusals():
        content = read_content(open_reader(journal_of(settings, journal)))
    _write(folder, content)


@app.command()
def show(
    what: Annotated[
        str | None, typer.Argument(help="Area code, dwelling, device or KIND/DEVICE.")
    ] = None,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Show what is known of an area, a dwelling or a device; or how much there is of all."""
    with journal_refusals():
        database = open_reader(journal_of(settings, journal))
        found = (
            [counts(database)]
            if what is None
            else list(blocks(database, what, MachineClock().now()))
        )
    if not found:
        refuse("neither an area nor a dwelling nor a device of the registry", FAILED)
    for number, block in enumerate(found):
        if number:
            typer.echo()
        print_block(block)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="A folder that is new or empty.")],
) -> None:
    """Write the registry of the community that `gridwatch demo` shows."""
    now = MachineClock().now()
    _write(folder, community_content(demo_fleet(now), now))


def _import_folder(folder: Path, journal: Path) -> None:
    given = read_folder(folder)
    with journal_refusals(), passing_failures():
        done = import_content(open_writer(journal), given, MachineClock().now())
    for change in done:
        typer.echo(_told(change))


def _import_file(file: Path, journal: Path) -> None:
    with file.open(encoding="utf-8", newline="") as lines:
        try:
            rows = read_registry(lines)
        except RegistryError as error:
            refuse("\n".join(f"{file}: {line}" for line in str(error).splitlines()))
    with journal_refusals(), passing_failures():
        number = import_registry(open_writer(journal), rows)
    typer.echo(f"{number} devices placed")


def _told(change: Change) -> str:
    return (
        f"{change.table.name}: {change.rows} rows,"
        f" {change.added} added, {change.changed} changed, {change.removed} removed"
    )


def _write(folder: Path, content: Content) -> None:
    try:
        write_folder(folder, content)
    except OSError as error:
        refuse(f"{folder}: can't write: {error.strerror}")
    for rows in content.tables.values():
        typer.echo(f"{rows.table.file}: {len(rows.by_key)} rows")


@contextmanager
def _source_refusals(source: Path) -> Iterator[None]:
    """End with what is wrong with the files."""
    try:
        yield
    except OSError as error:
        refuse(f"{error.filename or source}: can't read: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{source}: can't read: expected text in UTF-8")
    except RegistryError as error:
        refuse(str(error))
