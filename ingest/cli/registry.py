"""`gridwatch registry`: where devices stand."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import JournalFile, SettingsFile, journal_of, journal_refusals, refuse
from ingest.journal.database import open_writer, passing_failures
from ingest.registry import RegistryError, import_registry, read_registry

app = typer.Typer(help="Where devices stand.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `import` a command of the group."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV file with the columns kind,device,area.")],
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Import the areas of devices, all or nothing."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = read_registry(lines)
    except OSError as error:
        refuse(f"{file}: can't read: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{file}: can't read: expected text in UTF-8")
    except RegistryError as error:
        refuse("\n".join(f"{file}: {line}" for line in str(error).splitlines()))
    with journal_refusals(), passing_failures():
        number = import_registry(open_writer(journal_of(settings, journal)), rows)
    typer.echo(f"{number} devices placed")
