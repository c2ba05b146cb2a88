"""`gridwatch query`: what the embedded store holds of a device."""

import csv
import json
import sqlite3
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.table import Table

from devices.instant import iso_of, milliseconds_of
from devices.reading import Reading
from ingest.cli.options import (
    JournalFile,
    SettingsFile,
    duration_of,
    journal_of,
    journal_refusals,
    refuse,
)
from ingest.clock import MachineClock
from ingest.journal.database import open_reader
from ingest.journal.history import Stretch, history, kinds_of
from ingest.journal.history import latest as latest_reading

app = typer.Typer(help="Print readings of a device.", no_args_is_help=True)


class Form(StrEnum):
    """How readings are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


Device: TypeAlias = Annotated[str, typer.Argument(help="Device, such as wm-000001.")]
Kind: TypeAlias = Annotated[str | None, typer.Option(help="Kind, where two share the name.")]
FormOption: TypeAlias = Annotated[Form, typer.Option("--format", "-f", help="Form of output.")]
Since: TypeAlias = Annotated[str, typer.Option(help="Start, as an age: 90s, 15m, 12h, 7d.")]
Until: TypeAlias = Annotated[str, typer.Option(help="End, as an age; 0s is now.")]
Most: TypeAlias = Annotated[int, typer.Option(help="The newest so many.", min=1, max=1_000_000)]


@app.command()
def latest(
    device: Device,
    kind: Kind = None,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Print the reading measured last, whenever it arrived."""
    with journal_refusals():
        reader = open_reader(journal_of(settings, journal))
        reading = latest_reading(reader, _kind(reader, device, kind), device)
    _print([reading] if reading else [], form)


@app.command("history")
def history_command(  # noqa: PLR0913 one parameter for each option of the command
    device: Device,
    *,
    kind: Kind = None,
    since: Since = "7d",
    until: Until = "0s",
    most: Most = 1_000,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Print the newest readings of a stretch of device time, oldest first."""
    now = MachineClock().now()
    stretch = Stretch(
        now - milliseconds_of(duration_of(since)), now - milliseconds_of(duration_of(until)), most
    )
    with journal_refusals():
        reader = open_reader(journal_of(settings, journal))
        readings = list(history(reader, _kind(reader, device, kind), device, stretch))
    _print(readings, form)


def _kind(reader: sqlite3.Connection, device: str, kind: str | None) -> str:
    kinds = kinds_of(reader, device)
    if kind in kinds:
        return kind
    if kind is None and len(kinds) == 1:
        return kinds[0]
    if kinds:
        refuse(f"{device}: expected --kind to be one of {', '.join(kinds)}")
    return refuse(f"{device}: no message of a device of this name was ever stored", 1)


def _print(readings: list[Reading], form: Form) -> None:
    columns = list(dict.fromkeys(name for reading in readings for name in reading.values))
    head = ["device", "kind", "measured_at", "received_at", *columns]
    if form is Form.JSON:
        for reading in readings:
            print(json.dumps(_flat(reading), ensure_ascii=False))  # noqa: T201
    elif form is Form.CSV:
        writer = csv.DictWriter(sys.stdout, head, restval="")
        writer.writeheader()
        writer.writerows(map(_flat, readings))
    else:
        _print_table(head, map(_flat, readings))


def _print_table(head: list[str], rows: Iterable[dict[str, object]]) -> None:
    table = Table(*head)
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in head))
    Console().print(table)


def _flat(reading: Reading) -> dict[str, object]:
    return {
        "device": reading.device,
        "kind": reading.kind,
        "measured_at": iso_of(reading.measured_at),
        "received_at": iso_of(reading.received_at),
        **reading.values,
    }
