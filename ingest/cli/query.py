"""`gridwatch query`: what the embedded store holds of a device."""

import sqlite3
from collections.abc import Callable
from typing import Annotated, TypeAlias

import typer

from devices.catalogue import catalogue
from devices.instant import Instant, iso_of
from devices.reading import Reading
from ingest.cli.options import (
    FAILED,
    JournalFile,
    SettingsFile,
    journal_of,
    journal_refusals,
    moment_of,
    refuse,
)
from ingest.cli.output import Form, print_block, print_rows
from ingest.clock import MachineClock
from ingest.journal.database import open_reader
from ingest.journal.history import Stretch, history, kinds_of
from ingest.journal.history import latest as latest_reading

app = typer.Typer(
    help="Print readings of a device from the journal; the service may run meanwhile.",
    no_args_is_help=True,
)

Device: TypeAlias = Annotated[str, typer.Argument(help="Device, such as wm-000001.")]
Kind: TypeAlias = Annotated[str | None, typer.Option(help="Kind, where two share the name.")]
FormOption: TypeAlias = Annotated[
    Form, typer.Option("--format", "-f", help="Form of output; json is one object a line.")
]
Since: TypeAlias = Annotated[
    str, typer.Option(help="Start: an age (90s, 15m, 12h, 7d) or an ISO 8601 instant.")
]
Until: TypeAlias = Annotated[
    str | None, typer.Option(help="End, which is left out: an age or an instant. None: no end.")
]
Most: TypeAlias = Annotated[int, typer.Option(help="The newest so many.", min=1, max=1_000_000)]
_NO_END = 1 << 62


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
        kind = _kind(reader, device, kind)
        reading = latest_reading(reader, kind, device)
    if reading is None:
        refuse(f"{device}: no reading is stored", FAILED)
    if form is Form.TABLE:
        print_block(_row(reading, _to_the_second))
    else:
        print_rows(form, _columns(kind), [_row(reading, iso_of)])


@app.command("history")
def history_command(  # noqa: PLR0913 one parameter for each option of the command
    device: Device,
    *,
    kind: Kind = None,
    since: Since = "7d",
    until: Until = None,
    most: Most = 1_000,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Print the newest readings of a stretch of device time, oldest first."""
    stretch = _stretch(since, until, most)
    with journal_refusals():
        reader = open_reader(journal_of(settings, journal))
        kind = _kind(reader, device, kind)
        readings = history(reader, kind, device, stretch)
        instant_text = _to_the_second if form is Form.TABLE else iso_of
        rows = (_row(reading, instant_text) for reading in readings)
        number = print_rows(form, _columns(kind), rows)
    if not number:
        typer.echo(f"{device}: no reading was measured in that time", err=True)


def _stretch(since: str, until: str | None, most: int) -> Stretch:
    now = MachineClock().now()
    start, end = moment_of(since, now), moment_of(until, now) if until else _NO_END
    if start >= end:
        raise typer.BadParameter("expected --since to lie before --until")
    return Stretch(start, end, most)


def _kind(reader: sqlite3.Connection, device: str, kind: str | None) -> str:
    kinds = kinds_of(reader, device)
    if kind in kinds:
        return kind
    if kind is None and len(kinds) == 1:
        return kinds[0]
    if kinds:
        refuse(f"{device}: expected --kind to be one of {', '.join(kinds)}")
    return refuse(f"{device}: no message of a device of this name was ever stored", FAILED)


def _columns(kind: str) -> list[str]:
    """Return every column that readings of the kind can have, always in the same order."""
    known = catalogue().get(kind)
    fields = [field.name for field in known.fields] if known else []
    return ["device", "kind", "measured_at", "received_at", *fields]


def _row(reading: Reading, instant_text: Callable[[Instant], str]) -> dict[str, object]:
    return {
        "device": reading.device,
        "kind": reading.kind,
        "measured_at": instant_text(reading.measured_at),
        "received_at": instant_text(reading.received_at),
        **reading.values,
    }


def _to_the_second(instant: Instant) -> str:
    return f"{iso_of(instant)[:19]}Z"
